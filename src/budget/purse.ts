import { PERIODS, type Period, firstDayOf } from '../account/period.ts'
import { type Amount, NOTHING } from './book.ts'
import type { Standing } from './rule.ts'

/** The longest period, in days. */
export const LONGEST_PERIOD = 31

/** What a key spent on a day, as the store has it: days since 1970. */
export interface Spend extends Amount { readonly key: string, readonly day: number }

/** What was spent since the first day of a period. */
interface Sum extends Amount { readonly first: number }

/** What this process knows of a key: what it spent in the periods that run, and what is kept free for its requests here. */
export class Purse {
  readonly #sums = new Map<Period, Sum>()
  readonly #held = new Map<string, Amount>()
  /** The sum of these: they are whole numbers, so nothing is left when all are gone. */
  #heldSum: Amount = NOTHING

  /** @param now milliseconds since 1970 */
  standing (now: number): Standing {
    return { now, spent: { day: this.#sum('day', now), week: this.#sum('week', now), month: this.#sum('month', now) }, held: this.#heldSum }
  }

  /** Keeps an amount free for a request. */
  hold (requestId: string, amount: Amount): void {
    this.free(requestId)
    this.#held.set(requestId, amount)
    this.#heldSum = add(this.#heldSum, amount, 1)
  }

  /** The request is over. */
  free (requestId: string): void {
    const amount = this.#held.get(requestId)
    if (amount === undefined) return
    this.#held.delete(requestId)
    this.#heldSum = add(this.#heldSum, amount, -1)
  }

  /** Adds what a request came to. */
  spend (amount: Amount, now: number): void {
    for (const per of PERIODS) {
      const sum = this.#sum(per, now)
      this.#sums.set(per, { first: sum.first, ...add(sum, amount, 1) })
    }
  }

  /** Takes in what the store says was spent, in the place of what was known. */
  learn (spent: Standing['spent'], now: number): void {
    for (const per of PERIODS) this.#sums.set(per, { first: firstDayOf(per, now), cost: spent[per].cost, tokens: spent[per].tokens })
  }

  #sum (per: Period, now: number): Sum {
    const first = firstDayOf(per, now)
    const sum = this.#sums.get(per)
    // A clock that is set back does not bring back a period.
    return sum !== undefined && sum.first >= first ? sum : { first, cost: 0, tokens: 0 }
  }
}

/** What this process knows of all keys. */
export class Purses {
  readonly #purses = new Map<string, Purse>()

  of (key: string): Purse {
    let purse = this.#purses.get(key)
    if (purse === undefined) this.#purses.set(key, purse = new Purse())
    return purse
  }

  /** Takes in what keys spent on the days of the {@link LONGEST_PERIOD}. @param now milliseconds since 1970 */
  load (spends: readonly Spend[], now: number): void {
    const days = new Map<string, Spend[]>()
    for (const spend of spends) {
      const known = days.get(spend.key)
      if (known === undefined) days.set(spend.key, [spend])
      else known.push(spend)
    }
    for (const [key, spent] of days) this.of(key).learn({ day: since('day', spent, now), week: since('week', spent, now), month: since('month', spent, now) }, now)
  }
}

function since (per: Period, spends: readonly Spend[], now: number): Amount {
  const first = firstDayOf(per, now)
  return spends.filter(({ day }) => day >= first).reduce<Amount>((sum, spend) => add(sum, spend, 1), NOTHING)
}

function add (one: Amount, other: Amount, sign: 1 | -1): Amount {
  return { cost: one.cost + sign * other.cost, tokens: one.tokens + sign * other.tokens }
}
