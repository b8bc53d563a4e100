import { CompiledQuery, type DatabaseConnection, type Dialect, type Driver, type Kysely, SqliteAdapter, SqliteIntrospector, SqliteQueryCompiler } from 'kysely'
import { type SqliteConnection, StoreError } from './connection.ts'

/** One connection for all: who has it in a transaction is waited for. */
class SqliteDriver implements Driver {
  readonly #open: () => Promise<SqliteConnection>
  #connection: SqliteConnection | undefined
  #last: Promise<void> = Promise.resolve()
  #release: () => void = () => {}

  constructor (open: () => Promise<SqliteConnection>) {
    this.#open = open
  }

  async init (): Promise<void> {
    this.#connection = await this.#open()
  }

  async acquireConnection (): Promise<DatabaseConnection> {
    if (this.#connection === undefined) throw new StoreError('the database is not open')
    const before = this.#last
    let release = (): void => {}
    this.#last = new Promise(resolve => { release = resolve })
    await before
    this.#release = release
    return this.#connection
  }

  async beginTransaction (connection: DatabaseConnection): Promise<void> {
    // Immediate: a transaction that reads first and writes later could otherwise fail at its write, whatever it waits.
    await connection.executeQuery(CompiledQuery.raw('begin immediate'))
  }

  async commitTransaction (connection: DatabaseConnection): Promise<void> {
    await connection.executeQuery(CompiledQuery.raw('commit'))
  }

  async rollbackTransaction (connection: DatabaseConnection): Promise<void> {
    await connection.executeQuery(CompiledQuery.raw('rollback'))
  }

  async releaseConnection (): Promise<void> {
    this.#release()
  }

  async destroy (): Promise<void> {
    await this.#connection?.close()
  }
}

/** Kysely's dialect for an SQLite file in a thread of its own. */
export class SqliteThreadDialect implements Dialect {
  readonly #open: () => Promise<SqliteConnection>

  /** @param open is called at the first query */
  constructor (open: () => Promise<SqliteConnection>) {
    this.#open = open
  }

  createDriver (): Driver { return new SqliteDriver(this.#open) }
  createQueryCompiler (): SqliteQueryCompiler { return new SqliteQueryCompiler() }
  createAdapter (): SqliteAdapter { return new SqliteAdapter() }
  createIntrospector (db: Kysely<never>): SqliteIntrospector { return new SqliteIntrospector(db) }
}
