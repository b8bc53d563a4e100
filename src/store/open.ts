import type { UsageSettings } from '../config/snapshot.ts'
import { migrate } from './migrate.ts'
import { openPostgres } from './open-postgres.ts'
import { openSqlite } from './open-sqlite.ts'
import type { Store } from './store.ts'

/**
 * Opens the store that the configuration names, and brings its tables up to date.
 * @param onError is told of connections that broke while nobody used them
 * @throws {Error} when it cannot be reached or written, or was made by a newer program
 */
export async function openStore ({ store: place }: Pick<UsageSettings, 'store'>, onError: (error: Error) => void): Promise<Store> {
  const store = place.kind === 'postgres' ? openPostgres(place.url, onError) : await openSqlite(place.path)
  try {
    await migrate(store)
    return store
  } catch (error) {
    await store.close()
    throw error
  }
}
