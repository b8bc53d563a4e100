import type { ChatRequest } from '../../../src/wire/openai-chat.ts'
import { KEY, type Kind } from './kind.ts'
import { type Delta, FINISH, USAGE, chatFailure, chunk, deltasOf, doorProblems, frame, mergeDeltas, readChat } from './chat.ts'
import { type ChatRules, COMMON_FIELDS, chatProblems } from './chat-rules.ts'

/** vLLM itself ignores what it does not know, so a field that is not here was sent for nothing. */
const RULES: ChatRules = {
  fields: [...COMMON_FIELDS, 'parallel_tool_calls', 'top_k', 'reasoning_effort', 'thinking_token_budget', 'chat_template_kwargs', 'include_reasoning', 'structured_outputs', 'add_generation_prompt', 'continue_final_message'],
  cacheMarks: 0,
  parts: ['text', 'image_url'],
  partsInTools: false
}

/** A model that sees, for the pictures among the tests. */
const MODEL = 'Qwen/Qwen3.5-397B-A17B'
/** Less than what Claude Code asks for as an answer alone. */
const MAX_MODEL_LEN = 60_000
const EFFORTS = ['none', 'minimal', 'low', 'medium', 'high', 'xhigh', 'max']
/** What it stopped at: the id of a token, which is no stop sequence. */
const STOP_TOKEN = { stop_reason: 154829, token_ids: null }

function problems (body: ChatRequest): string[] {
  const asked = body.max_tokens ?? 0
  const effort = body.reasoning_effort
  return [
    ...(asked > MAX_MODEL_LEN ? [`This model's maximum context length is ${MAX_MODEL_LEN} tokens. However, you requested ${asked} tokens in the completion.`] : []),
    ...(effort === undefined || EFFORTS.includes(effort) ? [] : [`reasoning_effort: ${effort}`]),
    // The template has only user, assistant, system and tool messages; the thinking goes by either name.
    ...body.messages.flatMap((message, i) => Object.keys(message).filter(field => !['role', 'content', 'tool_calls', 'tool_call_id', 'reasoning', 'reasoning_content'].includes(field)).map(field => `message ${i}: unknown field ${field}`))
  ]
}

const deltas = (pieces: Parameters<Kind['frames']>[0]): Delta[] => deltasOf(pieces, text => [{ reasoning: text.slice(0, 5) }, { reasoning: text.slice(5) }])

export const vllm: Kind = {
  name: 'vllm',
  base: '/v1',
  model: MODEL,
  overloaded: 503,
  judge: request => [...doorProblems(request, MODEL, KEY), ...chatProblems(request.body, RULES), ...problems(request.body)],
  thinks: ({ body }) => body.reasoning_effort !== 'none',
  streams: ({ body }) => body.stream === true,
  read: ({ body }) => readChat(body, ({ reasoning = '', reasoning_content: older = '' }) => [reasoning, older].filter(text => text !== '')),
  frames: (pieces, finish, { body }) => [
    frame({ ...chunk({ role: 'assistant', content: '' }), prompt_token_ids: null }),
    ...deltas(pieces).map(delta => frame(chunk(delta, null, { token_ids: null }))),
    [chunk({}, FINISH[finish], STOP_TOKEN), ...(body.stream_options?.include_usage === true ? [{ choices: [], usage: USAGE }] : []), '[DONE]'].map(frame).join('')
  ],
  plain: (pieces, finish) => JSON.stringify({ choices: [{ index: 0, message: { ...mergeDeltas(deltas(pieces)), refusal: null, function_call: null }, finish_reason: FINISH[finish], ...STOP_TOKEN }], usage: USAGE, prompt_logprobs: null }),
  failure: chatFailure,
  get: path => path === '/v1/models' ? { object: 'list', data: [{ id: MODEL, object: 'model', owned_by: 'vllm', max_model_len: MAX_MODEL_LEN }] } : undefined
}
