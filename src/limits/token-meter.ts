import { type Minute, Minutes } from './minutes.ts'

/** Tokens that keys used in their minute, as far as this process knows. */
export class TokenMeter {
  readonly #minutes: Minutes

  /** @param now a clock that never goes back, in ms */
  constructor (now?: () => number) {
    this.#minutes = new Minutes(now)
  }

  /**
   * What stands against a request: tokens that are used, and for how many ms. Null where nothing does. A request that is
   * larger than the whole limit goes through as the first of a minute: it would else never do so.
   */
  against (key: string, limit: number, tokens: number): { used: number, left: number } | null {
    const minute = this.#minutes.running(key)
    if (minute === undefined || minute.used === 0 || minute.used + tokens <= limit) return null
    return { used: minute.used, left: this.#minutes.left(minute) }
  }

  /** Counts what a request will use at least. @returns the minute that it counts in */
  reserve (key: string, tokens: number): Minute {
    return this.#minutes.add(key, tokens)
  }

  /**
   * Corrects that by what it did use. More counts now; less only in the minute that it was counted in.
   * @param change tokens to add, or to take back
   */
  correct (key: string, reserved: Minute, change: number): void {
    if (change > 0 || this.#minutes.running(key) === reserved) this.#minutes.add(key, change)
  }
}
