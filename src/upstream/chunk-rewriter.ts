import { memberSpans } from '../message/json-spans.ts'
import { type JsonObject, isJsonObject, parseJson } from '../wire/json.ts'

const OPEN_BRACE = 0x7B
const NOTHING = Buffer.alloc(0)

/**
 * Puts the model name that a client asked for into the chunks of a passing stream, and takes out the one that holds counts only,
 * where the client did not ask for it, and errors that come when all is said. All other bytes stay.
 */
export class ChunkRewriter {
  readonly #model: Buffer
  readonly #hidesUsage: boolean
  /** `"model":"…"` as the server prints it, and where that begins in a chunk: a server prints all of its chunks alike. */
  #member: Buffer | null = null
  #at = 0
  /** Where in the member the name begins. */
  #name = 0

  constructor (model: string, hidesUsage: boolean) {
    this.#model = Buffer.from(JSON.stringify(model))
    this.#hidesUsage = hidesUsage
  }

  /** @param events whole ones, as one read brought them; @param well whether an error in them says nothing: the answer had ended */
  rewrite (events: Buffer, well: boolean): Buffer {
    const pieces: Buffer[] = []
    let copied = 0
    for (let at = 0; at < events.length;) {
      const end = endOfEvent(events, at)
      const open = events.subarray(at, end).indexOf(OPEN_BRACE) + at
      if (open >= at) {
        const chunk = events.subarray(open, end)
        if (this.#hidesUsage && isUsageOnly(chunk)) {
          pieces.push(events.subarray(copied, at))
          copied = end
        } else if (well && holdsError(chunk)) {
          pieces.push(events.subarray(copied, at), this.#countsOf(chunk))
          copied = end
        } else {
          const name = this.#nameIn(events, open, end)
          if (name !== undefined) {
            pieces.push(events.subarray(copied, name.start), this.#model)
            copied = name.end
          }
        }
      }
      at = end
    }
    return copied === 0 ? events : Buffer.concat([...pieces, events.subarray(copied)])
  }

  /** What is left of a chunk with an error that says nothing: its counts, as an event of their own. OpenRouter has them in the same one. */
  #countsOf (chunk: Buffer): Buffer {
    const { error: _, ...rest } = parseJson(chunk.toString()) as JsonObject
    if (this.#hidesUsage || !isJsonObject(rest['usage'])) return NOTHING
    const printed = JSON.stringify({ ...rest, choices: [] })
    return this.rewrite(Buffer.from(`data: ${printed}\n\n`), false)
  }

  /** Where the model's name stands in a chunk. */
  #nameIn (events: Buffer, open: number, end: number): { start: number, end: number } | undefined {
    const member = this.#member
    const at = open + this.#at
    if (member !== null && at + member.length <= end && events.compare(member, 0, member.length, at, at + member.length) === 0) return { start: at + this.#name, end: at + member.length }
    const [span] = memberSpans(events, { start: open, end }, 'model')
    if (span === undefined) return undefined
    const begin = events.lastIndexOf('"model"', span.start)
    // Escapes in a name of a member are legal, and nobody prints them.
    if (begin >= open) {
      this.#member = Buffer.from(events.subarray(begin, span.end))
      this.#at = begin - open
      this.#name = span.start - begin
    }
    return span
  }
}

/** Behind the blank line that ends an event. */
function endOfEvent (events: Buffer, from: number): number {
  const feed = events.indexOf('\n\n', from)
  const end = feed === -1 ? events.length : feed + 2
  const carriage = events.subarray(from, end).indexOf('\n\r\n')
  return carriage === -1 ? end : from + carriage + 3
}

/** Whether a chunk tells an error in the way that clients of this wire look for. */
export function holdsError (chunk: Buffer): boolean {
  if (!chunk.includes('"error"')) return false
  const parsed = parseJson(chunk.toString())
  return isJsonObject(parsed) && Boolean(parsed['error'])
}

const EMPTY_CHOICES = /"choices"\s*:\s*\[\s*\]/

/** Whether a chunk tells the counts and nothing of the answer. */
function isUsageOnly (chunk: Buffer): boolean {
  if (!chunk.includes('"prompt_tokens"') || !EMPTY_CHOICES.test(chunk.toString())) return false
  const parsed = parseJson(chunk.toString())
  return isJsonObject(parsed) && Array.isArray(parsed['choices']) && parsed['choices'].length === 0 && isJsonObject(parsed['usage'])
}
