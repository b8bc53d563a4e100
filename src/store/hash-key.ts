import { newHashKey } from '../account/secret.ts'
import type { Database } from './store.ts'

const NAME = 'key_hash_secret'

/** The key that the store's secrets are hashed with where none is given: made once, whichever process comes first. */
export async function readHashKey (db: Database): Promise<string> {
  await db.insertInto('setting').values({ name: NAME, value: newHashKey() }).onConflict(conflict => conflict.column('name').doNothing()).execute()
  const { value } = await db.selectFrom('setting').select('value').where('name', '=', NAME).executeTakeFirstOrThrow()
  return value
}
