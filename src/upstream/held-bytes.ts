const NOTHING = Buffer.alloc(0)

/** What is longer than this is something, whatever it is: nothing may be held without an end. */
const MOST = 256 * 1024

/** Holds the beginning of a reply until there is something of an answer in it: a failure up to then can still be told as an HTTP error. */
export class HeldBytes {
  #held: Buffer[] = []
  #length = 0
  #open = false

  /** Whether something is held. */
  get any (): boolean { return this.#held.length > 0 }

  /** @param open whether there is something of an answer by now. @returns what may go on */
  push (bytes: Buffer, open: boolean): Buffer {
    this.#open ||= open || this.#length + bytes.length > MOST
    if (!this.any && this.#open) return bytes
    this.#held.push(bytes)
    this.#length += bytes.length
    if (!this.#open) return NOTHING
    const all = Buffer.concat(this.#held)
    this.#held = []
    return all
  }
}
