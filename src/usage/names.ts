import type { Identity } from '../account/identity.ts'
import type { Database } from '../store/store.ts'

/** How people know a key. */
export interface KeyName { readonly name: string, readonly team: string | null }

/** Requests that needed no key. */
export const LOCAL_NAME: KeyName = { name: 'local', team: null }

/** The names of all keys by their ids: those of the configuration and of the store, revoked ones too. */
export async function keyNames (db: Database, configured: readonly Identity[]): Promise<Map<string, KeyName>> {
  const stored = await db.selectFrom('client_key').select(['id', 'name', 'team']).execute()
  return new Map<string, KeyName>([['', LOCAL_NAME], ...[...configured, ...stored].map(({ id, name, team }) => [id, { name, team }] as const)])
}
