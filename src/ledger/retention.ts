import type { Store } from '../store/store.ts'

const DAY = 86_400_000
/** Rows that are deleted at a time: what deletes many holds up what writes. */
const CHUNK = 1000

/**
 * Deletes settled entries that are older than so many days; their sums stay.
 * @param days 0 for never
 * @param signal ends it between two chunks
 * @returns how many were deleted
 */
export async function deleteOld ({ db }: Store, days: number, signal: AbortSignal, now = Date.now()): Promise<number> {
  if (days === 0) return 0
  const before = now - days * DAY
  let deleted = 0
  for (;;) {
    if (signal.aborted) return deleted
    const last = await db.selectFrom('ledger').select(['began_at', 'request_id']).where('began_at', '<', before).orderBy('began_at').orderBy('request_id').offset(CHUNK - 1).limit(1).executeTakeFirst()
    const upTo = last?.began_at ?? before - 1
    const { numDeletedRows } = await db.deleteFrom('ledger').where('began_at', '<=', upTo).where('settled_at', 'is not', null).executeTakeFirstOrThrow()
    deleted += Number(numDeletedRows)
    if (last === undefined || numDeletedRows === 0n) return deleted
  }
}
