import { type Expression, type RawBuilder, sql } from 'kysely'
import type { Database } from '../store/store.ts'
import { SUM_COLUMNS } from '../store/sum-columns.ts'
import type { Sums } from '../store/tables.ts'

const HOUR = 3_600_000
const DAY = 24 * HOUR
const BUCKETS = { hour: HOUR, day: DAY } as const
export type Bucket = keyof typeof BUCKETS

/** What the hourly sums can be grouped by. */
export const DIMENSIONS = { provider: 'provider', model: 'model', key: 'key_id', scenario: 'scenario' } as const
export type Dimension = keyof typeof DIMENSIONS

const COLUMNS = sql.join(['key_id', 'provider', 'model', 'scenario', ...SUM_COLUMNS].map(column => sql.ref(column)))

/** Which sums are wanted; whole hours. */
export interface UsageFilter {
  /** Milliseconds since 1970: from the hour that it lies in, to before the hour behind it. */
  readonly from?: number | undefined
  readonly to?: number | undefined
  readonly provider?: string | undefined
  readonly model?: string | undefined
  readonly scenario?: string | undefined
  /** Ids of keys; none of them is every key. */
  readonly keys?: readonly string[] | undefined
}

/** A line of an answer: what it is grouped by, and its sums. */
export type GroupRow = Sums & { readonly at?: number } & { readonly [dimension in Dimension]?: string }

/**
 * Sums by time, dimensions, both or neither. Whole days are read from the sums by day, so that years take no longer than
 * weeks do by hours.
 * @param limit the most rows that are read; one more than is wanted tells whether there are more
 */
export async function sumUsage (db: Database, filter: UsageFilter, dimensions: readonly Dimension[], bucket: Bucket | undefined, limit: number): Promise<GroupRow[]> {
  const table = sourceOf(filter, bucket)
  const conditions = conditionsOf(filter)
  const columns: Expression<unknown>[] = dimensions.map(dimension => sql.ref(DIMENSIONS[dimension]))
  const names = dimensions.map(dimension => sql`${sql.ref(DIMENSIONS[dimension])} as ${sql.ref(dimension)}`)
  if (bucket !== undefined) {
    const at = sql`at - at % ${sql.lit(BUCKETS[bucket])}`
    columns.unshift(at)
    names.unshift(sql`${at} as bucket`)
  }
  const sums = SUM_COLUMNS.map(column => sql`coalesce(sum(${sql.ref(column)}), 0) as ${sql.ref(column)}`)
  const query = sql<GroupRow & { bucket?: number }>`select ${sql.join([...names, ...sums])} from (${table}) as usage
    ${conditions.length === 0 ? sql`` : sql`where ${sql.join(conditions, sql` and `)}`}
    ${columns.length === 0 ? sql`` : sql`group by ${sql.join(columns)}`}
    ${bucket === undefined ? sql`` : sql`order by bucket`} limit ${limit}`
  const { rows } = await query.execute(db)
  return rows.map(({ bucket: at, ...row }) => at === undefined ? row : { ...row, at })
}

function conditionsOf ({ provider, model, scenario, keys }: UsageFilter): RawBuilder<unknown>[] {
  const equal = Object.entries({ provider, model, scenario }).flatMap(([column, value]) => value === undefined ? [] : [sql`${sql.ref(column)} = ${value}`])
  return keys === undefined ? equal : [...equal, sql`key_id in (${sql.join(keys)})`]
}

/** The sums of a time: of its whole days by day, and of the hours before and behind these. */
function sourceOf ({ from = 0, to = Number.MAX_SAFE_INTEGER }: UsageFilter, bucket: Bucket | undefined): RawBuilder<unknown> {
  const [begin, end] = [from - from % HOUR, Math.ceil(to / HOUR) * HOUR]
  const hours = (since: number, before: number): RawBuilder<unknown> => sql`select hour as at, ${COLUMNS} from usage_hour where hour >= ${since} and hour < ${before}`
  const [firstDay, lastDay] = [Math.ceil(begin / DAY) * DAY, end - end % DAY]
  if (bucket === 'hour' || firstDay >= lastDay) return hours(begin, end)
  const parts = [sql`select day as at, ${COLUMNS} from usage_day where day >= ${firstDay} and day < ${lastDay}`]
  if (begin < firstDay) parts.push(hours(begin, firstDay))
  if (lastDay < end) parts.push(hours(lastDay, end))
  return sql.join(parts, sql` union all `)
}
