/** Milliseconds. */
export const MINUTE = 60_000

/** A minute of a key, which begins with its first use. */
export interface Minute {
  /** By the clock. */
  readonly began: number
  used: number
}

/** What each key used in its minute, as far as this process knows. */
export class Minutes {
  readonly #now: () => number
  /** By key, in the order of their begin: those that are over stand in front. */
  readonly #known = new Map<string, Minute>()

  /** @param now a clock that never goes back, in ms */
  constructor (now: () => number = () => performance.now()) {
    this.#now = now
  }

  get size (): number { return this.#known.size }

  /** The minute of a key that runs; undefined where none does. */
  running (key: string): Minute | undefined {
    const minute = this.#known.get(key)
    return minute !== undefined && this.left(minute) > 0 ? minute : undefined
  }

  /** Milliseconds until a minute is over. */
  left ({ began }: Minute): number {
    return began + MINUTE - this.#now()
  }

  /** Adds to the minute of a key; where none runs, one begins. */
  add (key: string, amount: number): Minute {
    const minute = this.running(key) ?? this.#begin(key)
    minute.used += amount
    return minute
  }

  #begin (key: string): Minute {
    for (const [other, minute] of this.#known) {
      if (this.left(minute) > 0) break
      this.#known.delete(other)
    }
    const minute = { began: this.#now(), used: 0 }
    this.#known.set(key, minute)
    return minute
  }
}
