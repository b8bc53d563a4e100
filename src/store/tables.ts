import type { Generated } from 'kysely'

/** Counters that the ledger and all of its sums have. Tokens, and micro-dollars. */
interface Counters {
  input: number
  cache_read: number
  cache_write_5m: number
  cache_write_1h: number
  output: number
  reasoning: number
}

/** Counters of sums. */
export interface Sums extends Counters {
  /** Tries. */
  attempts: number
  /** Requests of clients: their last tries. */
  requests: number
  /** Requests that ended in an error. */
  errors: number
  /** Tries whose tokens are estimated. */
  estimated: number
  /** Micro-dollars, of the tries that have a price. */
  cost: number
  /** Tries without a price. */
  unpriced: number
  /** Milliseconds. */
  duration_ms: number
  /** Milliseconds to the first content, and the tries that got so far. */
  first_content_ms: number
  first_contents: number
}

/** A try; columns as in {@link Entry}. */
export interface LedgerTable extends Counters {
  request_id: string
  attempt: number
  instance: string
  began_at: number
  settled_at: number | null
  state: string
  last: number
  key_id: string
  team: string | null
  session: string | null
  agent: string | null
  parent_agent: string | null
  client: string | null
  ingress: string
  scenario: string
  rule: string
  provider: string
  requested_model: string
  model: string
  served_model: string | null
  streamed: number
  status: number | null
  stop_reason: string | null
  error_type: string | null
  aborted_by: string | null
  cost: number | null
  estimated: number
  first_content_ms: number | null
  duration_ms: number | null
}

/** Sums by hour (milliseconds since 1970 of its begin), key, provider, model and scenario. */
export interface UsageHourTable extends Sums {
  hour: number
  key_id: string
  provider: string
  model: string
  scenario: string
}

/** The same by day (milliseconds since 1970 of its begin, UTC): what long times are read from. */
export interface UsageDayTable extends Omit<UsageHourTable, 'hour'> {
  day: number
}

/** Sums by session and the key that it was seen with. */
export interface UsageSessionTable extends Sums {
  session: string
  key_id: string
  first_at: number
  last_at: number
}

/** Sums by session, key, provider and agent ('' for the main loop). */
export interface UsageSessionProviderTable extends Sums {
  session: string
  key_id: string
  provider: string
  agent: string
}

/** What a key spent on a day (days since 1970): what budgets are held against. */
export interface SpendTable {
  key_id: string
  day: number
  /** Micro-dollars. */
  cost: number
  tokens: number
}

/** What running requests may come to, at most; of no account once it expired. */
export interface ReservationTable {
  request_id: string
  key_id: string
  instance: string
  cost: number
  tokens: number
  /** Milliseconds since 1970. */
  expires_at: number
}

/** Keys of clients. */
export interface KeyTable {
  id: string
  name: string
  owner: string | null
  team: string | null
  role: string
  /** Keyed hash of the secret, hexadecimal. */
  hash: string
  /** The secret's last four characters, for people to tell keys apart. */
  hint: string
  /** JSON: lists of globs, or null. */
  models: string | null
  providers: string | null
  /** JSON: a list of budgets. */
  budgets: string
  requests_per_minute: number | null
  tokens_per_minute: number | null
  concurrent_streams: number | null
  profile: string | null
  /** Milliseconds since 1970. */
  expires_at: number | null
  created_at: number
  updated_at: number
  /** When it was revoked; its row stays, for the names in the usage. */
  revoked_at: number | null
  /** Grows with every change of any key: what replicas ask for. */
  revision: number
}

/** Processes that write to the store: open tries of one that is gone are closed by the others. */
export interface InstanceTable {
  id: string
  host: string
  pid: number
  started_at: number
  seen_at: number
}

/** Single values by name. */
export interface SettingTable {
  name: string
  value: string
}

/** What admins did; rows are only ever added. Columns as in {@link NotedEntry}. */
export interface AuditTable {
  id: Generated<number>
  at: number
  actor: string
  action: string
  subject: string
  /** JSON; null for nothing. */
  before: string | null
  after: string | null
}

/** The documents of the configuration, where it is kept in the database: the newest is in force. */
export interface ConfigRevisionTable {
  revision: number
  /** Milliseconds since 1970; no two are the same. */
  at: number
  author: string
  /** As it was written; null where it is so old that only its history is kept. */
  text: string | null
  /** JSON: what it changed, without secrets. */
  difference: string
}

export interface Tables {
  ledger: LedgerTable
  usage_hour: UsageHourTable
  usage_day: UsageDayTable
  usage_session: UsageSessionTable
  usage_session_provider: UsageSessionProviderTable
  spend: SpendTable
  reservation: ReservationTable
  client_key: KeyTable
  instance: InstanceTable
  setting: SettingTable
  audit: AuditTable
  config_revision: ConfigRevisionTable
}
