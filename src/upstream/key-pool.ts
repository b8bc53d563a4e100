const MINUTE = 60_000

/** What the API shows of one key. */
export interface KeyState {
  /** ms until it is used again; 0 when it is in use. */
  readonly cooling: number
}

/** The keys of one provider, by their index in its configuration: whose turn it is, and which are refused for now. */
export class KeyPool {
  readonly #now: () => number
  /** By key: the number of the turn in which it was last picked. */
  readonly #turns: number[]
  /** By key: until when it cools down, by the clock. */
  readonly #until: number[]
  #turn = 0

  /**
   * @param count how many keys there are; a provider without any counts as one
   * @param now a clock that never goes back, in ms
   */
  constructor (count: number, now: () => number = () => performance.now()) {
    this.#now = now
    this.#turns = new Array<number>(count).fill(0)
    this.#until = new Array<number>(count).fill(-Infinity)
  }

  /** By key. */
  get states (): readonly KeyState[] {
    return this.#until.map((_, index) => ({ cooling: this.cooling(index) }))
  }

  /**
   * The key whose turn it is, of those that do not cool down and that are usable. It is the one that was not picked for
   * longest: to take the next in a circle would give the turns of a key that is away to its neighbour alone.
   *
   * @returns its index; undefined when there is none
   */
  pick (usable: (index: number) => boolean): number | undefined {
    const now = this.#now()
    let found: number | undefined
    for (const [index, turn] of this.#turns.entries()) {
      if (found !== undefined && turn >= (this.#turns[found] ?? 0)) continue
      if ((this.#until[index] ?? 0) <= now && usable(index)) found = index
    }
    if (found !== undefined) this.#turns[found] = ++this.#turn
    return found
  }

  /**
   * Leaves a key out for some ms; one that is left out for longer already stays so. An only key is never left out: there
   * is no other to spare it for, and when it is refused, the provider tells the client why better than we could.
   */
  coolDown (index: number, ms: number): void {
    const until = this.#until[index]
    if (until === undefined || this.#until.length === 1) return
    this.#until[index] = Math.max(until, this.#now() + ms)
  }

  /** In how many ms the key is used again; 0 when it is in use. */
  cooling (index: number): number {
    return Math.max(0, (this.#until[index] ?? 0) - this.#now())
  }
}

/**
 * For how long a key that was answered with this status is left out, in ms; undefined when the status says nothing about
 * the key. A wrong key, an empty account and a missing permission do not mend themselves within seconds. A limit does,
 * and a key left out for too long is one that is paid for and not used, hence a minute at most.
 *
 * @param retryAfter what the provider said, in ms
 */
export function keyCoolDown (status: number, retryAfter: number | undefined): number | undefined {
  switch (status) {
    case 401: case 402: case 403: return 5 * MINUTE
    case 429: return Math.min(retryAfter ?? MINUTE / 2, MINUTE)
    default: return undefined
  }
}
