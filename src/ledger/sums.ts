import { dayOf } from '../account/period.ts'
import { SUM_COLUMNS } from '../store/sum-columns.ts'
import type { LedgerTable, SpendTable, Sums, UsageDayTable, UsageHourTable, UsageSessionProviderTable, UsageSessionTable } from '../store/tables.ts'

const HOUR = 3_600_000
const DAY = 24 * HOUR
/** No name holds it: see `columns.ts`. */
const BETWEEN = '\u0000'

/** What a batch of settled rows adds to the sums. */
export interface BatchSums {
  readonly hours: UsageHourTable[]
  readonly days: UsageDayTable[]
  readonly sessions: UsageSessionTable[]
  readonly sessionProviders: UsageSessionProviderTable[]
  readonly spend: SpendTable[]
}

/** One row of a table of sums. */
function sumsOf (row: LedgerTable): Sums {
  return {
    input: row.input,
    cache_read: row.cache_read,
    cache_write_5m: row.cache_write_5m,
    cache_write_1h: row.cache_write_1h,
    output: row.output,
    reasoning: row.reasoning,
    attempts: 1,
    requests: row.last,
    errors: row.last === 1 && row.state !== 'ok' ? 1 : 0,
    estimated: row.estimated,
    cost: row.cost ?? 0,
    unpriced: row.cost === null ? 1 : 0,
    duration_ms: row.duration_ms ?? 0,
    first_content_ms: row.first_content_ms ?? 0,
    first_contents: row.first_content_ms === null ? 0 : 1
  }
}

function add (to: Sums, from: Sums): void {
  for (const column of SUM_COLUMNS) to[column] += from[column]
}

/** What stands in a row to which nothing was added yet. */
const NO_SUMS = Object.fromEntries(SUM_COLUMNS.map(column => [column, 0])) as unknown as Sums

/** Rows by what they are known by. */
class Groups<Row> {
  readonly #rows = new Map<string, Row>()

  /** The row of a name; a new one for the first that asks. Most of a batch meet in few rows, so none is made for each. */
  of (name: string, make: () => Row): Row {
    let row = this.#rows.get(name)
    if (row === undefined) this.#rows.set(name, row = make())
    return row
  }

  /** In one order for all processes, so that no two of them wait for each other's rows. */
  get rows (): Row[] {
    return [...this.#rows].sort(([a], [b]) => a < b ? -1 : 1).map(([, row]) => row)
  }
}

/** Adds up settled rows for every table of sums, by the time at which a try began; what budgets are held against, by the day on which it was settled. */
export function addUp (rows: readonly LedgerTable[]): BatchSums {
  const hours = new Groups<UsageHourTable>()
  const days = new Groups<UsageDayTable>()
  const sessions = new Groups<UsageSessionTable>()
  const sessionProviders = new Groups<UsageSessionProviderTable>()
  const spend = new Groups<SpendTable>()
  for (const row of rows) {
    const { key_id: key, provider, model, scenario, session, began_at: began } = row
    const settled = row.settled_at ?? began
    const agent = row.agent ?? ''
    const sums = sumsOf(row)
    const hour = began - began % HOUR
    const start = began - began % DAY
    const use = [key, provider, model, scenario].join(BETWEEN)
    add(hours.of(`${hour}${BETWEEN}${use}`, () => ({ hour, key_id: key, provider, model, scenario, ...NO_SUMS })), sums)
    add(days.of(`${start}${BETWEEN}${use}`, () => ({ day: start, key_id: key, provider, model, scenario, ...NO_SUMS })), sums)
    addSpend(spend, row, dayOf(settled))
    if (session === null) continue
    const whole = sessions.of(`${session}${BETWEEN}${key}`, () => ({ session, key_id: key, first_at: began, last_at: settled, ...NO_SUMS }))
    whole.first_at = Math.min(whole.first_at, began)
    whole.last_at = Math.max(whole.last_at, settled)
    add(whole, sums)
    add(sessionProviders.of([session, key, provider, agent].join(BETWEEN), () => ({ session, key_id: key, provider, agent, ...NO_SUMS })), sums)
  }
  return { hours: hours.rows, days: days.rows, sessions: sessions.rows, sessionProviders: sessionProviders.rows, spend: spend.rows }
}

function addSpend (spend: Groups<SpendTable>, row: LedgerTable, day: number): void {
  const sum = spend.of(`${row.key_id}${BETWEEN}${day}`, () => ({ key_id: row.key_id, day, cost: 0, tokens: 0 }))
  sum.cost += row.cost ?? 0
  sum.tokens += row.input + row.cache_read + row.cache_write_5m + row.cache_write_1h + row.output
}
