import { isJsonObject, objectsOf, parseJson } from '../wire/json.ts'
import { DONE, documentsIn, endOfEvent } from './events-in.ts'

/** What of the last events of a broken stream may pass. */
export interface Cut {
  readonly passed: Buffer
  /** Whether they tell the error in a way that clients see; else it is still to be told. */
  readonly told: boolean
}

/**
 * Cuts events where they tell an error: behind it where clients see it, before it where they would not, and before the stream's own
 * end. At `[DONE]` clients stop reading and take what they have for the whole; a chunk in another form breaks the official ones.
 */
export function cutAtError (events: Buffer): Cut {
  for (let at = 0; at < events.length;) {
    const end = endOfEvent(events, at)
    const event = events.toString('utf8', at, end)
    const documents = documentsIn(event)
    if (documents.length === 1 && holdsError(documents[0] as string)) return { passed: events.subarray(0, end), told: true }
    if (/^(?:event: ?error|\[?\s*\{)/m.test(event) || documents.some(endsReply)) return { passed: events.subarray(0, at), told: false }
    at = end
  }
  return { passed: events, told: false }
}

/** Whether a chunk tells an error in the way that clients of this wire look for. @param chunk its text */
export function holdsError (chunk: string): boolean {
  if (!chunk.includes('"error"')) return false
  const parsed = parseJson(chunk)
  return isJsonObject(parsed) && Boolean(parsed['error'])
}

/** Whether nothing of a reply follows: its end, or an error in another form, among them vLLM's older `{object: "error"}`. */
function endsReply (document: string): boolean {
  if (document.startsWith(DONE)) return true
  if (!document.includes('"error"')) return false
  const parsed = parseJson(document)
  if (!isJsonObject(parsed)) return false
  return parsed['object'] === 'error' || Boolean(parsed['error']) || objectsOf(parsed['choices']).some(({ error }) => Boolean(error))
}
