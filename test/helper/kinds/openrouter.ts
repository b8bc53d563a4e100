import type { JsonObject } from '../../../src/wire/json.ts'
import type { ChatMessage } from '../../../src/wire/openai-chat.ts'
import { KEY, type Kind, piecesOf } from './kind.ts'
import { type Delta, FINISH, USAGE, chatFailure, chunk, deltasOf, doorProblems, frame, mergeDeltas, readChat } from './chat.ts'
import { type ChatRules, COMMON_FIELDS, chatProblems } from './chat-rules.ts'
import { read, sign, unsign } from './signature.ts'

/** What OpenRouter passes on to Claude at most (https://openrouter.ai/docs/features/prompt-caching). */
const MAX_CACHE_MARKS = 4

const RULES: ChatRules = {
  fields: [...COMMON_FIELDS, 'parallel_tool_calls', 'top_k', 'user', 'session_id', 'reasoning', 'verbosity', 'service_tier', 'cache_control', 'plugins'],
  cacheMarks: MAX_CACHE_MARKS,
  parts: ['text', 'image_url', 'file'],
  partsInTools: true
}

const MODEL = 'test-model'
const DETAIL = { type: 'reasoning.text', format: 'anthropic-claude-v1', index: 0 }

/** As it streams Claude's thinking: the text in both fields, in fragments; the signature in a later one without text. */
function thought (text: string): Delta[] {
  return [
    ...piecesOf(text, Math.ceil(text.length / 3)).map(piece => ({ content: '', reasoning: piece, reasoning_details: [{ ...DETAIL, text: piece }] })),
    { content: '', reasoning_details: [{ ...DETAIL, text: '', signature: sign('openrouter', text, text) }] }
  ]
}

/** Reasoning must come back as it was: a signature of ours fits its text, and there is none of anybody else. */
function reasoningProblems (message: ChatMessage, i: number): string[] {
  if (message.role !== 'assistant') return []
  return (message.reasoning_details ?? []).flatMap(detail => {
    const seal = read(String(detail['signature']))
    const whole = seal === undefined || (unsign('openrouter', String(detail['signature']), String(detail['text'])) !== undefined && keys(detail) === keys({ ...DETAIL, text: '', signature: '' }))
    return whole ? [] : [`messages.${i}: Invalid signature in thinking block`]
  })
}

function keys (detail: JsonObject): string {
  return Object.keys(detail).sort().join()
}

export const openrouter: Kind = {
  name: 'openrouter',
  base: '/v1',
  model: MODEL,
  overloaded: 503,
  judge: request => [...doorProblems(request, MODEL, KEY), ...chatProblems(request.body, RULES), ...request.body.messages.flatMap(reasoningProblems)],
  thinks: ({ body }) => (body['reasoning'] as { enabled?: boolean } | undefined)?.enabled !== false,
  streams: ({ body }) => body.stream === true,
  read: ({ body }) => readChat(body, message => (message.reasoning_details ?? []).map(detail => String(detail['text'] ?? detail['summary'] ?? detail['data']))),

  // Keep-alive comments, a role and an empty content everywhere, the reason again as null beside the usage.
  frames: (pieces, finish) => [
    ': OPENROUTER PROCESSING\n\n',
    ...deltasOf(pieces, thought).map(delta => frame(chunk({ role: 'assistant', content: '', ...delta }))),
    [chunk({ content: '' }, FINISH[finish]), { ...chunk({ content: '' }), usage: USAGE }, '[DONE]'].map(frame).join('')
  ],
  plain: (pieces, finish) => JSON.stringify({ choices: [{ index: 0, message: mergeDeltas(deltasOf(pieces, thought)), finish_reason: FINISH[finish] }], usage: USAGE }),
  failure: chatFailure,
  get: path => path === '/v1/models' ? { data: [{ id: MODEL, reasoning: { supported_efforts: null, supports_max_tokens: true, mandatory: false } }] } : undefined
}
