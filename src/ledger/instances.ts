import { randomUUID } from 'node:crypto'
import { hostname } from 'node:os'
import type { Store } from '../store/store.ts'
import type { InstanceTable } from '../store/tables.ts'
import { interruptedRow } from './columns.ts'
import { isRunning } from './spool.ts'
import type { LedgerWriter } from './writer.ts'

/** Milliseconds between two signs of life. */
export const HEARTBEAT = 10_000
/** Milliseconds of silence after which a process counts as gone. */
const LEASE = 60_000
/** Open entries that are closed at a time. */
const CHUNK = 500

/**
 * Processes that share a store. Each gives signs of life; what one left open that is gone is closed by the others, or by the
 * next that starts: as interrupted, with what was estimated when it began.
 */
export class Instances {
  /** The name of this process among them: another for every start. */
  readonly id = randomUUID()
  readonly #store: Store
  readonly #writer: LedgerWriter
  readonly #host = hostname()
  /** Since when the signs of life of this process arrive without a gap. */
  #steadySince: number | null = null

  constructor (store: Store, writer: LedgerWriter) {
    this.#store = store
    this.#writer = writer
  }

  /** Gives the first sign of life. */
  async register (now = Date.now()): Promise<void> {
    await this.#store.db.insertInto('instance').values({ id: this.id, host: this.#host, pid: process.pid, started_at: now, seen_at: now }).execute()
  }

  /** Gives a sign of life. */
  async beat (now = Date.now()): Promise<void> {
    try {
      const { numUpdatedRows } = await this.#store.db.updateTable('instance').set({ seen_at: now }).where('id', '=', this.id).executeTakeFirstOrThrow()
      if (numUpdatedRows === 0n) await this.register(now)
      this.#steadySince ??= now
    } catch (error) {
      this.#steadySince = null
      throw error
    }
  }

  /** This process ends, and has nothing open. */
  async leave (): Promise<void> {
    await this.#store.db.deleteFrom('instance').where('id', '=', this.id).execute()
  }

  /**
   * Closes what processes left open that are gone.
   * @returns how many entries that were
   */
  async closeOrphans (now = Date.now()): Promise<number> {
    const open = await this.#store.db.selectFrom('ledger').select('instance').distinct().where('settled_at', 'is', null).execute()
    const known = new Map((await this.#store.db.selectFrom('instance').selectAll().execute()).map(row => [row.id, row]))
    let closed = 0
    for (const { instance } of open) if (this.#isGone(instance, known.get(instance), now)) closed += await this.#closeAll(instance, now)
    const gone = [...known.values()].filter(row => this.#isGone(row.id, row, now)).map(({ id }) => id)
    if (gone.length > 0) await this.#store.db.deleteFrom('instance').where('id', 'in', gone).execute()
    return closed
  }

  /** A process of this machine is looked for; of others nothing is known but how long they were silent. */
  #isGone (id: string, row: InstanceTable | undefined, now: number): boolean {
    if (id === this.id) return false
    if (row === undefined) return true
    if (row.host === this.#host && !isRunning(row.pid)) return true
    // While the store was away nobody could give a sign of life: silence tells nothing until all had the time for one.
    return this.#steadySince !== null && now - this.#steadySince > LEASE && now - row.seen_at > LEASE
  }

  async #closeAll (instance: string, now: number): Promise<number> {
    let closed = 0
    for (;;) {
      const rows = await this.#store.db.selectFrom('ledger').selectAll().where('instance', '=', instance).where('settled_at', 'is', null).limit(CHUNK).execute()
      if (rows.length === 0) return closed
      await this.#writer.writeRows(rows.map(row => interruptedRow(row, now)))
      closed += rows.length
    }
  }
}
