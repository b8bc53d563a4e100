import { sql } from 'kysely'
import type { Database } from '../store/store.ts'
import { SUM_COLUMNS } from '../store/sum-columns.ts'
import type { LedgerTable, SpendTable, UsageDayTable, UsageHourTable, UsageSessionProviderTable, UsageSessionTable } from '../store/tables.ts'

/** A statement for one row, compiled once, and the order of its values. */
export interface RowStatement<Row> {
  readonly sql: string
  readonly columns: readonly (keyof Row & string)[]
}

type SumTable = 'usage_hour' | 'usage_day' | 'usage_session' | 'usage_session_provider'

const COUNTERS = ['input', 'cache_read', 'cache_write_5m', 'cache_write_1h', 'output', 'reasoning'] as const
const LEDGER = [
  'request_id', 'attempt', 'instance', 'began_at', 'settled_at', 'state', 'last', 'key_id', 'team', 'session', 'agent', 'parent_agent', 'client', 'ingress',
  'scenario', 'rule', 'provider', 'requested_model', 'model', 'served_model', 'streamed', 'status', 'stop_reason', 'error_type', 'aborted_by', ...COUNTERS,
  'cost', 'estimated', 'first_content_ms', 'duration_ms'
] as const satisfies readonly (keyof LedgerTable)[]
/** What an entry is not known of before it is settled. */
const SETTLED = ['settled_at', 'state', 'last', 'served_model', 'status', 'stop_reason', 'error_type', 'aborted_by', ...COUNTERS, 'cost', 'estimated', 'first_content_ms', 'duration_ms'] as const satisfies readonly (keyof LedgerTable)[]

/** The statements of the ledger. */
export interface Statements {
  /** Notes that a try began; what is known of it already stands. */
  readonly open: RowStatement<LedgerTable>
  /** Settles a try, noted or not: once. */
  readonly settle: RowStatement<LedgerTable>
  readonly hour: RowStatement<UsageHourTable>
  readonly day: RowStatement<UsageDayTable>
  readonly session: RowStatement<UsageSessionTable>
  readonly sessionProvider: RowStatement<UsageSessionProviderTable>
  readonly spend: RowStatement<SpendTable>
}

/** A row of places for values: what is compiled of it is the same for every row. */
function blank (columns: readonly string[]): never {
  return Object.fromEntries(columns.map(column => [column, null])) as never
}

/** What stands in a row already, and what comes to it. */
function sumOf (table: string, column: string): ReturnType<typeof sql<number>> {
  return sql<number>`${sql.ref(`${table}.${column}`)} + ${sql.ref(`excluded.${column}`)}`
}

/** The earlier of two first times, or the later of two last ones. */
function boundOf (table: string, column: string): ReturnType<typeof sql<number>> {
  const [known, given] = [sql.ref(`${table}.${column}`), sql.ref(`excluded.${column}`)]
  return column === 'first_at' ? sql<number>`case when ${given} < ${known} then ${given} else ${known} end` : sql<number>`case when ${given} > ${known} then ${given} else ${known} end`
}

/** Compiles the statements for a database. */
export function createStatements (db: Database): Statements {
  const sums = <T extends SumTable, Row>(table: T, keys: readonly (keyof Row & string)[], others: readonly (keyof Row & string)[] = []): RowStatement<Row> => {
    const columns = [...keys, ...others, ...SUM_COLUMNS]
    const query = db.insertInto(table as SumTable).values(blank(columns)).onConflict(conflict => conflict.columns(keys as never[]).doUpdateSet({
      ...Object.fromEntries(SUM_COLUMNS.map(column => [column, sumOf(table, column)])),
      ...Object.fromEntries(others.map(column => [column, boundOf(table, column)]))
    } as never))
    return { sql: query.compile().sql, columns: columns as (keyof Row & string)[] }
  }
  const ledger = db.insertInto('ledger').values(blank(LEDGER))
  return {
    open: { columns: LEDGER, sql: ledger.onConflict(conflict => conflict.columns(['request_id', 'attempt']).doNothing()).compile().sql },
    settle: {
      columns: LEDGER,
      sql: ledger.onConflict(conflict => conflict.columns(['request_id', 'attempt'])
        .doUpdateSet(Object.fromEntries(SETTLED.map(column => [column, sql.ref(`excluded.${column}`)])))
        .where(sql.ref('ledger.settled_at'), 'is', null)).compile().sql
    },
    hour: sums('usage_hour', ['hour', 'key_id', 'provider', 'model', 'scenario']),
    day: sums('usage_day', ['day', 'key_id', 'provider', 'model', 'scenario']),
    session: sums('usage_session', ['session', 'key_id'], ['first_at', 'last_at']),
    sessionProvider: sums('usage_session_provider', ['session', 'key_id', 'provider', 'agent']),
    spend: {
      columns: ['key_id', 'day', 'cost', 'tokens'],
      sql: db.insertInto('spend').values(blank(['key_id', 'day', 'cost', 'tokens'])).onConflict(conflict => conflict.columns(['key_id', 'day']).doUpdateSet(Object.fromEntries(['cost', 'tokens'].map(column => [column, sumOf('spend', column)])))).compile().sql
    }
  }
}
