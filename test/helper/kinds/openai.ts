import { KEY, type Kind } from './kind.ts'
import { type Delta, FINISH, USAGE, chatFailure, chunk, deltasOf, doorProblems, frame, mergeDeltas, readChat } from './chat.ts'
import { type ChatRules, COMMON_FIELDS, chatProblems } from './chat-rules.ts'

const RULES: ChatRules = {
  fields: [...COMMON_FIELDS, 'max_completion_tokens', 'parallel_tool_calls', 'reasoning_effort', 'user'],
  cacheMarks: 0,
  parts: ['text', 'image_url', 'file'],
  partsInTools: false
}

const MODEL = 'test-model'

const deltas = (pieces: Parameters<Kind['frames']>[0]): Delta[] => deltasOf(pieces, text => [{ reasoning_content: text }])

/** Any other server of the chat-completions wire. */
export const openai: Kind = {
  name: 'openai',
  base: '/v1',
  model: MODEL,
  overloaded: 503,
  judge: request => [...doorProblems(request, MODEL, KEY), ...chatProblems(request.body, RULES)],
  thinks: () => true,
  streams: ({ body }) => body.stream === true,
  read: ({ body }) => readChat(body, message => message.reasoning_content === undefined ? [] : [message.reasoning_content]),
  frames: (pieces, finish) => [...deltas(pieces).map(delta => frame(chunk(delta))), [chunk({}, FINISH[finish]), { choices: [], usage: USAGE }, '[DONE]'].map(frame).join('')],
  plain: (pieces, finish) => JSON.stringify({ choices: [{ index: 0, message: mergeDeltas(deltas(pieces)), finish_reason: FINISH[finish] }], usage: USAGE }),
  failure: chatFailure
}
