import type { Identity } from '../account/identity.ts'

/** An amount of what budgets count. */
export interface Amount {
  /** Micro-dollars. */
  readonly cost: number
  readonly tokens: number
}

/** The most that a request may come to. */
export interface Worst {
  /** Micro-dollars; null where no price is known: then it counts against no budget in dollars. */
  readonly cost: number | null
  readonly tokens: number
}

/** What is kept free for a request. To end it again does nothing. */
export interface Reservation {
  /** What the client is told of a budget that is nearly used up; null where there is nothing to tell. */
  readonly warning: string | null
  /** The request is over, and the ledger has what it came to. Cost in micro-dollars; null where no price is known. */
  settled (actual: { readonly cost: number | null, readonly tokens: number }): void
  /** Nothing was sent. */
  release (): void
}

/** Holds keys to what they may spend in a period. */
export interface BudgetBook {
  /**
   * Keeps free what a request may come to.
   * @throws {ApiError} 429 (or the promise rejects with it) where a budget has not so much left
   */
  reserve (identity: Identity, requestId: string, worst: Worst): Promise<Reservation> | Reservation
}

/** For keys without budgets. */
export const NO_BUDGET: Reservation = Object.freeze({ warning: null, settled () {}, release () {} })

export const NOTHING: Amount = Object.freeze({ cost: 0, tokens: 0 })

export function sum (one: Amount, other: Amount): Amount {
  return { cost: one.cost + other.cost, tokens: one.tokens + other.tokens }
}
