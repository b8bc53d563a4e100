import type { Role } from '../account/identity.ts'
import type { KnownKey } from '../account/key-ring.ts'
import { type BudgetSetting, type KeySettings, createIdentity } from '../account/key-settings.ts'
import type { KeyTable } from './tables.ts'

/** What may be said of a key of the store; null for what is not. */
export interface KeyFields {
  readonly name: string
  readonly role: Role
  readonly owner: string | null
  readonly team: string | null
  readonly models: readonly string[] | null
  readonly providers: readonly string[] | null
  readonly budgets: readonly BudgetSetting[]
  readonly requestsPerMinute: number | null
  readonly tokensPerMinute: number | null
  readonly concurrentStreams: number | null
  readonly profile: string | null
  /** Milliseconds since 1970. */
  readonly expiresAt: number | null
}

/** A key of the store as people see it: all but the hash of its secret. */
export interface StoredKey extends KeyFields {
  readonly id: string
  readonly hint: string
  /** Milliseconds since 1970, as all of these. */
  readonly createdAt: number
  readonly updatedAt: number
  readonly revokedAt: number | null
}

/** The columns that can be changed. */
type Columns = Omit<KeyTable, 'id' | 'hash' | 'hint' | 'created_at' | 'updated_at' | 'revoked_at' | 'revision'>

/** What a key is that nothing is said of. */
export const NO_FIELDS: Omit<KeyFields, 'name'> = {
  role: 'inference',
  owner: null,
  team: null,
  models: null,
  providers: null,
  budgets: [],
  requestsPerMinute: null,
  tokensPerMinute: null,
  concurrentStreams: null,
  profile: null,
  expiresAt: null
}

/** What is said of a key, as columns. */
export function columnsOf (fields: KeyFields): Columns {
  return {
    name: fields.name,
    role: fields.role,
    owner: fields.owner,
    team: fields.team,
    models: listText(fields.models),
    providers: listText(fields.providers),
    budgets: JSON.stringify(fields.budgets),
    requests_per_minute: fields.requestsPerMinute,
    tokens_per_minute: fields.tokensPerMinute,
    concurrent_streams: fields.concurrentStreams,
    profile: fields.profile,
    expires_at: fields.expiresAt
  }
}

function listText (list: readonly string[] | null): string | null {
  return list === null ? null : JSON.stringify(list)
}

function listOf (text: string | null): string[] | null {
  return text === null ? null : JSON.parse(text) as string[]
}

/** A row as people see it. */
export function storedKeyOf (row: KeyTable): StoredKey {
  return {
    id: row.id,
    name: row.name,
    // Nothing but this program writes it, and that checks it before.
    role: row.role as Role,
    owner: row.owner,
    team: row.team,
    models: listOf(row.models),
    providers: listOf(row.providers),
    budgets: JSON.parse(row.budgets) as BudgetSetting[],
    requestsPerMinute: row.requests_per_minute,
    tokensPerMinute: row.tokens_per_minute,
    concurrentStreams: row.concurrent_streams,
    profile: row.profile,
    hint: row.hint,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
    expiresAt: row.expires_at,
    revokedAt: row.revoked_at
  }
}

/** A row as requests need it. */
export function knownKeyOf (row: KeyTable): KnownKey {
  const { id, name, role, owner, team, models, providers, budgets, requestsPerMinute, tokensPerMinute, concurrentStreams, profile } = storedKeyOf(row)
  const settings = Object.entries({ role, owner, team, models, providers, budgets, requestsPerMinute, tokensPerMinute, concurrentStreams, profile })
  return {
    hash: row.hash,
    identity: createIdentity(id, name, Object.fromEntries(settings.filter(([, value]) => value !== null)) as KeySettings),
    expiresAt: row.expires_at,
    revoked: row.revoked_at !== null,
    revision: row.revision
  }
}
