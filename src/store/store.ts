import type { Kysely, Transaction } from 'kysely'
import type { Tables } from './tables.ts'

export type Database = Kysely<Tables>

/** A statement for one row, as Kysely compiled it, and its parameters for many. */
export interface ManyRows {
  readonly sql: string
  readonly rows: readonly (readonly unknown[])[]
}

/** Where the account is kept. */
export interface Store {
  readonly kind: 'sqlite' | 'postgres'
  /** For writes, and for reads that take no time. */
  readonly db: Database
  /** For reads that may take long: they hold up no write. */
  readonly reader: Database
  /**
   * Writes many rows by one statement, within a transaction of {@link db}.
   * @returns how many rows were written
   */
  writeMany (transaction: Transaction<Tables>, many: ManyRows): Promise<number>
  close (): Promise<void>
}
