import type { ChatRequest } from '../../../src/wire/openai-chat.ts'
import { KEY, type Kind } from './kind.ts'
import { type Delta, FINISH, chatFailure, chunk, deltasOf, doorProblems, frame, mergeDeltas, readChat } from './chat.ts'
import { type ChatRules, COMMON_FIELDS, chatProblems } from './chat-rules.ts'

const RULES: ChatRules = {
  fields: [...COMMON_FIELDS, 'thinking', 'reasoning_effort', 'user_id'],
  cacheMarks: 0,
  parts: ['text', 'image_url'],
  partsInTools: false
}

const MODEL = 'deepseek-v4-pro'
const MAX_TOKENS = 393_216
const MAX_STOPS = 16
const EFFORTS = ['minimal', 'low', 'medium', 'high', 'xhigh', 'max', 'ultra']
const USAGE = { prompt_tokens: 10, completion_tokens: 5, total_tokens: 15, prompt_cache_hit_tokens: 0, prompt_cache_miss_tokens: 10, prompt_tokens_details: { cached_tokens: 0 }, completion_tokens_details: { reasoning_tokens: 2 } }

/** Thinking is on unless it is switched off (https://api-docs.deepseek.com/guides/thinking_mode). */
function thinks (body: ChatRequest): boolean {
  return (body['thinking'] as { type?: string } | undefined)?.type !== 'disabled'
}

function problems (body: ChatRequest): string[] {
  const { messages, tools, tool_choice: choice, max_tokens: room = 0, reasoning_effort: effort, user_id: user, response_format: format } = body
  const forced = choice === 'required' || typeof choice === 'object'
  const silent = messages.some(message => message.role === 'assistant' && typeof message.reasoning_content !== 'string')
  return [
    ...(thinks(body) && tools !== undefined && silent ? ['The reasoning_content in the thinking mode must be passed back to the API.'] : []),
    ...(thinks(body) && forced ? ['Thinking mode does not support this tool_choice'] : []),
    ...(room > MAX_TOKENS ? [`Invalid max_tokens value, the valid range of max_tokens is [1, ${MAX_TOKENS}]`] : []),
    ...(effort === undefined || EFFORTS.includes(effort) ? [] : [`reasoning_effort: ${effort}`]),
    ...(effort === undefined || thinks(body) ? [] : ['thinking options type cannot be disabled when reasoning_effort is set']),
    ...(user === undefined || /^[\w-]{1,512}$/.test(String(user)) ? [] : ['user_id']),
    ...(format === undefined || format['type'] === 'json_object' ? [] : ['This response_format type is unavailable now']),
    ...((body.stop?.length ?? 0) > MAX_STOPS ? ['too many stop sequences'] : []),
    ...messages.flatMap((message, i) => Object.keys(message).filter(field => !['role', 'content', 'tool_calls', 'tool_call_id', 'reasoning_content'].includes(field)).map(field => `messages[${i}]: unknown field ${field}`))
  ]
}

const deltas = (pieces: Parameters<Kind['frames']>[0]): Delta[] => deltasOf(pieces, text => [
  { content: null, reasoning_content: text.slice(0, 5) },
  { content: null, reasoning_content: text.slice(5) }
])

export const deepseek: Kind = {
  name: 'deepseek',
  base: '/v1',
  model: MODEL,
  overloaded: 503,
  judge: request => [...doorProblems(request, MODEL, KEY), ...chatProblems(request.body, RULES), ...problems(request.body)],
  thinks: ({ body }) => thinks(body),
  streams: ({ body }) => body.stream === true,
  read: ({ body }) => readChat(body, ({ reasoning_content: text = '' }) => text === '' ? [] : [text]),
  frames: (pieces, finish) => [
    ': keep-alive\n\n',
    frame({ ...chunk({ role: 'assistant', content: null, reasoning_content: '' }), usage: null }),
    ...deltas(pieces).map(delta => frame({ ...chunk(delta), usage: null })),
    [{ ...chunk({ content: '' }, FINISH[finish]), usage: USAGE }, '[DONE]'].map(frame).join('')
  ],
  // Blank lines keep the connection alive until the body comes.
  plain: (pieces, finish) => `\n\n\n${JSON.stringify({ choices: [{ index: 0, message: mergeDeltas(deltas(pieces)), logprobs: null, finish_reason: FINISH[finish] }], usage: USAGE })}`,
  failure: chatFailure
}
