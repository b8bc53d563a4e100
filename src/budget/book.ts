import type { Identity } from '../account/identity.ts'

/** What budgets are in. */
export const UNITS = ['cost', 'tokens'] as const
export type Unit = typeof UNITS[number]

/** An amount of what budgets count. */
export interface Amount {
  /** Micro-dollars. */
  readonly cost: number
  readonly tokens: number
}

/** The most that a request may come to. */
export interface Worst {
  /** Micro-dollars; null where no price is known. */
  readonly cost: number | null
  readonly tokens: number
}

/** What is kept free for a request until it is over. To end it again does nothing. */
export interface Reservation {
  /** What the client is told of budgets that are nearly used up; null where there is nothing to tell. */
  readonly warning: string | null
  /**
   * The request is over, and the ledger has what it came to, or will have.
   * @param actual cost in micro-dollars, null where no price is known; over all of its tries
   */
  settled (actual: Worst): void
  /** Nothing was sent. */
  release (): void
}

/** Holds keys to what they may spend in a period. */
export interface BudgetBook {
  /** How many requests were refused. */
  readonly refused: number
  /**
   * Keeps free what a request may come to, in all budgets of its key: if its worst case still fits, or if something is left
   * and nothing else is kept free, since one whose worst case is larger than the rest would else never run. So a key never
   * spends more than its budget and one request's worst case.
   *
   * Without a price nothing is kept free in dollars, and the request runs as long as anything is left; with a price of 0 it
   * runs in any case.
   * @param requestId which no other request has
   * @returns a promise only where the store is asked
   * @throws {ApiError} 429 (or the promise rejects with it) that names the budget and when it resets
   */
  reserve (identity: Identity, requestId: string, worst: Worst): Promise<Reservation> | Reservation
}

/** For all whose key has no budgets. */
export const NO_BUDGET: Reservation = Object.freeze({ warning: null, settled () {}, release () {} })

export const NOTHING: Amount = Object.freeze({ cost: 0, tokens: 0 })

/** A million dollars, or a million million tokens: no request comes to more, and thousands of them are still added up exactly. */
const MOST = 1e12

/** What is counted of an amount: whole numbers, none of them negative, and nothing for what is not known. */
export function amountOf ({ cost, tokens }: Worst): Amount {
  return { cost: whole(cost ?? 0), tokens: whole(tokens) }
}

function whole (value: number): number {
  return Math.min(MOST, Math.max(0, Math.ceil(value))) || 0
}
