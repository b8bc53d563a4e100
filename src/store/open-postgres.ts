import { CompiledQuery, Kysely, PostgresDialect, type Transaction } from 'kysely'
import pg from 'pg'
import { type Statement, expandValues } from './postgres/expand-values.ts'
import { createPool } from './postgres/pool.ts'
import { type ManyRows, type Store, UnexpectedCount } from './store.ts'
import type { Tables } from './tables.ts'

const CONNECTIONS = 8
/** Milliseconds: a database that is slower than that counts as down. */
const CONNECT_TIMEOUT = 3000
const STATEMENT_TIMEOUT = 10_000

/** Types that hold whole numbers: counters here stay far below 2^53. */
const NUMBERS: readonly number[] = [pg.types.builtins.INT8, pg.types.builtins.NUMERIC]

const types: pg.CustomTypesConfig = {
  getTypeParser: ((oid: number, format?: 'text') => NUMBERS.includes(oid) ? Number : pg.types.getTypeParser(oid, format)) as typeof pg.types.getTypeParser
}

/**
 * Opens a pool of connections to PostgreSQL; nothing is sent yet.
 * @param onError is told of connections that broke while nobody used them
 */
export function openPostgres (url: string, onError: (error: Error) => void): Store {
  const pool = createPool({
    connectionString: url,
    max: CONNECTIONS,
    connectionTimeoutMillis: CONNECT_TIMEOUT,
    query_timeout: STATEMENT_TIMEOUT,
    application_name: 'switchyard',
    types
  }, onError)
  const db = new Kysely<Tables>({ dialect: new PostgresDialect({ pool }) })
  return {
    kind: 'postgres',
    db,
    reader: db,
    writeBatch: steps => db.transaction().execute(async transaction => {
      for (const step of steps) await writeMany(transaction, step)
    }),
    close: () => db.destroy()
  }
}

/** What is no insert is run for each row. */
function statementsOf (many: ManyRows): Statement[] {
  return many.sql.startsWith('insert') ? expandValues(many) : many.rows.map(parameters => ({ sql: many.sql, parameters }))
}

async function writeMany (transaction: Transaction<Tables>, many: ManyRows): Promise<void> {
  let written = 0
  for (const { sql, parameters } of statementsOf(many)) {
    const { numAffectedRows = 0n } = await transaction.executeQuery(CompiledQuery.raw(sql, [...parameters]))
    written += Number(numAffectedRows)
  }
  if (many.expected !== undefined && written !== many.expected) throw new UnexpectedCount(`${written} rows were written, not ${many.expected}`)
}
