import { type Kysely, Migrator, sql } from 'kysely'
import { MIGRATIONS } from './migrations/index.ts'
import type { Database, Store } from './store.ts'
import type { Tables } from './tables.ts'

/**
 * Brings the tables up to date. Several processes may do so at once: on PostgreSQL Kysely's migrator holds a lock, on
 * SQLite everything happens in one transaction that writes from its beginning.
 * @throws {Error} when the store was made by a newer program
 */
export async function migrate ({ db, kind }: Store): Promise<void> {
  if (kind === 'postgres') return migrateBy(db)
  await db.connection().execute(async connection => {
    await sql`begin immediate`.execute(connection)
    try {
      await migrateBy(connection)
      await sql`commit`.execute(connection)
    } catch (error) {
      await sql`rollback`.execute(connection)
      throw error
    }
  })
}

async function migrateBy (db: Kysely<Tables>): Promise<void> {
  await refuseNewer(db)
  const { error } = await new Migrator({ db, provider: { getMigrations: async () => ({ ...MIGRATIONS }) } }).migrateToLatest()
  if (error !== undefined) {
    // Another process may have been newer, and faster.
    await refuseNewer(db)
    throw error instanceof Error ? error : new Error(String(error))
  }
}

/** @throws {Error} when there are migrations that this program does not know */
async function refuseNewer (db: Database): Promise<void> {
  const tables = await db.introspection.getTables({ withInternalKyselyTables: true })
  if (!tables.some(({ name }) => name === 'kysely_migration')) return
  const { rows } = await sql<{ name: string }>`select name from kysely_migration order by name`.execute(db)
  const unknown = rows.filter(({ name }) => !Object.hasOwn(MIGRATIONS, name))
  if (unknown.length > 0) throw new Error(`it was made by a newer Switchyard (${unknown.map(({ name }) => name).join(', ')}): run that one, or name another store`)
}
