import { createHash } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { CompiledQuery, type Kysely, sql } from 'kysely'
import type { Logger } from 'pino'
import type { Identity } from '../account/identity.ts'
import type { Database } from '../store/store.ts'
import type { Tables } from '../store/tables.ts'
import { type BudgetBook, NO_BUDGET, type Reservation, type Worst } from './book.ts'
import { type Standing, check, firstDays, warningOf } from './judge.ts'
import type { LocalBook } from './local-book.ts'

/** How long a reservation holds unless it is renewed: so long does what a crashed process kept free stay so. Milliseconds. */
const LEASE = 60_000
/** How long a request may wait for the database. Milliseconds. */
const PATIENCE = 1000

/** By the database's clock: those of replicas may differ. */
const NOW = sql<number>`(extract(epoch from clock_timestamp()) * 1000)::bigint`

export interface SharedBookParts {
  readonly db: Database
  /** The name of this process in the store. */
  readonly instance: string
  /** What is known here, for when the database does not answer. */
  readonly local: LocalBook
  readonly warnAt: () => number
  readonly log: Logger
  readonly lease?: number
}

interface Verdict { admitted: boolean, standings: Standing[] }

/**
 * Budgets of replicas that share a PostgreSQL, which decides: what was spent stands in `spend`, which the ledger keeps, and what
 * may still be spent in `reservation`. The ledger takes a reservation away in the same moment in which it counts what the
 * request cost, so that nothing is ever counted twice, or not at all.
 */
export class SharedBook implements BudgetBook {
  readonly #parts: SharedBookParts
  readonly #lease: number
  /** Requests whose reservations are renewed. */
  readonly #running = new Set<string>()
  #down = false

  constructor (parts: SharedBookParts) {
    this.#parts = parts
    this.#lease = parts.lease ?? LEASE
  }

  reserve (identity: Identity, requestId: string, worst: Worst): Promise<Reservation> | Reservation {
    return identity.budgets.length === 0 ? NO_BUDGET : this.#reserve(identity, requestId, worst)
  }

  /** Keeps the reservations of what runs here, and takes away those that lapsed. To be called well within a lease. */
  async renew (): Promise<void> {
    const { db } = this.#parts
    const ids = [...this.#running]
    if (ids.length > 0) await db.updateTable('reservation').set({ expires_at: sql`${NOW} + ${this.#lease}` }).where('request_id', 'in', ids).execute()
    await db.deleteFrom('reservation').where('expires_at', '<', sql<number>`${NOW} - ${this.#lease}`).execute()
  }

  async #reserve (identity: Identity, requestId: string, worst: Worst): Promise<Reservation> {
    const { local, warnAt } = this.#parts
    const now = Date.now()
    const verdict = await this.#ask(identity, requestId, worst, now)
    if (verdict === null) return local.reserve(identity, requestId, worst)
    const { admitted, standings } = verdict
    // Who is not admitted exceeds one of them: the database judges by the same rule.
    if (!admitted) check(identity.name, standings, worst, now)
    this.#running.add(requestId)
    return {
      warning: warningOf(standings, warnAt(), now),
      settled: ({ cost, tokens }) => {
        if (this.#running.delete(requestId)) local.spend(identity.id, { cost: cost ?? 0, tokens })
      },
      release: () => {
        // If this fails, it lapses.
        if (this.#running.delete(requestId)) this.#parts.db.deleteFrom('reservation').where('request_id', '=', requestId).execute().catch(() => {})
      }
    }
  }

  /** @returns null where the database does not answer in time */
  async #ask (identity: Identity, requestId: string, worst: Worst, now: number): Promise<Verdict | null> {
    const asked = this.#parts.db.connection().execute(connection => this.#transact(connection, identity, requestId, worst, now))
    try {
      const late = new AbortController()
      const verdict = await Promise.race([asked, sleep(PATIENCE, null, { signal: late.signal })]).finally(() => late.abort())
      if (verdict === null) throw new Error(`no answer within ${PATIENCE} ms`)
      if (this.#down) this.#parts.log.info('budgets are held over all replicas again')
      this.#down = false
      return verdict
    } catch (error) {
      asked.catch(() => {})
      if (!this.#down) this.#parts.log.warn({ problem: (error as Error).message }, 'the database does not answer; budgets are held by what is known here')
      this.#down = true
      return null
    }
  }

  /** One key at a time, over all replicas; what is lost of it in a crash of the database lapses anyway. */
  async #transact (connection: Kysely<Tables>, identity: Identity, requestId: string, worst: Worst, now: number): Promise<Verdict> {
    // In one message; the lock must be had before the next statement looks.
    await connection.executeQuery(CompiledQuery.raw(`begin; set local synchronous_commit = off; select pg_advisory_xact_lock(${lockOf(identity.id)})`))
    try {
      const verdict = await this.#insert(connection, identity, requestId, worst, now)
      await connection.executeQuery(CompiledQuery.raw('commit'))
      return verdict
    } catch (error) {
      await connection.executeQuery(CompiledQuery.raw('rollback')).catch(() => {})
      throw error
    }
  }

  /** The rule of {@link check}, where the numbers are. */
  async #insert (connection: Kysely<Tables>, { id, budgets }: Identity, requestId: string, { cost, tokens }: Worst, now: number): Promise<Verdict> {
    const periods = JSON.stringify(firstDays(budgets, now).map((first, i) => ({ i, first, cost: budgets[i]?.cost ?? null, tokens: budgets[i]?.tokens ?? null })))
    const { rows } = await sql<{ i: number, cost: number, tokens: number, kept_cost: number, kept_tokens: number, admitted: boolean }>`
      with period as (select * from jsonb_to_recordset(${periods}::jsonb) as p(i integer, first integer, cost bigint, tokens bigint)),
      kept as (select coalesce(sum(cost), 0) as cost, coalesce(sum(tokens), 0) as tokens from reservation where key_id = ${id} and expires_at > ${NOW}),
      spent as (select p.i, coalesce(sum(s.cost), 0) as cost, coalesce(sum(s.tokens), 0) as tokens from period p left join spend s on s.key_id = ${id} and s.day >= p.first group by p.i),
      verdict as (select coalesce(bool_and(
        (p.cost is null or ${cost}::bigint is null or s.cost + kept.cost + ${cost}::bigint <= p.cost or (kept.cost = 0 and s.cost < p.cost)) and
        (p.tokens is null or s.tokens + kept.tokens + ${tokens}::bigint <= p.tokens or (kept.tokens = 0 and s.tokens < p.tokens))
      ), true) as admitted from period p join spent s on s.i = p.i cross join kept),
      inserted as (insert into reservation (request_id, key_id, instance, cost, tokens, expires_at)
        select ${requestId}, ${id}, ${this.#parts.instance}, ${cost ?? 0}, ${tokens}, ${NOW} + ${this.#lease} from verdict where admitted returning 1)
      select s.i, s.cost, s.tokens, kept.cost as kept_cost, kept.tokens as kept_tokens, exists (select 1 from inserted) as admitted from spent s cross join kept order by s.i`.execute(connection)
    return {
      admitted: rows[0]?.admitted ?? true,
      standings: rows.map(row => ({ budget: budgets[row.i] as Standing['budget'], spent: { cost: row.cost, tokens: row.tokens }, reserved: { cost: row.kept_cost, tokens: row.kept_tokens } }))
    }
  }
}

/** A number for a key, as PostgreSQL's locks have them: 64 bits, signed. */
function lockOf (key: string): bigint {
  return createHash('sha256').update(`budget ${key}`).digest().readBigInt64BE()
}
