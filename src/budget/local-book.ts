import type { Identity } from '../account/identity.ts'
import { dayOf } from '../account/period.ts'
import { type Amount, type BudgetBook, NOTHING, NO_BUDGET, type Reservation, type Worst, sum } from './book.ts'
import { type Standing, check, firstDays, warningOf } from './judge.ts'

/** Days that a period can have, and a day to spare. */
export const REMEMBERED_DAYS = 32

/** What a key spent, by day, and what is kept free for its requests. */
interface Account {
  readonly days: Map<number, Amount>
  readonly reserved: Map<string, Amount>
}

/** What was spent on a day by a key. */
export interface Spend extends Amount { readonly key: string, readonly day: number }

/** Budgets of one process that is alone with its store: everything is known here, and nothing has to be asked for. */
export class LocalBook implements BudgetBook {
  readonly #accounts = new Map<string, Account>()
  readonly #warnAt: () => number
  readonly #now: () => number

  /**
   * @param spent what was spent in the last {@link REMEMBERED_DAYS}
   * @param warnAt the part of a budget from which on clients are warned
   * @param now milliseconds since 1970
   */
  constructor (spent: readonly Spend[], warnAt: () => number, now: () => number = Date.now) {
    this.#warnAt = warnAt
    this.#now = now
    this.load(spent)
  }

  /** Takes in what was spent by the store's account, in the place of what was known of these keys and days. */
  load (spent: readonly Spend[]): void {
    for (const { key, day, cost, tokens } of spent) this.#account(key).days.set(day, { cost, tokens })
  }

  reserve (identity: Identity, requestId: string, worst: Worst): Reservation {
    if (identity.budgets.length === 0) return NO_BUDGET
    const now = this.#now()
    const account = this.#account(identity.id)
    const standings = this.standings(identity, now)
    check(identity.name, standings, worst, now)
    account.reserved.set(requestId, { cost: worst.cost ?? 0, tokens: worst.tokens })
    return {
      warning: warningOf(standings, this.#warnAt(), now),
      settled: actual => {
        if (account.reserved.delete(requestId)) this.spend(identity.id, { cost: actual.cost ?? 0, tokens: actual.tokens })
      },
      release: () => { account.reserved.delete(requestId) }
    }
  }

  /** Adds to what a key spent today. */
  spend (key: string, amount: Amount): void {
    const { days } = this.#account(key)
    const day = dayOf(this.#now())
    days.set(day, sum(days.get(day) ?? NOTHING, amount))
    for (const old of days.keys()) if (old < day - REMEMBERED_DAYS) days.delete(old)
  }

  /** How a key stands with each of its budgets. */
  standings ({ id, budgets }: Identity, now = this.#now()): Standing[] {
    const { days, reserved } = this.#account(id)
    const kept = [...reserved.values()].reduce(sum, NOTHING)
    return firstDays(budgets, now).map((first, i) => {
      const spent = [...days].filter(([day]) => day >= first).map(([, amount]) => amount).reduce(sum, NOTHING)
      return { budget: budgets[i] as Standing['budget'], spent, reserved: kept }
    })
  }

  #account (key: string): Account {
    let account = this.#accounts.get(key)
    if (account === undefined) this.#accounts.set(key, account = { days: new Map(), reserved: new Map() })
    return account
  }
}
