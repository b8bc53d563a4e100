const NOTHING = Buffer.alloc(0)

/** Holds the beginning of a reply until there is something of an answer in it: a failure up to then can still be told as an HTTP error. */
export class HeldBytes {
  #held: Buffer[] = []

  /** Whether something is held. */
  get any (): boolean { return this.#held.length > 0 }

  /** @param open whether there is something of an answer by now. @returns what may go on */
  push (bytes: Buffer, open: boolean): Buffer {
    if (!this.any && open) return bytes
    this.#held.push(bytes)
    if (!open) return NOTHING
    const all = Buffer.concat(this.#held)
    this.#held = []
    return all
  }
}
