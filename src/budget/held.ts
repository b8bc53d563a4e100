import { type Amount, type Reservation, type Worst, amountOf } from './book.ts'

/** What is kept free for a request; its end is told once. */
export class Held implements Reservation {
  readonly warning: string | null
  #over: ((spent: Amount | null) => void) | null

  /** @param over is told what the request came to; null where nothing was sent */
  constructor (warning: string | null, over: (spent: Amount | null) => void) {
    this.warning = warning
    this.#over = over
  }

  settled (actual: Worst): void {
    this.#end(amountOf(actual))
  }

  release (): void {
    this.#end(null)
  }

  #end (spent: Amount | null): void {
    const over = this.#over
    this.#over = null
    over?.(spent)
  }
}
