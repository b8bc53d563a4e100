import type { Kysely } from 'kysely'
import type { Tables } from './tables.ts'

export type Database = Kysely<Tables>

/** A statement for one row, as Kysely compiled it, and its parameters for many. */
export interface ManyRows {
  readonly sql: string
  readonly rows: readonly (readonly unknown[])[]
  /** How many rows must be written by it, where that is known. */
  readonly expected?: number
}

/** A step of a batch wrote another number of rows than was expected; nothing of the batch was kept. */
export class UnexpectedCount extends Error {
  override name = 'UnexpectedCount'
}

/** Where the account is kept. */
export interface Store {
  readonly kind: 'sqlite' | 'postgres'
  /** For writes, and for reads that take no time. */
  readonly db: Database
  /** For reads that may take long: they hold up no write. */
  readonly reader: Database
  /**
   * Runs statements for many rows, in their order, in one transaction.
   * @throws {UnexpectedCount} {Error} and nothing was written
   */
  writeBatch (steps: readonly ManyRows[]): Promise<void>
  close (): Promise<void>
}
