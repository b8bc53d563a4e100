import { mkdir } from 'node:fs/promises'
import { dirname } from 'node:path'
import { Kysely } from 'kysely'
import { SqliteConnection } from './sqlite/connection.ts'
import { SqliteThreadDialect } from './sqlite/dialect.ts'
import type { Database, Store } from './store.ts'
import type { Tables } from './tables.ts'

/**
 * Opens an SQLite file, with its folder where that is missing. Reads that may take long get a thread of their own, at the
 * first of them.
 * @throws {Error} when it cannot be opened, or is no database
 */
export async function openSqlite (path: string): Promise<Store> {
  await mkdir(dirname(path), { recursive: true })
  const connection = await SqliteConnection.open({ path, readOnly: false })
  const db = new Kysely<Tables>({ dialect: new SqliteThreadDialect(async () => connection) })
  const reader: Database = new Kysely<Tables>({ dialect: new SqliteThreadDialect(() => SqliteConnection.open({ path, readOnly: true })) })
  return {
    kind: 'sqlite',
    db,
    reader,
    // A transaction of another may have the connection: it is waited for.
    writeBatch: steps => db.connection().execute(() => connection.executeBatch(steps)),
    close: async () => {
      await reader.destroy()
      await db.destroy()
      await connection.close()
    }
  }
}
