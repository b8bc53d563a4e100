import { memberSpans } from '../message/json-spans.ts'
import { type JsonObject, isJsonObject, parseJson } from '../wire/json.ts'
import { isUsageOnly, withoutError } from './chunk-kinds.ts'
import { holdsError } from './cut-at-error.ts'
import { endOfEvent, hasMoreLines, inSingleLines } from './events-in.ts'

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

  /**
   * @param events whole ones, as one read brought them
   * @param well whether an error in them says nothing: the answer had ended, or met its limit
   * @param ended whether the client was told before why it ended
   */
  rewrite (events: Buffer, well: boolean, ended = false): Buffer {
    const pieces: Buffer[] = []
    let copied = 0
    for (let at = 0; at < events.length;) {
      const end = endOfEvent(events, at)
      const open = events.subarray(at, end).indexOf(OPEN_BRACE) + at
      if (open >= at) {
        const other = this.#otherThan(events, at, open, end, well, ended)
        if (other !== undefined) {
          pieces.push(events.subarray(copied, at), other)
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

  /** What stands in the place of a whole event; undefined where it stays. */
  #otherThan (events: Buffer, at: number, open: number, end: number, well: boolean, ended: boolean): Buffer | undefined {
    const lines = hasMoreLines(events, open, end) ? inSingleLines(events.toString('utf8', at, end)) : undefined
    if (lines !== undefined) return this.rewrite(Buffer.from(lines), well, ended)
    const chunk = events.subarray(open, end)
    if (!well || !chunk.includes('"error"') || !holdsError(chunk.toString())) return this.#hidesUsage && holdsCountsOnly(chunk) ? NOTHING : undefined
    const rest = withoutError(parseJson(chunk.toString()) as JsonObject, ended || REASON.test(events.toString('utf8', 0, at)), this.#hidesUsage)
    return rest === null ? NOTHING : this.rewrite(Buffer.from(`data: ${JSON.stringify(rest)}\n\n`), false)
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

const REASON = /"finish_reason"\s*:\s*"/
const EMPTY_CHOICES = /"choices"\s*:\s*\[\s*\]/

function holdsCountsOnly (chunk: Buffer): boolean {
  if (!chunk.includes('"prompt_tokens"') || !EMPTY_CHOICES.test(chunk.toString())) return false
  const parsed = parseJson(chunk.toString())
  return isJsonObject(parsed) && isUsageOnly(parsed)
}
