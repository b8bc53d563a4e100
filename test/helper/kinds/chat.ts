import type { JsonObject } from '../../../src/wire/json.ts'
import type { ChatMessage, ChatPart, ChatRequest } from '../../../src/wire/openai-chat.ts'
import { type Finish, type Piece, type Utterance, dataOf, piecesOf, utterance } from './kind.ts'

/** A piece of a reply, by the book: the product's own type of it takes anything. */
export interface Delta {
  role?: 'assistant'
  content?: string | null
  reasoning?: string
  reasoning_content?: string
  reasoning_details?: JsonObject[]
  annotations?: JsonObject[]
  tool_calls?: CallDelta[]
}

interface CallDelta {
  index: number
  id?: string
  type?: 'function'
  function: { name?: string, arguments: string }
}

/** How much of the arguments of a call comes at once. */
const SIZE = 12

export const FINISH: Record<Finish, 'stop' | 'tool_calls' | 'length'> = { stop: 'stop', calls: 'tool_calls', length: 'length' }

export const USAGE = { prompt_tokens: 10, completion_tokens: 5, total_tokens: 15 }

let serial = 0

/** Pieces as deltas; each provider tells its thinking in its own fields. */
export function deltasOf (pieces: readonly Piece[], thought: (text: string) => Delta[]): Delta[] {
  let index = 0
  return pieces.flatMap(piece => {
    if ('think' in piece) return thought(piece.think)
    if ('say' in piece) return piecesOf(piece.say, Math.ceil(piece.say.length / 3)).map(content => ({ content }))
    const { id = `call_${++serial}`, name, input, size = SIZE } = piece.call
    return callDeltas(index++, id, name, JSON.stringify(input), size)
  })
}

export function callDeltas (index: number, id: string, name: string, input: string, size: number): Delta[] {
  return [{ tool_calls: [{ index, id, type: 'function', function: { name, arguments: '' } }] }, ...piecesOf(input, size).map(piece => ({ tool_calls: [{ index, function: { arguments: piece } }] }))]
}

/** Deltas as the message of a plain reply. */
export function mergeDeltas (deltas: readonly Delta[]): object {
  const calls: CallDelta[] = []
  for (const { index, id, function: { name, arguments: piece } } of deltas.flatMap(delta => delta.tool_calls ?? [])) {
    const begun = calls[index]
    if (begun === undefined) calls[index] = { index, id: id ?? '', type: 'function', function: { name: name ?? '', arguments: piece } }
    else begun.function.arguments += piece
  }
  const joined = (field: 'content' | 'reasoning' | 'reasoning_content'): string => deltas.map(delta => delta[field] ?? '').join('')
  const details = mergeDetails(deltas.flatMap(delta => delta.reasoning_details ?? []))
  return {
    role: 'assistant',
    content: joined('content'),
    ...(joined('reasoning') !== '' && { reasoning: joined('reasoning') }),
    ...(joined('reasoning_content') !== '' && { reasoning_content: joined('reasoning_content') }),
    ...(details.length > 0 && { reasoning_details: details }),
    ...(calls.length > 0 && { tool_calls: calls })
  }
}

/** Fragments of one text are one detail. */
function mergeDetails (fragments: JsonObject[]): JsonObject[] {
  const details: JsonObject[] = []
  for (const fragment of fragments) {
    const last = details.at(-1)
    if (last !== undefined && last['type'] === 'reasoning.text' && fragment['type'] === 'reasoning.text' && last['index'] === fragment['index']) {
      Object.assign(last, fragment, { text: `${String(last['text'])}${String(fragment['text'])}` })
    } else details.push({ ...fragment })
  }
  return details
}

export function frame (chunk: unknown): string {
  return `data: ${typeof chunk === 'string' ? chunk : JSON.stringify(chunk)}\n\n`
}

/** A chat-completions chunk; `rest` are fields of the choice. */
export function chunk (delta: Delta, finish: string | null = null, rest: object = {}): object {
  return { id: 'chatcmpl-1', object: 'chat.completion.chunk', created: 1, model: 'whatever/served', choices: [{ index: 0, delta, logprobs: null, finish_reason: finish, ...rest }] }
}

/** All text of a message, in one string. */
export function textOf (message: ChatMessage | undefined): string {
  const content = message?.content ?? ''
  return typeof content === 'string' ? content : content.map(part => part.type === 'text' ? part.text : '').join('\n')
}

/** A conversation: what lies between two assistant messages is the user's. */
export function readChat ({ messages }: ChatRequest, reasoningOf: (message: ChatMessage & { role: 'assistant' }) => string[]): Utterance[] {
  const said: Utterance[] = []
  for (const message of messages) {
    if (message.role === 'system') continue
    if (message.role === 'assistant') {
      const calls = (message.tool_calls ?? []).map(({ id, function: { name, arguments: input } }) => ({ id, name, input: JSON.parse(input) as unknown }))
      said.push(utterance('assistant', { text: textOf(message), reasoning: reasoningOf(message), calls }))
      continue
    }
    const last = said.at(-1)
    const user = last?.role === 'user' ? last : utterance('user')
    if (user !== last) said.push(user)
    if (message.role === 'tool') user.results.push({ id: message.tool_call_id, text: textOf(message) })
    else user.text = [user.text, textOf(message)].filter(text => text !== '').join('\n')
    user.media.push(...mediaOf(message.content))
  }
  return said
}

function mediaOf (content: string | ChatPart[]): string[] {
  return typeof content === 'string' ? [] : content.flatMap(part => part.type === 'image_url' ? [dataOf(part.image_url.url)] : part.type === 'file' ? [dataOf(part.file.file_data)] : [])
}

/** Errors as the servers of this wire send them. */
export function chatFailure (status: number, words: string, retryAfter?: number): { headers: Record<string, string>, body: object } {
  return {
    headers: retryAfter === undefined ? {} : { 'retry-after': String(retryAfter) },
    body: { error: { message: words, type: 'invalid_request_error', param: null, code: status } }
  }
}

/** The bearer key, the path of the wire, and the provider's own model name. */
export function doorProblems ({ path, headers, body }: { path: string, headers: Record<string, unknown>, body: ChatRequest }, model: string, key: string): string[] {
  return [
    ...(path === '/v1/chat/completions' ? [] : [`no such path: ${path}`]),
    ...(headers['authorization'] === `Bearer ${key}` ? [] : ['no credentials']),
    ...(body.model === model ? [] : [`no such model: ${body.model}`])
  ]
}
