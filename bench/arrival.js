/** Fields whose text is of the Messages wire alone; of `metadata`, `thinking` and the like nothing is carried either. */
const UNCARRIED = new Set(['type', 'cache_control'])

/**
 * Whether a translated request still holds all that was asked: every text of the system prompt, the tools and the
 * conversation, and every tool. How it is put is for the tests to say; here it matters that nothing was saved by leaving
 * it out.
 * @throws {Error} that names what is missing
 */
export function checkArrival (request, translated) {
  const there = textsOf(translated).join('\n')
  for (const text of textsOf({ system: request.system, tools: request.tools, messages: request.messages })) {
    if (!there.includes(text)) throw new Error(`what reached the upstream lacks ${JSON.stringify(text.slice(0, 200))}`)
  }
  if (translated.tools?.length !== request.tools?.length) throw new Error('not all tools reached the upstream')
  if (translated.stream !== request.stream) throw new Error('the upstream was asked for the wrong kind of answer')
}

/** All strings in a value. The arguments of a call are JSON in JSON on the chat-completions wire. */
function textsOf (value, field) {
  if (field === 'arguments' && typeof value === 'string') return textsOf(JSON.parse(value))
  if (typeof value === 'string') return [value]
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([key, inner]) => UNCARRIED.has(key) ? [] : textsOf(inner, key))
}
