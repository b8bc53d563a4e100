import type { ContentBlock, MessageParam, MessagesRequest } from '../../../src/wire/anthropic.ts'
import type { Received } from '../upstream.ts'
import { messagesProblems } from './anthropic-rules.ts'
import { type Call, type Finish, KEY, type Kind, type Piece, type Utterance, piecesOf, utterance } from './kind.ts'
import { sign } from './signature.ts'

const MODEL = 'claude-sonnet-5'

const STOP: Record<Finish, string> = { stop: 'end_turn', calls: 'tool_use', length: 'max_tokens' }
const USAGE = { input_tokens: 10, cache_creation_input_tokens: 0, cache_read_input_tokens: 0, output_tokens: 5, service_tier: 'standard' }
const TYPES: Record<number, string> = { 400: 'invalid_request_error', 401: 'authentication_error', 403: 'permission_error', 404: 'not_found_error', 429: 'rate_limit_error', 500: 'api_error', 529: 'overloaded_error' }

let serial = 0

function bodyOf (request: Received): MessagesRequest {
  return request.body as unknown as MessagesRequest
}

function doorProblems ({ path, headers, body }: Received): string[] {
  return [
    ...(path.split('?')[0] === '/v1/messages' ? [] : [`no such path: ${path}`]),
    ...(headers['x-api-key'] === KEY && headers.authorization === undefined ? [] : ['invalid x-api-key']),
    ...(headers['anthropic-version'] === undefined ? ['anthropic-version: header is required'] : []),
    ...(body.model === MODEL ? [] : [`model: ${body.model}`])
  ]
}

function betasOf ({ headers }: Received): string[] {
  return String(headers['anthropic-beta'] ?? '').split(',').map(beta => beta.trim())
}

type Event = { type: string } & Record<string, unknown>

function event (data: Event): string {
  return `event: ${data.type}\ndata: ${JSON.stringify(data)}\n\n`
}

function callBlock ({ id = `toolu_01${++serial}`, name, input }: Call): object {
  return { type: 'tool_use', id, name, input, caller: { type: 'direct' } }
}

function blockOf (piece: Piece): object {
  if ('think' in piece) return { type: 'thinking', thinking: piece.think, signature: sign('anthropic', piece.think, piece.think) }
  return 'say' in piece ? { type: 'text', text: piece.say } : callBlock(piece.call)
}

/** The events of one block. */
function blockEvents (piece: Piece, index: number): Event[] {
  const deltas = (all: object[]): Event[] => all.map(delta => ({ type: 'content_block_delta', index, delta }))
  const inside = (start: object, all: object[]): Event[] => [{ type: 'content_block_start', index, content_block: start }, ...deltas(all), { type: 'content_block_stop', index }]
  if ('think' in piece) {
    const { think: text } = piece
    return inside({ type: 'thinking', thinking: '', signature: '' }, [...piecesOf(text, Math.ceil(text.length / 3)).map(thinking => ({ type: 'thinking_delta', thinking })), { type: 'signature_delta', signature: sign('anthropic', text, text) }])
  }
  if ('say' in piece) return inside({ type: 'text', text: '' }, piecesOf(piece.say, Math.ceil(piece.say.length / 3)).map(text => ({ type: 'text_delta', text })))
  return inside({ ...callBlock(piece.call), input: {} }, ['', ...piecesOf(JSON.stringify(piece.call.input), piece.call.size ?? 12)].map(json => ({ type: 'input_json_delta', partial_json: json })))
}

function message (content: object[], stop: string | null): object {
  return { model: MODEL, id: `msg_01${++serial}`, type: 'message', role: 'assistant', content, stop_reason: stop, stop_sequence: null, usage: USAGE }
}

function readMessage (param: MessageParam): Utterance {
  const blocks: ContentBlock[] = typeof param.content === 'string' ? [{ type: 'text', text: param.content }] : param.content
  const results = blocks.filter(block => block.type === 'tool_result')
  const inner = (content: string | ContentBlock[] | null | undefined): ContentBlock[] => typeof content === 'string' ? [{ type: 'text', text: content }] : content ?? []
  const texts = (list: ContentBlock[]): string => list.map(block => block.type === 'text' ? block.text : '').join('\n')
  return utterance(param.role === 'assistant' ? 'assistant' : 'user', {
    text: texts(blocks.filter(block => block.type === 'text')),
    reasoning: blocks.flatMap(block => block.type === 'thinking' ? [block.thinking] : []),
    calls: blocks.filter(block => block.type === 'tool_use').map(({ id, name, input }) => ({ id, name, input })),
    results: results.map(result => ({ id: result.tool_use_id, text: texts(inner(result.content)) })),
    media: [...blocks, ...results.flatMap(result => inner(result.content))].flatMap(block => (block.type === 'image' || block.type === 'document') && block.source.type === 'base64' ? [block.source.data] : [])
  })
}

/** What a user says in several messages, and system messages among it, is one utterance. */
function read (request: Received): Utterance[] {
  const said: Utterance[] = []
  for (const next of bodyOf(request).messages.map(readMessage)) {
    const last = said.at(-1)
    if (last?.role !== next.role) said.push(next)
    else Object.assign(last, { text: `${last.text}\n${next.text}`, reasoning: last.reasoning.concat(next.reasoning), calls: last.calls.concat(next.calls), results: last.results.concat(next.results), media: last.media.concat(next.media) })
  }
  return said
}

/** Any server of the Messages API. */
export const anthropic: Kind = {
  name: 'anthropic',
  base: '/v1/messages',
  model: MODEL,
  overloaded: 529,
  judge: request => [...doorProblems(request), ...messagesProblems(bodyOf(request), betasOf(request))],
  thinks: request => ['enabled', 'adaptive'].includes(bodyOf(request).thinking?.type ?? 'disabled'),
  streams: ({ body }) => body.stream === true,
  read,
  frames: (pieces, finish) => [
    event({ type: 'message_start', message: message([], null) }) + event({ type: 'ping' }),
    ...pieces.flatMap(blockEvents).map(event),
    event({ type: 'message_delta', delta: { stop_reason: STOP[finish], stop_sequence: null }, usage: USAGE }) + event({ type: 'message_stop' })
  ],
  plain: (pieces, finish) => JSON.stringify(message(pieces.map(blockOf), STOP[finish])),
  failure: (status, words, retryAfter) => ({
    headers: retryAfter === undefined ? {} : { 'retry-after': String(retryAfter) },
    body: { type: 'error', error: { type: TYPES[status] ?? 'api_error', message: words }, request_id: `req_01${++serial}` }
  })
}
