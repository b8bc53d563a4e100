import { type JsonObject, type JsonValue, isJsonObject, objectsOf } from '../../src/wire/json.ts'

/** The first choice of a chat-completions chunk and what it says: `delta` of a streamed chunk, `message` of a plain reply. */
export interface Said {
  choice: JsonObject
  delta: JsonObject
  /** Whether nothing follows that could belong to what was said. */
  last: boolean
}

/** @returns undefined for a chunk without a choice: one that only counts, or an error */
export function saidIn (chunk: JsonObject): Said | undefined {
  const [choice] = objectsOf(chunk['choices'])
  if (choice === undefined) return undefined
  const plain = choice['message']
  const last = Boolean(choice['finish_reason']) || isJsonObject(plain)
  const given = choice['delta'] ?? plain
  if (isJsonObject(given)) return { choice, delta: given, last }
  const delta: JsonObject = {}
  choice['delta'] = delta
  return { choice, delta, last }
}

/** Adds text to what a delta says already. */
export function addText (delta: JsonObject, text: string): void {
  if (text === '') return
  const { content } = delta
  if (Array.isArray(content)) content.push({ type: 'text', text })
  else delta['content'] = typeof content === 'string' ? content + text : text
}

/**
 * Tells the model something at the end of the conversation, where it counts most and breaks no provider's prompt cache.
 * @returns false where the conversation ends with the beginning of an answer: nothing may follow that
 */
export function instruct (body: JsonObject, text: string): boolean {
  const messages: JsonValue[] = Array.isArray(body['messages']) ? body['messages'] : []
  const last = messages.at(-1)
  if (!isJsonObject(last) || last['role'] === 'assistant') return false
  const { content } = last
  if (last['role'] !== 'user') messages.push({ role: 'user', content: text })
  else if (Array.isArray(content)) last['content'] = [...content, { type: 'text', text }]
  else last['content'] = `${String(content)}\n\n${text}`
  return true
}
