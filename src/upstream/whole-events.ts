const NOTHING = Buffer.alloc(0)

/** An event longer than this is no event of a model. */
const MAX_PENDING = 64 * 1024 * 1024

/** Parts the bytes of an event stream at the ends of events: what is not whole yet waits for its end. */
export class WholeEvents {
  readonly #tooLarge: () => Error
  #pending: Buffer[] = []
  #pendingLength = 0
  /** The last two bytes of the read before. */
  #tail: Buffer = NOTHING

  /** @param tooLarge what is thrown at an event that does not end */
  constructor (tooLarge: () => Error) {
    this.#tooLarge = tooLarge
  }

  /** The bytes of one read. @returns all events that are whole now; empty where none is */
  push (bytes: Buffer): Buffer {
    const end = endOfEvents(bytes, this.#tail)
    this.#tail = Buffer.concat([this.#tail, bytes.subarray(-2)]).subarray(-2)
    if (end === 0) {
      this.#keep(bytes)
      return NOTHING
    }
    const events = this.#pending.length === 0 ? bytes.subarray(0, end) : Buffer.concat([...this.#pending, bytes.subarray(0, end)])
    this.#pending = []
    this.#pendingLength = 0
    if (end < bytes.length) this.#keep(bytes.subarray(end))
    return events
  }

  /** What has no end yet. */
  get rest (): Buffer { return Buffer.concat(this.#pending) }

  #keep (bytes: Buffer): void {
    this.#pending.push(bytes)
    this.#pendingLength += bytes.length
    if (this.#pendingLength > MAX_PENDING) throw this.#tooLarge()
  }
}

/** Where the last whole event ends; 0 if none does. Its blank line may be cut between two reads. */
function endOfEvents (bytes: Buffer, tail: Buffer): number {
  const end = behindBlankLine(bytes)
  return end > 0 ? end : Math.max(0, behindBlankLine(Buffer.concat([tail, bytes.subarray(0, 2)])) - tail.length)
}

function behindBlankLine (bytes: Buffer): number {
  const feed = bytes.lastIndexOf('\n\n')
  const carriage = bytes.lastIndexOf('\n\r\n')
  return Math.max(feed === -1 ? 0 : feed + 2, carriage === -1 ? 0 : carriage + 3)
}
