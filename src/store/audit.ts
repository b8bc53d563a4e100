import { sql } from 'kysely'
import type { Store } from './store.ts'
import type { AuditTable } from './tables.ts'

/** What admins do. */
export const AUDIT_ACTIONS = ['config.change', 'config.restore', 'config.backup', 'config.reload', 'key.create', 'key.change', 'key.revoke', 'session.delete'] as const
export type AuditAction = typeof AUDIT_ACTIONS[number]

/** Bytes that what was there before, or is there after, may take. */
const MAX_BYTES = 64 * 1024
/** Characters that are kept of more. As a text within JSON none takes more than three bytes: control characters are escaped before. */
const BEGINNING = MAX_BYTES / 4

/** Something that an admin did. */
export interface AuditEntry {
  /** The name of a key, or `local`. */
  readonly actor: string
  readonly action: AuditAction
  /** Id or name of what was changed. */
  readonly subject: string
  /** Without secrets, which whoever notes it takes out; null for nothing. */
  readonly before: unknown
  readonly after: unknown
}

/** The same as it was kept. */
export interface NotedEntry extends AuditEntry {
  readonly id: number
  /** Milliseconds since 1970. */
  readonly at: number
}

/** Where a page ends. */
export type AuditPosition = readonly [at: number, id: number]

export interface AuditPage {
  readonly size: number
  /** Entries that come after this one in the list. */
  readonly before?: AuditPosition | undefined
  readonly action?: AuditAction | undefined
  readonly actor?: string | undefined
  /** Milliseconds since 1970: from then on, and before then. */
  readonly from?: number | undefined
  readonly to?: number | undefined
}

/** What admins did. The tables refuse to change or delete any of it. */
export class AuditLog {
  readonly #store: Pick<Store, 'db' | 'reader'>

  constructor (store: Pick<Store, 'db' | 'reader'>) {
    this.#store = store
  }

  /** Keeps an entry; what is too large of it is cut. */
  async note ({ actor, action, subject, before, after }: AuditEntry): Promise<void> {
    await this.#store.db.insertInto('audit').values({ at: Date.now(), actor, action, subject, before: boundedJson(before), after: boundedJson(after) }).execute()
  }

  /** A page of entries, the latest first. */
  async list ({ size, before, action, actor, from, to }: AuditPage): Promise<NotedEntry[]> {
    let query = this.#store.reader.selectFrom('audit').selectAll().orderBy('at', 'desc').orderBy('id', 'desc').limit(size)
    if (action !== undefined) query = query.where('action', '=', action)
    if (actor !== undefined) query = query.where('actor', '=', actor)
    if (from !== undefined) query = query.where('at', '>=', from)
    if (to !== undefined) query = query.where('at', '<', to)
    if (before !== undefined) query = query.where(sql<boolean>`(at, id) < (${before[0]}, ${before[1]})`)
    return (await query.execute()).map(entryOf)
  }
}

function entryOf ({ action, before, after, ...same }: Omit<AuditTable, 'id'> & { id: number }): NotedEntry {
  // Nothing but this program writes it.
  return { ...same, action: action as AuditAction, before: valueOf(before), after: valueOf(after) }
}

function valueOf (text: string | null): unknown {
  return text === null ? null : JSON.parse(text)
}

/** A value as JSON; of what is too large, its beginning, and that it was cut. Null for nothing. */
export function boundedJson (value: unknown): string | null {
  if (value === null || value === undefined) return null
  const text = JSON.stringify(value)
  const bytes = Buffer.byteLength(text)
  return bytes <= MAX_BYTES ? text : JSON.stringify({ cut: true, bytes, beginning: text.slice(0, BEGINNING) })
}
