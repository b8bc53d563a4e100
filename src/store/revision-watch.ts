import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import type { Logger } from 'pino'

/** Where the database tells of a new revision, by its number. */
export const CHANNEL = 'switchyard_config'
/** Milliseconds that a connection, or an answer, is waited for. */
export const TIMEOUT = 5000

/** Milliseconds between two looks, should a notification be lost: what is heard is heard within a second all the same. */
const PAUSE = 800
/** The pause between two attempts to connect grows from this. Milliseconds. */
const FIRST_RETRY = 50
const MAX_RETRY = 1000
/** Milliseconds that the database is given to take its leave. */
const LEAVE = 500

const NEWEST = 'select coalesce(max(revision), 0) as revision from config_revision'

export interface RevisionWatchParts {
  /** PostgreSQL's. */
  readonly url: string
  readonly log: Pick<Logger, 'info' | 'warn'>
  /** Is told the newest revision, again and again. */
  readonly heard: (revision: number) => void
}

/**
 * Hears of new revisions over a connection of its own: the database tells of them at once, and is asked every now and then,
 * which also shows whether the connection is still of use. One that is not is replaced. Each outage is told once when it
 * begins, and once when it is over.
 */
export class RevisionWatch {
  readonly #parts: RevisionWatchParts
  readonly #closing = new AbortController()
  #client: pg.Client | undefined
  #failures = 0

  constructor (parts: RevisionWatchParts) {
    this.#parts = parts
  }

  /** @returns a promise for the moment in which it listens, or is known not to be able to yet; it never rejects */
  open (): Promise<void> {
    return new Promise(resolve => {
      this.#closing.signal.addEventListener('abort', () => resolve(), { once: true })
      this.#run(resolve).catch(() => {})
    })
  }

  /** What is under way is not waited for: a connection that is closed while it is made never says so. */
  async close (): Promise<void> {
    this.#closing.abort()
    await this.#leave()
  }

  async #run (settled: () => void): Promise<void> {
    const { signal } = this.#closing
    while (!signal.aborted) {
      try {
        await this.#follow(settled)
      } catch (error) {
        if (!signal.aborted) this.#failed(error as NodeJS.ErrnoException)
      }
      settled()
      await this.#leave()
      const pause = Math.min(MAX_RETRY, FIRST_RETRY * 2 ** Math.min(this.#failures, 10))
      // Not all replicas at once.
      await rest(pause * (0.75 + Math.random() / 4), signal)
    }
  }

  /** Follows over one connection, for as long as it lasts. @throws {Error} that says why it does not */
  async #follow (settled: () => void): Promise<void> {
    const { url, heard } = this.#parts
    const client = this.#client = new pg.Client({ connectionString: url, connectionTimeoutMillis: TIMEOUT, query_timeout: TIMEOUT, application_name: 'switchyard configuration watch', keepAlive: true })
    const ended = new AbortController()
    // What broke fails the next look, which comes at once then.
    client.on('error', () => ended.abort())
    client.on('end', () => ended.abort())
    client.on('notification', ({ payload }) => heard(Number(payload)))
    await client.connect()
    await client.query(`listen ${CHANNEL}`)
    while (!this.#closing.signal.aborted) {
      const { rows: [row] } = await client.query<{ revision: string }>(NEWEST)
      this.#succeeded()
      heard(Number(row?.revision))
      settled()
      await rest(PAUSE, ended.signal)
    }
  }

  #succeeded (): void {
    if (this.#failures > 0) this.#parts.log.info({ failures: this.#failures }, 'the database is back: changes of the configuration are heard of again')
    this.#failures = 0
  }

  #failed (error: NodeJS.ErrnoException): void {
    // Not the error itself: the address is in some, and in that a password.
    if (this.#failures === 0) this.#parts.log.warn({ problem: error.message || error.code }, 'the database does not answer: until it does, changes of the configuration are not heard of')
    this.#failures++
  }

  /** Lets go of the connection, whatever has become of it. */
  async #leave (): Promise<void> {
    const client = this.#client
    this.#client = undefined
    if (client !== undefined) await Promise.race([client.end().catch(() => {}), sleep(LEAVE, undefined, { ref: false })])
  }
}

/** Waits; not any longer once that is aborted. */
async function rest (time: number, signal: AbortSignal): Promise<void> {
  await sleep(time, undefined, { ref: false, signal }).catch(() => {})
}
