import OpenAI from 'openai'
import type { ChatCompletion, ChatCompletionAssistantMessageParam, ChatCompletionContentPart, ChatCompletionCreateParamsNonStreaming, ChatCompletionMessageParam } from 'openai/resources/chat/completions'
import { type Delta, mergeDeltas } from '../helper/kinds/chat.ts'
import type { Ask, Form, Got } from './case.ts'
import type { Client } from './client.ts'

const FINISH: Record<string, string> = { stop: 'stop', tool_calls: 'calls', length: 'length' }

type Params = Omit<ChatCompletionCreateParamsNonStreaming, 'messages'>
/** Thinking is no part of OpenAI's own API; servers have it in one of these. */
type Thought = Pick<Delta, 'reasoning' | 'reasoning_content' | 'reasoning_details'>
interface Answer { completion: ChatCompletion, thought: Thought }

/** `openai`, with its own helpers for streams and structured output. */
export function openaiClient (url: string): Client {
  const client = new OpenAI({ baseURL: `${url}/v1`, apiKey: 'none', maxRetries: 0 })
  return (model, form) => {
    const messages: ChatCompletionMessageParam[] = []
    let params: Params = { model, max_tokens: 4096 }
    let last: Answer | undefined
    const turn = async (...said: ChatCompletionMessageParam[]): Promise<Got> => {
      messages.push(...said)
      last = await send(client, { ...params, messages }, form)
      messages.push(back(last))
      return read(last, params.response_format !== undefined)
    }
    return {
      ask (ask) {
        params = { ...params, ...paramsOf(ask) }
        return turn(...(ask.system === undefined ? [] : [{ role: 'system' as const, content: ask.system }]), { role: 'user', content: contentOf(ask) })
      },
      give: results => turn(...callsOf(last).map(({ id }, i) => ({ role: 'tool' as const, tool_call_id: id, content: results[i] ?? '' })))
    }
  }
}

async function send (client: OpenAI, params: ChatCompletionCreateParamsNonStreaming, form: Form): Promise<Answer> {
  if (form === 'plain') {
    const completion = await (params.response_format === undefined ? client.chat.completions.create(params) : client.chat.completions.parse(params))
    return { completion, thought: thoughtOf(completion.choices[0]?.message as unknown as Delta) }
  }
  const deltas: Delta[] = []
  const completion = await client.chat.completions.stream({ ...params, stream: true, stream_options: { include_usage: true } })
    .on('chunk', ({ choices }) => deltas.push(...choices.map(({ delta }) => delta as Delta)))
    .finalChatCompletion()
  // The SDK puts together only what it knows.
  return { completion, thought: thoughtOf(mergeDeltas(deltas) as Delta) }
}

function thoughtOf ({ reasoning, reasoning_content: content, reasoning_details: details }: Delta): Thought {
  return { ...(reasoning != null && { reasoning }), ...(content != null && { reasoning_content: content }), ...(details != null && { reasoning_details: details }) }
}

function paramsOf ({ tools, thinks, schema }: Ask): Partial<Params> {
  return {
    ...(tools !== undefined && { tools: tools.map(({ name, description, schema: parameters }) => ({ type: 'function' as const, function: { name, description, parameters } })) }),
    ...(thinks === true && { reasoning_effort: 'high' }),
    ...(schema !== undefined && { response_format: { type: 'json_schema', json_schema: { name: 'answer', strict: true, schema } } })
  }
}

function contentOf ({ prompt, image }: Ask): string | ChatCompletionContentPart[] {
  return image === undefined ? prompt : [{ type: 'image_url', image_url: { url: `data:image/png;base64,${image}` } }, { type: 'text', text: prompt }]
}

function callsOf (answer: Answer | undefined): { id: string, name: string, input: string }[] {
  return (answer?.completion.choices[0]?.message.tool_calls ?? []).flatMap(call => call.type === 'function' ? [{ id: call.id, name: call.function.name, input: call.function.arguments }] : [])
}

/** The answer as it goes back with the next turn: with its thinking, and without what the SDK added. */
function back (answer: Answer): ChatCompletionAssistantMessageParam & Thought {
  const calls = callsOf(answer)
  return {
    role: 'assistant',
    content: answer.completion.choices[0]?.message.content || null,
    ...(calls.length > 0 && { tool_calls: calls.map(({ id, name, input }) => ({ id, type: 'function' as const, function: { name, arguments: input } })) }),
    ...answer.thought
  }
}

function read (answer: Answer, structured: boolean): Got {
  const { completion: { choices: [choice], usage }, thought } = answer
  const text = choice?.message.content ?? ''
  return {
    text,
    thinking: thought.reasoning_content ?? thought.reasoning ?? '',
    calls: callsOf(answer).map(({ name, input }) => ({ name, input: JSON.parse(input) as unknown })),
    finish: FINISH[choice?.finish_reason ?? ''] ?? String(choice?.finish_reason),
    usage: { input: usage?.prompt_tokens ?? NaN, output: usage?.completion_tokens ?? NaN },
    // Without zod the SDK leaves the parsing of a schema to its caller.
    value: structured ? JSON.parse(text) as unknown : null
  }
}
