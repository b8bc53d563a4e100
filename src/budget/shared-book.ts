import type { Logger } from 'pino'
import type { Identity } from '../account/identity.ts'
import { type BudgetBook, NO_BUDGET, type Reservation, type Worst, amountOf } from './book.ts'
import { DatabaseLink } from './database-link.ts'
import { Held } from './held.ts'
import { Leases } from './leases.ts'
import type { Notices } from './notices.ts'
import { Purses, type Spend } from './purse.ts'
import { type Claim, type Verdict, reserveMessage, verdictsOf } from './reserve-message.ts'
import { limitsOf, refusalOf } from './rule.ts'
import { budgetExceeded } from './words.ts'

/** How long a reservation holds unless it is renewed: so long does what a crashed process kept free stay so. Milliseconds. */
export const LEASE = 60_000
/** Claims of one key that go to the database together. */
const MAX_CLAIMS = 32

export interface SharedBookParts {
  /** PostgreSQL's. */
  readonly url: string
  /** The name of this process in the store. */
  readonly instance: string
  /** What all keys spent until now, in the longest period. */
  readonly spent: readonly Spend[]
  readonly notices: Notices
  readonly log: Pick<Logger, 'warn' | 'info'>
  /** Milliseconds. */
  readonly lease?: number
  /** How long a request may wait for the database. Milliseconds. */
  readonly patience?: number
}

/** A claim, and who waits for the verdict: undefined where the database does not answer. */
interface Waiting { readonly claim: Claim, readonly resolve: (verdict: Verdict | undefined) => void }

/**
 * Budgets of replicas that share a PostgreSQL, which decides: what was spent stands in `spend`, which the ledger keeps, and
 * what is kept free in `reservation`. The ledger takes a reservation away in the moment in which it counts what the request
 * came to, so that nothing is ever counted twice, or not at all. While the database does not answer, this process decides
 * by what it heard last, and by what runs and ends here.
 */
export class SharedBook implements BudgetBook {
  refused = 0
  readonly #parts: SharedBookParts
  readonly #lease: number
  readonly #purses = new Purses()
  readonly #leases: Leases
  readonly #link: DatabaseLink
  /** What waits for the database, by key; a key stands here while it is asked for. */
  readonly #queues = new Map<string, Waiting[]>()
  #tidying = false

  constructor (parts: SharedBookParts) {
    this.#parts = parts
    this.#lease = parts.lease ?? LEASE
    this.#leases = new Leases(parts.instance, this.#lease)
    this.#link = new DatabaseLink({ ...parts, prove: run => this.#leases.renew(run) })
    this.#purses.load(parts.spent, Date.now())
  }

  /** Whether the database decides. */
  get up (): boolean { return this.#link.up }

  reserve (identity: Identity, requestId: string, worst: Worst): Promise<Reservation> | Reservation {
    if (identity.budgets.length === 0) return NO_BUDGET
    const claim = { requestId, limits: limitsOf(identity.budgets), worst }
    return this.#link.up ? this.#ask(identity.id, claim).then(verdict => this.#follow(identity, claim, verdict)) : this.#follow(identity, claim, undefined)
  }

  /** Keeps what runs here reserved, and deletes what lapsed; to be called well within a lease. It never rejects. */
  async renew (): Promise<void> {
    await this.#link.ask(run => this.#leases.renew(run))
  }

  /** Deletes what is of no use any more, and lets go of the database. */
  async close (): Promise<void> {
    await this.#link.ask(run => this.#leases.tidy(run))
    await this.#link.close()
  }

  /** One message at a time for each key: what comes meanwhile goes with the next. */
  #ask (key: string, claim: Claim): Promise<Verdict | undefined> {
    return new Promise(resolve => {
      const queue = this.#queues.get(key)
      if (queue !== undefined) {
        queue.push({ claim, resolve })
        return
      }
      const first = [{ claim, resolve }]
      this.#queues.set(key, first)
      this.#empty(key, first).catch(() => {})
    })
  }

  /** It never rejects: {@link DatabaseLink.ask} does not. */
  async #empty (key: string, queue: Waiting[]): Promise<void> {
    while (queue.length > 0) {
      const together = queue.splice(0, MAX_CLAIMS)
      const message = reserveMessage(key, this.#parts.instance, this.#lease, together.map(({ claim }) => claim))
      const verdicts = await this.#link.ask(async run => verdictsOf(await run(message)))
      for (const [i, { resolve }] of together.entries()) resolve(verdicts?.[i])
    }
    this.#queues.delete(key)
  }

  /** @throws {ApiError} 429 where the request may not run */
  #follow (identity: Identity, { requestId, limits, worst }: Claim, verdict: Verdict | undefined): Reservation {
    const { notices } = this.#parts
    const purse = this.#purses.of(identity.id)
    if (verdict !== undefined) purse.learn(verdict.standing.spent, verdict.standing.now)
    const standing = verdict?.standing ?? purse.standing(Date.now())
    const refusal = verdict?.admitted === true ? null : refusalOf(limits, standing, worst)
    if (refusal !== null) {
      this.refused++
      // What the database was asked for, it may have kept free all the same, too late for an answer.
      if (verdict === undefined) this.#end(requestId)
      throw budgetExceeded(identity.name, refusal, standing.now)
    }
    if (worst.cost === null) notices.unpriced(identity)
    const amount = amountOf(worst)
    purse.hold(requestId, amount)
    this.#leases.add(requestId, { key: identity.id, ...amount })
    return new Held(notices.warningFor(identity, standing), spent => {
      purse.free(requestId)
      if (spent === null) return this.#end(requestId)
      this.#leases.settled(requestId)
      purse.spend(spent, Date.now())
    })
  }

  /** Nobody will settle the request: its reservation is deleted soon, or lapses. */
  #end (requestId: string): void {
    this.#leases.ended(requestId)
    if (this.#tidying) return
    this.#tidying = true
    setImmediate(() => {
      this.#tidying = false
      this.#link.ask(run => this.#leases.tidy(run)).catch(() => {})
    })
  }
}
