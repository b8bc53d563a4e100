import { sql } from 'kysely'
import type { Database } from '../store/store.ts'
import type { UsageSessionProviderTable, UsageSessionTable } from '../store/tables.ts'

/** Where a page of sessions ends: its last one. */
export type SessionPosition = readonly [lastAt: number, session: string, key: string]

export interface SessionFilter {
  readonly keys?: readonly string[] | undefined
  /** Milliseconds since 1970: sessions that were seen in between. */
  readonly from?: number | undefined
  readonly to?: number | undefined
}

/** A session with its parts: by provider and agent. */
export interface SessionRows {
  readonly sessions: readonly UsageSessionTable[]
  readonly parts: readonly UsageSessionProviderTable[]
}

/** Sessions, the one seen last first, with their parts. */
export async function listSessions (db: Database, filter: SessionFilter, after: SessionPosition | undefined, limit: number): Promise<SessionRows> {
  let query = db.selectFrom('usage_session').selectAll().orderBy('last_at', 'desc').orderBy('session', 'desc').orderBy('key_id', 'desc').limit(limit)
  if (filter.keys !== undefined) query = query.where('key_id', 'in', filter.keys)
  if (filter.from !== undefined) query = query.where('last_at', '>=', filter.from)
  if (filter.to !== undefined) query = query.where('first_at', '<', filter.to)
  if (after !== undefined) query = query.where(sql<boolean>`(last_at, session, key_id) < (${after[0]}, ${after[1]}, ${after[2]})`)
  const sessions = await query.execute()
  return { sessions, parts: await partsOf(db, sessions.map(({ session }) => session), filter.keys) }
}

/** One session, with whatever keys it was seen; empty where it is not known. */
export async function findSession (db: Database, session: string, keys: readonly string[] | undefined): Promise<SessionRows> {
  let query = db.selectFrom('usage_session').selectAll().where('session', '=', session)
  if (keys !== undefined) query = query.where('key_id', 'in', keys)
  const sessions = await query.execute()
  return { sessions, parts: sessions.length === 0 ? [] : await partsOf(db, [session], keys) }
}

/**
 * Forgets a session: its sums, and that its requests belonged together. What they used stays in the sums by hour.
 * @returns whether there was one
 */
export async function deleteSession (db: Database, session: string): Promise<boolean> {
  return await db.transaction().execute(async transaction => {
    const { numDeletedRows } = await transaction.deleteFrom('usage_session').where('session', '=', session).executeTakeFirstOrThrow()
    await transaction.deleteFrom('usage_session_provider').where('session', '=', session).execute()
    await transaction.updateTable('ledger').set({ session: null }).where('session', '=', session).execute()
    return numDeletedRows > 0n
  })
}

async function partsOf (db: Database, sessions: readonly string[], keys: readonly string[] | undefined): Promise<UsageSessionProviderTable[]> {
  if (sessions.length === 0) return []
  let query = db.selectFrom('usage_session_provider').selectAll().where('session', 'in', sessions)
  if (keys !== undefined) query = query.where('key_id', 'in', keys)
  return await query.execute()
}
