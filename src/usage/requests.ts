import { type SelectQueryBuilder, sql } from 'kysely'
import type { Database } from '../store/store.ts'
import type { LedgerTable, Tables } from '../store/tables.ts'

/** Rows that one page looks at, at most: a filter that fits nothing must not read a million of them. */
const WINDOW = 5000

/** Where a page of tries ends. */
export type RequestPosition = readonly [beganAt: number, requestId: string, attempt: number]

export interface RequestFilter {
  readonly from?: number | undefined
  readonly to?: number | undefined
  readonly keys?: readonly string[] | undefined
  readonly provider?: string | undefined
  readonly model?: string | undefined
  readonly scenario?: string | undefined
  readonly session?: string | undefined
  readonly state?: string | undefined
}

export interface RequestPage {
  readonly rows: LedgerTable[]
  /** Where the next page begins; null when there is none. */
  readonly next: RequestPosition | null
}

type Query = SelectQueryBuilder<Tables, 'ledger', LedgerTable>

function within (query: Query, { from, to, session }: RequestFilter): Query {
  if (from !== undefined) query = query.where('began_at', '>=', from)
  if (to !== undefined) query = query.where('began_at', '<', to)
  if (session !== undefined) query = query.where('session', '=', session)
  return query
}

function matching (query: Query, { keys, provider, model, scenario, state }: RequestFilter): Query {
  if (keys !== undefined) query = query.where('key_id', 'in', keys)
  for (const [column, value] of Object.entries({ provider, model, scenario, state })) if (value !== undefined) query = query.where(sql<boolean>`${sql.ref(column)} = ${value}`)
  return query
}

function positionOf ({ began_at: began, request_id: request, attempt }: LedgerTable): RequestPosition {
  return [began, request, attempt]
}

/**
 * Tries, the latest first. A page may hold fewer than were asked for, or none, and still have a next one: it looks at so many
 * tries at most.
 */
export async function listRequests (db: Database, filter: RequestFilter, after: RequestPosition | undefined, limit: number): Promise<RequestPage> {
  let window = within(db.selectFrom('ledger').selectAll(), filter).orderBy('began_at', 'desc').orderBy('request_id', 'desc').orderBy('attempt', 'desc')
  if (after !== undefined) window = window.where(sql<boolean>`(began_at, request_id, attempt) < (${after[0]}, ${after[1]}, ${after[2]})`)
  const seen = window.limit(WINDOW)
  const found = matching(db.selectFrom(seen.as('ledger')).selectAll() as unknown as Query, filter)
  const rows = await found.orderBy('began_at', 'desc').orderBy('request_id', 'desc').orderBy('attempt', 'desc').limit(limit).execute()
  if (rows.length === limit) return { rows, next: positionOf(rows.at(-1) as LedgerTable) }
  const last = await window.offset(WINDOW - 1).limit(1).executeTakeFirst()
  return { rows, next: last === undefined ? null : positionOf(last) }
}

/** All settled tries of a time, the oldest first, some at a time. */
export async function * readRequests (db: Database, filter: RequestFilter, size: number): AsyncGenerator<LedgerTable[]> {
  let after: RequestPosition | undefined
  for (;;) {
    let query = matching(within(db.selectFrom('ledger').selectAll(), filter), filter).where('settled_at', 'is not', null)
    if (after !== undefined) query = query.where(sql<boolean>`(began_at, request_id, attempt) > (${after[0]}, ${after[1]}, ${after[2]})`)
    const rows = await query.orderBy('began_at').orderBy('request_id').orderBy('attempt').limit(size).execute()
    if (rows.length > 0) yield rows
    if (rows.length < size) return
    after = positionOf(rows.at(-1) as LedgerTable)
  }
}
