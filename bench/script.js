/** Tokens as models send them, some with what needs escaping in JSON or more than a byte in UTF-8. */
const TOKENS = ['The', ' file', ' has', ' a', ' "', 'name', '"', ' and', ' 12', ' lines', ' —', ' see', ' naïve', '.ts', '\n', '\n- ']

/** The pieces of the scripted answer. */
export function pieces (count) {
  return Array.from({ length: count }, (_, i) => TOKENS[i % TOKENS.length])
}

const HEAD = { id: 'chatcmpl-B9MHDbslfkBeAs8l4bebGdFOJ6PeG', created: 1741570283, model: 'bench-model', system_fingerprint: 'fp_fc9f1d7035' }

function usage (promptTokens, count) {
  return { prompt_tokens: promptTokens, completion_tokens: count, total_tokens: promptTokens + count, prompt_tokens_details: { cached_tokens: 0 }, completion_tokens_details: { reasoning_tokens: 0 } }
}

/** The answer as one document of the chat-completions wire. */
export function chatDocument (count, promptTokens) {
  const message = { role: 'assistant', content: pieces(count).join(''), refusal: null, annotations: [] }
  return JSON.stringify({ ...HEAD, object: 'chat.completion', choices: [{ index: 0, message, logprobs: null, finish_reason: 'stop' }], usage: usage(promptTokens, count) })
}

/** The answer as events: one for each piece, and those that every stream has around them. */
export function chatEvents (count, promptTokens) {
  const chunk = (choices, rest) => `data: ${JSON.stringify({ ...HEAD, object: 'chat.completion.chunk', choices, ...rest })}\n\n`
  const choice = (delta, reason = null) => chunk([{ index: 0, delta, logprobs: null, finish_reason: reason }], { usage: null })
  return [
    choice({ role: 'assistant', content: '', refusal: null }),
    ...pieces(count).map(content => choice({ content })),
    choice({}, 'stop'),
    chunk([], { usage: usage(promptTokens, count) }),
    'data: [DONE]\n\n'
  ]
}
