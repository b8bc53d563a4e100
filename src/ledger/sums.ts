import { dayOf } from '../account/period.ts'
import { SUM_COLUMNS } from '../store/sum-columns.ts'
import type { LedgerTable, SpendTable, Sums, UsageDayTable, UsageHourTable, UsageSessionProviderTable, UsageSessionTable } from '../store/tables.ts'

const HOUR = 3_600_000
const DAY = 24 * HOUR

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

/** Rows by what they are known by. */
class Groups<Row> {
  readonly #rows = new Map<string, Row>()
  readonly #meet: (known: Row, row: Row) => void

  constructor (meet: (known: Row, row: Row) => void) {
    this.#meet = meet
  }

  add (key: readonly (string | number)[], row: Row): void {
    const name = key.join('\u0000')
    const known = this.#rows.get(name)
    if (known === undefined) this.#rows.set(name, row)
    else this.#meet(known, row)
  }

  /** In one order for all processes, so that no two of them wait for each other's rows. */
  get rows (): Row[] {
    return [...this.#rows].sort(([a], [b]) => a < b ? -1 : 1).map(([, row]) => row)
  }
}

function meetSessions (known: UsageSessionTable, row: UsageSessionTable): void {
  known.first_at = Math.min(known.first_at, row.first_at)
  known.last_at = Math.max(known.last_at, row.last_at)
  add(known, row)
}

function meetSpend (known: SpendTable, row: SpendTable): void {
  known.cost += row.cost
  known.tokens += row.tokens
}

/** Adds up settled rows for every table of sums, by the time at which a try began; what budgets are held against, by the day on which it was settled. */
export function addUp (rows: readonly LedgerTable[]): BatchSums {
  const hours = new Groups<UsageHourTable>(add)
  const days = new Groups<UsageDayTable>(add)
  const sessions = new Groups<UsageSessionTable>(meetSessions)
  const sessionProviders = new Groups<UsageSessionProviderTable>(add)
  const spend = new Groups<SpendTable>(meetSpend)
  for (const row of rows) {
    const { provider, model, scenario, session, began_at: began } = row
    const settled = row.settled_at ?? began
    const key = row.key_id
    const agent = row.agent ?? ''
    const sums = sumsOf(row)
    const hour = began - began % HOUR
    const start = began - began % DAY
    const day = dayOf(settled)
    hours.add([hour, key, provider, model, scenario], { hour, key_id: key, provider, model, scenario, ...sums })
    days.add([start, key, provider, model, scenario], { day: start, key_id: key, provider, model, scenario, ...sums })
    spend.add([key, day], { key_id: key, day, cost: row.cost ?? 0, tokens: row.input + row.cache_read + row.cache_write_5m + row.cache_write_1h + row.output })
    if (session === null) continue
    sessions.add([session, key], { session, key_id: key, first_at: began, last_at: settled, ...sums })
    sessionProviders.add([session, key, provider, agent], { session, key_id: key, provider, agent, ...sums })
  }
  return { hours: hours.rows, days: days.rows, sessions: sessions.rows, sessionProviders: sessionProviders.rows, spend: spend.rows }
}
