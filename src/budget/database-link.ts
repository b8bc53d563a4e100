import type pg from 'pg'
import type { Logger } from 'pino'
import { createPool } from '../store/postgres/pool.ts'

/** Of their own: no burst of requests for one key may take those that the ledger writes by. */
const CONNECTIONS = 4
/** Milliseconds that a connection is kept which nobody uses. */
const IDLE = 300_000
/** How long a request may wait for the database. Milliseconds. */
const PATIENCE = 1000
/** Milliseconds between two looks whether the database is back. */
const PAUSE = 250

/** Runs statements in one message; rejects if there is no answer in time. */
export type Run = (text: string, values?: readonly unknown[]) => Promise<pg.QueryResult[]>

export interface DatabaseLinkParts {
  /** PostgreSQL's. */
  readonly url: string
  readonly log: Pick<Logger, 'warn' | 'info'>
  /** Does something that shows that the database is of use again, and what is due then. */
  readonly prove: (run: Run) => Promise<unknown>
  /** Milliseconds. */
  readonly patience?: number
}

/**
 * Asks the database for as long as it answers. Once it does not, nobody asks it any more until it has proved good again; each
 * such outage is told once when it begins, and once when it is over.
 */
export class DatabaseLink {
  readonly #pool: pg.Pool
  readonly #parts: DatabaseLinkParts
  readonly #patience: number
  /** When the outage began, by the clock. */
  #downSince: number | null = null
  #timer: NodeJS.Timeout | undefined
  #closed = false

  constructor (parts: DatabaseLinkParts) {
    const patience = this.#patience = parts.patience ?? PATIENCE
    this.#parts = parts
    this.#pool = createPool({
      connectionString: parts.url,
      max: CONNECTIONS,
      idleTimeoutMillis: IDLE,
      connectionTimeoutMillis: patience,
      // Nobody waits for so long; then the connection is thrown away.
      query_timeout: 2 * patience,
      application_name: 'switchyard budgets'
    })
  }

  /** Whether the database answers, as far as is known. */
  get up (): boolean { return this.#downSince === null && !this.#closed }

  /** @returns what the work comes to; undefined where the database does not answer; it never rejects */
  async ask<Result> (work: (run: Run) => Promise<Result>): Promise<Result | undefined> {
    if (!this.up) return undefined
    try {
      return await work(this.#run)
    } catch (error) {
      this.#failed(error as NodeJS.ErrnoException)
      return undefined
    }
  }

  /** Lets go of all connections. */
  async close (): Promise<void> {
    this.#closed = true
    clearTimeout(this.#timer)
    await this.#pool.end()
  }

  readonly #run: Run = async (text, values) => {
    const results: pg.QueryResult | pg.QueryResult[] = await inTime(this.#pool.query(text, values === undefined ? undefined : [...values]), this.#patience)
    return Array.isArray(results) ? results : [results]
  }

  #failed (error: NodeJS.ErrnoException): void {
    if (!this.up) return
    this.#downSince = performance.now()
    this.#parts.log.warn({ problem: error.message || error.code }, 'the database does not answer: until it does, budgets are held by what this process knows')
    this.#lookLater()
  }

  #lookLater (): void {
    if (!this.#closed) this.#timer = setTimeout(() => { this.#look().catch(() => this.#lookLater()) }, PAUSE).unref()
  }

  /** @throws {Error} while the database is of no use */
  async #look (): Promise<void> {
    await this.#parts.prove(this.#run)
    if (this.#closed) return
    this.#parts.log.info({ seconds: Math.round((performance.now() - (this.#downSince ?? 0)) / 1000) }, 'the database is back: budgets are held over all replicas again')
    this.#downSince = null
  }
}

/**
 * Waits so many ms at most. Where it was this process that was busy for so long, what has arrived meanwhile is read before
 * that counts as too late: a timer is told of it earlier than a socket.
 */
async function inTime<Result> (work: Promise<Result>, patience: number): Promise<Result> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => setImmediate(() => reject(new Error(`no answer within ${patience} ms`))), patience)
  })
  try {
    return await Promise.race([work, late])
  } finally {
    clearTimeout(timer)
  }
}
