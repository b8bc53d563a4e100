import type { Logger } from 'pino'
import type { Identity } from '../account/identity.ts'
import { type BudgetBook, NO_BUDGET, type Reservation, type Worst, amountOf } from './book.ts'
import { Held } from './held.ts'
import type { Notices } from './notices.ts'
import { Purses, type Spend } from './purse.ts'
import { limitsOf, refusalOf } from './rule.ts'
import { budgetExceeded } from './words.ts'

export interface LocalBookParts {
  /** What all keys spent until now, in the longest period. */
  readonly spent: readonly Spend[]
  /** Reads the same for one key. */
  readonly read: (key: string) => Promise<readonly Spend[]>
  readonly notices: Notices
  readonly log: Pick<Logger, 'warn'>
  /** Milliseconds since 1970. */
  readonly now?: () => number
}

/**
 * Budgets of a process that is alone with its store: all is known here, and nothing need be asked for. Nothing lapses
 * either: a request that is over says so, and a process that dies forgets what it kept free.
 */
export class LocalBook implements BudgetBook {
  refused = 0
  readonly #purses = new Purses()
  readonly #parts: LocalBookParts
  readonly #now: () => number
  /** Keys of which requests were not counted here, since they had no budgets then. */
  readonly #unknown = new Set<string>()
  readonly #reading = new Map<string, Promise<void>>()

  constructor (parts: LocalBookParts) {
    this.#parts = parts
    this.#now = parts.now ?? Date.now
    this.#purses.load(parts.spent, this.#now())
  }

  /** @returns a promise only for the first request of a key that was given budgets after others had run */
  reserve (identity: Identity, requestId: string, worst: Worst): Promise<Reservation> | Reservation {
    if (identity.budgets.length === 0) {
      this.#unknown.add(identity.id)
      return NO_BUDGET
    }
    if (!this.#unknown.has(identity.id)) return this.#decide(identity, requestId, worst)
    return this.#catchUp(identity).then(() => this.#decide(identity, requestId, worst))
  }

  #decide (identity: Identity, requestId: string, worst: Worst): Reservation {
    const { notices } = this.#parts
    const purse = this.#purses.of(identity.id)
    const standing = purse.standing(this.#now())
    const refusal = refusalOf(limitsOf(identity.budgets), standing, worst)
    if (refusal !== null) {
      this.refused++
      throw budgetExceeded(identity.name, refusal, standing.now)
    }
    if (worst.cost === null) notices.unpriced(identity)
    purse.hold(requestId, amountOf(worst))
    return new Held(notices.warningFor(identity, standing), spent => {
      purse.free(requestId)
      if (spent !== null) purse.spend(spent, this.#now())
    })
  }

  /** Reads from the store what a key spent. */
  #catchUp ({ id, name }: Identity): Promise<void> {
    let reading = this.#reading.get(id)
    if (reading === undefined) {
      reading = this.#read(id).catch((error: unknown) => {
        this.#parts.log.warn({ key: name, problem: (error as Error).message }, 'what this key has spent cannot be read: it is held to its budgets from now on')
      }).finally(() => this.#reading.delete(id))
      this.#reading.set(id, reading)
    }
    return reading
  }

  async #read (key: string): Promise<void> {
    this.#purses.load(await this.#parts.read(key), this.#now())
    this.#unknown.delete(key)
  }
}
