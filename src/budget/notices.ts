import type { Logger } from 'pino'
import type { Identity } from '../account/identity.ts'
import { endOf } from '../account/period.ts'
import { type Limit, type Standing, limitsOf } from './rule.ts'
import { nearlySpent } from './words.ts'

/** What clients and the log are told of budgets: the log once, clients with every answer. */
export class Notices {
  readonly #warnAt: () => number
  readonly #log: Pick<Logger, 'warn'>
  /** The end of the last period that the log was told of, by key and limit. */
  readonly #told = new Map<string, number>()
  readonly #unpriced = new Set<string>()

  /** @param warnAt the part of a budget, from 0 to 1, from which on clients are warned */
  constructor (warnAt: () => number, log: Pick<Logger, 'warn'>) {
    this.#warnAt = warnAt
    this.#log = log
  }

  /** What a client is told whose key has nearly used up its budgets; null where it has not. Only what is spent counts. */
  warningFor (identity: Identity, standing: Standing): string | null {
    const part = this.#warnAt()
    const near = limitsOf(identity.budgets).filter(({ per, unit, most }) => standing.spent[per][unit] >= part * most)
    if (near.length === 0) return null
    for (const limit of near) this.#tell(identity, limit, standing)
    return near.map(limit => nearlySpent(limit, standing)).join('; ')
  }

  /** A request is let in of which nobody knows what it may cost. */
  unpriced ({ id, name, budgets }: Identity): void {
    if (this.#unpriced.has(id) || !budgets.some(({ cost }) => cost !== undefined)) return
    this.#unpriced.add(id)
    this.#log.warn({ key: name }, 'this key has a budget in dollars, and asks for a model without a price: nothing is kept free for that, and nothing counts but what the provider says that it charges; see Prices')
  }

  #tell ({ id, name }: Identity, limit: Limit, standing: Standing): void {
    const what = `${limit.per} ${limit.unit} ${id}`
    const end = endOf(limit.per, standing.now)
    if (end <= (this.#told.get(what) ?? 0)) return
    this.#told.set(what, end)
    this.#log.warn({ key: name, budget: nearlySpent(limit, standing) }, 'a budget is nearly used up')
  }
}
