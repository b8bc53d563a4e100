import { type Kysely, type CreateTableBuilder, sql } from 'kysely'

const COUNTERS = ['input', 'cache_read', 'cache_write_5m', 'cache_write_1h', 'output', 'reasoning'] as const
const SUMS = [...COUNTERS, 'attempts', 'requests', 'errors', 'estimated', 'cost', 'unpriced', 'duration_ms', 'first_content_ms', 'first_contents'] as const

// A Kysely of whatever tables there were: a migration must not change with the types of today.
type Database = Kysely<unknown>

function withCounts<T extends string, C extends string> (table: CreateTableBuilder<T, C>, names: readonly string[]): CreateTableBuilder<T, C> {
  return names.reduce((built, name) => built.addColumn(name, 'bigint', column => column.notNull().defaultTo(0)) as unknown as CreateTableBuilder<T, C>, table)
}

async function createLedger (db: Database): Promise<void> {
  const table = db.schema.createTable('ledger')
    .addColumn('request_id', 'text', column => column.notNull())
    .addColumn('attempt', 'integer', column => column.notNull())
    .addColumn('instance', 'text', column => column.notNull())
    .addColumn('began_at', 'bigint', column => column.notNull())
    .addColumn('settled_at', 'bigint')
    .addColumn('state', 'text', column => column.notNull())
    .addColumn('last', 'integer', column => column.notNull())
    .addColumn('key_id', 'text', column => column.notNull())
    .addColumn('team', 'text')
    .addColumn('session', 'text')
    .addColumn('agent', 'text')
    .addColumn('parent_agent', 'text')
    .addColumn('client', 'text')
    .addColumn('ingress', 'text', column => column.notNull())
    .addColumn('scenario', 'text', column => column.notNull())
    .addColumn('rule', 'text', column => column.notNull())
    .addColumn('provider', 'text', column => column.notNull())
    .addColumn('requested_model', 'text', column => column.notNull())
    .addColumn('model', 'text', column => column.notNull())
    .addColumn('served_model', 'text')
    .addColumn('streamed', 'integer', column => column.notNull())
    .addColumn('status', 'integer')
    .addColumn('stop_reason', 'text')
    .addColumn('error_type', 'text')
    .addColumn('aborted_by', 'text')
    .addColumn('cost', 'bigint')
    .addColumn('estimated', 'integer', column => column.notNull())
    .addColumn('first_content_ms', 'integer')
    .addColumn('duration_ms', 'integer')
  await withCounts(table, COUNTERS).addPrimaryKeyConstraint('ledger_pk', ['request_id', 'attempt']).execute()
  // For pages of the latest, whole and by session, and for what a dead process left open.
  await db.schema.createIndex('ledger_began').on('ledger').columns(['began_at', 'request_id']).execute()
  await db.schema.createIndex('ledger_session').on('ledger').columns(['session', 'began_at']).where(sql.ref('session'), 'is not', null).execute()
  await db.schema.createIndex('ledger_open').on('ledger').column('instance').where(sql.ref('settled_at'), 'is', null).execute()
}

async function createSums (db: Database): Promise<void> {
  const text = (table: CreateTableBuilder<string, never>, ...names: string[]): CreateTableBuilder<string, never> =>
    names.reduce((built, name) => built.addColumn(name, 'text', column => column.notNull()) as unknown as CreateTableBuilder<string, never>, table)
  const create = (name: string): CreateTableBuilder<string, never> => db.schema.createTable(name) as CreateTableBuilder<string, never>

  for (const time of ['hour', 'day']) {
    const times = text(create(`usage_${time}`).addColumn(time, 'bigint', column => column.notNull()) as never, 'key_id', 'provider', 'model', 'scenario')
    await withCounts(times, SUMS).addPrimaryKeyConstraint(`usage_${time}_pk`, [time, 'key_id', 'provider', 'model', 'scenario'] as never[]).execute()
  }

  const sessions = text(create('usage_session'), 'session', 'key_id')
    .addColumn('first_at', 'bigint', column => column.notNull())
    .addColumn('last_at', 'bigint', column => column.notNull())
  await withCounts(sessions, SUMS).addPrimaryKeyConstraint('usage_session_pk', ['session', 'key_id'] as never[]).execute()
  await db.schema.createIndex('usage_session_last').on('usage_session').columns(['last_at', 'session']).execute()
  await db.schema.createIndex('usage_session_key').on('usage_session').columns(['key_id', 'last_at']).execute()

  const parts = text(create('usage_session_provider'), 'session', 'key_id', 'provider', 'agent')
  await withCounts(parts, SUMS).addPrimaryKeyConstraint('usage_session_provider_pk', ['session', 'key_id', 'provider', 'agent'] as never[]).execute()
}

async function createBudgets (db: Database): Promise<void> {
  await db.schema.createTable('spend')
    .addColumn('key_id', 'text', column => column.notNull())
    .addColumn('day', 'integer', column => column.notNull())
    .addColumn('cost', 'bigint', column => column.notNull().defaultTo(0))
    .addColumn('tokens', 'bigint', column => column.notNull().defaultTo(0))
    .addPrimaryKeyConstraint('spend_pk', ['key_id', 'day'])
    .execute()
  await db.schema.createTable('reservation')
    .addColumn('request_id', 'text', column => column.primaryKey())
    .addColumn('key_id', 'text', column => column.notNull())
    .addColumn('instance', 'text', column => column.notNull())
    .addColumn('cost', 'bigint', column => column.notNull())
    .addColumn('tokens', 'bigint', column => column.notNull())
    .addColumn('expires_at', 'bigint', column => column.notNull())
    .execute()
  await db.schema.createIndex('reservation_key').on('reservation').column('key_id').execute()
}

async function createKeys (db: Database): Promise<void> {
  await db.schema.createTable('client_key')
    .addColumn('id', 'text', column => column.primaryKey())
    .addColumn('name', 'text', column => column.notNull())
    .addColumn('owner', 'text')
    .addColumn('team', 'text')
    .addColumn('role', 'text', column => column.notNull())
    .addColumn('hash', 'text', column => column.notNull().unique())
    .addColumn('hint', 'text', column => column.notNull())
    .addColumn('models', 'text')
    .addColumn('providers', 'text')
    .addColumn('budgets', 'text', column => column.notNull())
    .addColumn('requests_per_minute', 'integer')
    .addColumn('tokens_per_minute', 'bigint')
    .addColumn('concurrent_streams', 'integer')
    .addColumn('profile', 'text')
    .addColumn('expires_at', 'bigint')
    .addColumn('created_at', 'bigint', column => column.notNull())
    .addColumn('updated_at', 'bigint', column => column.notNull())
    .addColumn('revoked_at', 'bigint')
    .addColumn('revision', 'bigint', column => column.notNull())
    .execute()
  await db.schema.createIndex('client_key_revision').on('client_key').column('revision').execute()
  await db.schema.createTable('instance')
    .addColumn('id', 'text', column => column.primaryKey())
    .addColumn('host', 'text', column => column.notNull())
    .addColumn('pid', 'integer', column => column.notNull())
    .addColumn('started_at', 'bigint', column => column.notNull())
    .addColumn('seen_at', 'bigint', column => column.notNull())
    .execute()
  await db.schema.createTable('setting')
    .addColumn('name', 'text', column => column.primaryKey())
    .addColumn('value', 'text', column => column.notNull())
    .execute()
}

/** The ledger, its sums, budgets and keys. */
export async function up (db: Database): Promise<void> {
  await createLedger(db)
  await createSums(db)
  await createBudgets(db)
  await createKeys(db)
}
