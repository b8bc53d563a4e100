import type { Entry } from '../account/entry.ts'
import { type ManyRows, type Store, UnexpectedCount } from '../store/store.ts'
import type { LedgerTable } from '../store/tables.ts'
import { rowOf } from './columns.ts'
import { type RowStatement, type Statements, createStatements } from './statements.ts'
import { addUp } from './sums.ts'

/** Lists of ids are cut so that no statement has more parameters than a database takes. */
const MAX_IDS = 500

function many<Row> ({ sql, columns }: RowStatement<Row>, rows: readonly Row[], expected?: number): ManyRows {
  return { sql, rows: rows.map(row => columns.map(column => row[column])), ...(expected !== undefined && { expected }) }
}

/** A try, by what it is known by. */
export function idOf ({ request_id: request, attempt }: Pick<LedgerTable, 'request_id' | 'attempt'>): string {
  return `${request}/${attempt}`
}

/**
 * Writes entries, with all of their sums, in one transaction: each try is settled once, and counted once, however often it is
 * written.
 */
export class LedgerWriter {
  readonly #store: Store
  readonly #statements: Statements

  constructor (store: Store) {
    this.#store = store
    this.#statements = createStatements(store.db)
  }

  /**
   * @param entries open and settled ones, each try once
   * @throws {Error} when the store cannot take them; nothing was written then
   */
  async write (entries: readonly Entry[]): Promise<void> {
    await this.writeRows(entries.map(rowOf))
  }

  /** The same for rows. */
  async writeRows (rows: readonly LedgerTable[]): Promise<void> {
    const open = rows.filter(({ settled_at: settled }) => settled === null)
    const settled = rows.filter(({ settled_at: at }) => at !== null)
    try {
      await this.#store.writeBatch(this.#steps(open, settled))
    } catch (error) {
      if (!(error instanceof UnexpectedCount)) throw error
      // Some were settled before: they came from a file of rows that had been written after all, or another process was first.
      await this.#store.writeBatch(this.#steps(open, await this.#unsettled(settled)))
    }
  }

  #steps (open: readonly LedgerTable[], settled: readonly LedgerTable[]): ManyRows[] {
    const { open: note, settle, hour, day, session, sessionProvider, spend } = this.#statements
    const { hours, days, sessions, sessionProviders, spend: spent } = addUp(settled)
    const steps = [many(note, open), many(settle, settled, settled.length), many(hour, hours), many(day, days), many(session, sessions), many(sessionProvider, sessionProviders), many(spend, spent)]
    if (this.#store.kind === 'postgres') steps.push(this.#release(settled))
    return steps.filter(step => step.rows.length > 0)
  }

  /** What was kept free for requests that are over is free again, in the moment in which what they cost is counted. */
  #release (settled: readonly LedgerTable[]): ManyRows {
    const ids = settled.filter(({ last }) => last === 1).map(row => row.request_id)
    return { sql: 'delete from reservation where request_id = any($1)', rows: ids.length === 0 ? [] : [[ids]] }
  }

  async #unsettled (rows: readonly LedgerTable[]): Promise<LedgerTable[]> {
    const known = new Set<string>()
    for (let from = 0; from < rows.length; from += MAX_IDS) {
      const ids = rows.slice(from, from + MAX_IDS).map(row => row.request_id)
      const found = await this.#store.db.selectFrom('ledger').select(['request_id', 'attempt']).where('request_id', 'in', ids).where('settled_at', 'is not', null).execute()
      for (const row of found) known.add(idOf(row))
    }
    return rows.filter(row => !known.has(idOf(row)))
  }
}
