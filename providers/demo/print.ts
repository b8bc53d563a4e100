import { newCompletionId } from '../../src/message/ids.ts'
import type { ChatRequest } from '../../src/wire/openai-chat.ts'
import type { DemoReply } from './reply.ts'

/**
 * A reply in the pieces that it is sent in: events of a stream, or one document. Complete, as clients of the chat-completions API
 * read it themselves (https://platform.openai.com/docs/api-reference/chat-streaming/streaming).
 */
export function print ({ thinking, text, call, promptTokens }: DemoReply, { model, stream, stream_options: options }: ChatRequest): string[] {
  const toolCall = call && { id: call.id, type: 'function', function: { name: call.name, arguments: call.input } }
  const finish = call === undefined ? 'stop' : 'tool_calls'
  const words = (thinking + text).split(' ').length + (call?.input.length ?? 0)
  const usage = { prompt_tokens: promptTokens, completion_tokens: words, total_tokens: promptTokens + words }
  const head = { id: newCompletionId(), object: stream ? 'chat.completion.chunk' : 'chat.completion', created: Math.floor(Date.now() / 1000), model }
  if (!stream) {
    const message = { role: 'assistant', content: text, refusal: null, ...(thinking !== '' && { reasoning: thinking }), ...(toolCall && { tool_calls: [toolCall] }) }
    return [JSON.stringify({ ...head, choices: [{ index: 0, message, logprobs: null, finish_reason: finish }], usage })]
  }
  const chunk = (delta: object, finish: string | null = null): string => event({ ...head, choices: [{ index: 0, delta, logprobs: null, finish_reason: finish }] })
  return [
    chunk({ role: 'assistant', content: '' }),
    ...pieces(thinking).map(reasoning => chunk({ reasoning })),
    ...pieces(text).map(content => chunk({ content })),
    ...toolCall === undefined ? [] : [chunk({ tool_calls: [{ index: 0, ...toolCall }] })],
    chunk({}, finish),
    ...options?.include_usage === true ? [event({ ...head, choices: [], usage })] : [],
    'data: [DONE]\n\n'
  ]
}

function event (chunk: object): string {
  return `data: ${JSON.stringify(chunk)}\n\n`
}

/** Words with their blanks, as models send them. */
function pieces (text: string): string[] {
  return text.match(/\s*\S+\s*?/g) ?? []
}
