import type { UsageSettings } from '../config/snapshot.ts'
import { migrate } from './migrate.ts'
import type { Store } from './store.ts'

/**
 * Opens the store that the configuration names, and brings its tables up to date.
 * @param onError is told of connections that broke while nobody used them
 * @throws {Error} when it cannot be reached or written, or was made by a newer program
 */
export async function openStore ({ store: place }: Pick<UsageSettings, 'store'>, onError: (error: Error) => void): Promise<Store> {
  const store = await openPlace(place, onError)
  try {
    await migrate(store)
    return store
  } catch (error) {
    await store.close()
    throw error
  }
}

/** Only what is used is loaded: each of the two drivers takes memory and time. */
async function openPlace (place: UsageSettings['store'], onError: (error: Error) => void): Promise<Store> {
  if (place.kind === 'sqlite') return (await import('./open-sqlite.ts')).openSqlite(place.path)
  return (await import('./open-postgres.ts')).openPostgres(place.url, onError)
}
