import { setTimeout as sleep } from 'node:timers/promises'
import type { Logger } from 'pino'
import type { Entry } from '../account/entry.ts'
import type { Sink } from './ledger.ts'
import { type Spool, readSpool, removeSpool } from './spool.ts'
import type { LedgerWriter } from './writer.ts'

/** Milliseconds that the store may take for a batch before its entries go to the file as well: less than answers wait. */
const PATIENCE = 200
/** Milliseconds between two looks whether the store is back. */
const PAUSE = 1000
/** Entries that are read back at a time. */
const CHUNK = 500
/** Entries that are kept in memory where not even the file takes them. */
const MAX_KEPT = 50_000

/** What is wrong with the rows, and not with the store: the SQL state's class for data and constraints, or SQLite's codes for them. */
const ROW_PROBLEM = /^(?:2[23]\w{3}|SQLITE_(?:CONSTRAINT|MISMATCH|TOOBIG|RANGE)\w*)$/

/**
 * Takes batches to the store and, while that is down or slow, to a file that is read back later. Every entry may be written
 * twice: the store counts it once.
 */
export class StoreSink implements Sink {
  readonly #writer: LedgerWriter
  readonly #spool: Spool
  readonly #isThere: () => Promise<unknown>
  readonly #log: Logger
  /** Since when the store is down. */
  #down: number | null = null
  #kept: Entry[] = []
  #lost = 0
  #timer: NodeJS.Timeout | undefined
  #replay: Promise<void> | null = null
  #closed = false

  /** @param isThere asks the store for a sign of life */
  constructor (writer: LedgerWriter, spool: Spool, isThere: () => Promise<unknown>, log: Logger) {
    this.#writer = writer
    this.#spool = spool
    this.#isThere = isThere
    this.#log = log
  }

  /** Whether entries go to the file. */
  get isDown (): boolean { return this.#down !== null }

  async write (entries: readonly Entry[]): Promise<void> {
    if (this.#down !== null) return this.#putAside(entries)
    const written = this.#writeWell(entries)
    const late = new AbortController()
    const outcome = await Promise.race([written.then(() => 'written' as const, (error: unknown) => error as Error), sleep(PATIENCE, 'late' as const, { signal: late.signal }).catch(() => 'late' as const)])
    late.abort()
    if (outcome === 'written') return
    this.#goDown(outcome === 'late' ? new Error(`it took more than ${PATIENCE} ms`) : outcome)
    if (outcome === 'late') written.catch(() => {})
    await this.#putAside(entries)
  }

  /** Reads back what waits in files: once at the start, and whenever the store came back. */
  async replay (): Promise<void> {
    // One that runs has looked for files already: what came since is for the next.
    const before = this.#replay
    const replay = this.#replay = (async () => {
      await before?.catch(() => {})
      await this.#readBack()
    })()
    await replay
  }

  /** Looks for the store a last time; what waits in files after that is for the next start. */
  async close (): Promise<void> {
    this.#closed = true
    clearTimeout(this.#timer)
    if (this.#down !== null) await this.#look().catch(() => {})
    await this.#replay?.catch(() => {})
  }

  /** Rows that no store takes are put aside, so that they hold up no others. @throws {Error} when the store is down */
  async #writeWell (entries: readonly Entry[]): Promise<void> {
    try {
      await this.#writer.write(entries)
    } catch (error) {
      if (!ROW_PROBLEM.test(String((error as { code?: string }).code))) throw error
      if (entries.length > 1) {
        const middle = entries.length >> 1
        await this.#writeWell(entries.slice(0, middle))
        return this.#writeWell(entries.slice(middle))
      }
      const file = await this.#spool.reject(entries)
      this.#log.error({ requestId: entries[0]?.requestId, file, problem: (error as Error).message }, 'an entry of the ledger cannot be stored and was put aside')
    }
  }

  async #putAside (entries: readonly Entry[]): Promise<void> {
    try {
      await this.#spool.append(entries)
    } catch (error) {
      const room = MAX_KEPT - this.#kept.length
      this.#kept.push(...entries.slice(0, room))
      this.#lost += Math.max(0, entries.length - room)
      this.#log.error({ problem: (error as Error).message, kept: this.#kept.length, lost: this.#lost }, 'neither the store nor the file takes entries of the ledger; they are kept in memory')
    }
  }

  #goDown (error: Error): void {
    if (this.#down !== null) return
    this.#down = performance.now()
    this.#log.warn({ problem: error.message }, 'the store is down; the ledger goes to a file')
    this.#lookLater()
  }

  #lookLater (): void {
    if (!this.#closed) this.#timer = setTimeout(() => { this.#look().catch(() => this.#lookLater()) }, PAUSE).unref()
  }

  /** @throws {Error} while the store is down */
  async #look (): Promise<void> {
    await Promise.race([this.#isThere(), sleep(PAUSE, undefined, { ref: false }).then(() => { throw new Error('no answer') })])
    this.#log.info({ seconds: Math.round((performance.now() - (this.#down ?? 0)) / 1000) }, 'the store is back')
    this.#down = null
    await this.replay().catch((error: unknown) => this.#goDown(error as Error))
  }

  async #readBack (): Promise<void> {
    await this.#spool.rotate()
    const kept = this.#kept
    this.#kept = []
    if (kept.length > 0) {
      await this.#writeWell(kept).catch(async (error: unknown) => {
        await this.#putAside(kept)
        throw error
      })
    }
    for (const file of await this.#spool.closed()) {
      let count = 0
      for await (const entries of readSpool(file, CHUNK)) {
        await this.#writeWell(latest(entries))
        count += entries.length
      }
      await removeSpool(file)
      this.#log.info({ entries: count, file }, 'entries of the ledger were read back from a file')
    }
  }
}

/** Of each try the last word: begin and end may stand in one file. */
function latest (entries: readonly Entry[]): Entry[] {
  return [...new Map(entries.map(entry => [`${entry.requestId}/${entry.attempt}`, entry])).values()]
}
