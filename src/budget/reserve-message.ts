import pg from 'pg'
import { PERIODS } from '../account/period.ts'
import { UNITS, type Worst, amountOf } from './book.ts'
import { type Limit, type Standing, counted } from './rule.ts'

/** A request that wants something kept free. */
export interface Claim {
  readonly requestId: string
  readonly limits: readonly Limit[]
  readonly worst: Worst
}

/** What the database says to a claim: how it stood with the key before, and whether the request may run. */
export interface Verdict { readonly standing: Standing, readonly admitted: boolean }

/** Milliseconds that one process may wait for others that ask for the same key: less than requests wait for the database. */
const LOCK_TIMEOUT = 800
/**
 * How long a reservation whose lease is over still counts, if its request has not been settled: whoever finds the process
 * gone settles what it left open. Milliseconds.
 */
const GRACE = 600_000

/** By the database's clock: those of replicas may differ. */
export const NOW = 'floor(extract(epoch from clock_timestamp()) * 1000)::bigint'

/** Whether a reservation counts: its process is alive, or the ledger will still say what the request came to. */
export function counts (reservation: string, now: string): string {
  return `(${reservation}.expires_at > ${now} or (${reservation}.expires_at > ${now} - ${GRACE} and
    (select true from ledger l where l.request_id = ${reservation}.request_id and l.settled_at is null limit 1)))`
}

/** When the periods began that run. */
const FIRST_DAYS = `
  select now, (now / 86400000)::integer as day, (now / 86400000 - (now / 86400000 + 3) % 7)::integer as week,
    (extract(epoch from date_trunc('month', to_timestamp(now / 1000) at time zone 'UTC')) / 86400)::integer as month
  from (select ${NOW} as now offset 0) clock`

const SPENT = PERIODS.flatMap(per => UNITS.map(unit => `coalesce(sum(s.${unit}) filter (where s.day >= first.${per}), 0) as ${per}_${unit}`)).join(', ')

/** Before the claims: one key at a time, over all replicas. What is lost of it in a crash of the database lapses anyway. */
const BEGIN = ['begin isolation level read committed', 'set local synchronous_commit = off', `set local lock_timeout = ${LOCK_TIMEOUT}`]

/**
 * The claims of one key, in their order, as one message: the lock is had for as long as the database works on it, and for
 * no time on the network. (Each statement sees what was there when it began, so the lock has to be had by one before it.)
 * @param lease milliseconds
 */
export function reserveMessage (key: string, instance: string, lease: number, claims: readonly Claim[]): string {
  const lock = `select pg_advisory_xact_lock(hashtextextended(${pg.escapeLiteral(key)}, 0))`
  return [...BEGIN, lock, ...claims.map(claim => reserve(key, instance, lease, claim)), 'commit'].join(';\n')
}

/** @param results of the statements of a {@link reserveMessage} @returns verdicts, in the order of the claims */
export function verdictsOf (results: readonly pg.QueryResult[]): Verdict[] {
  return results.slice(BEGIN.length + 1, -1).map(({ rows: [row] }) => verdictOf(row as Record<string, unknown>))
}

/** Looks how it stands, and keeps free what the request may come to if it fits. */
function reserve (key: string, instance: string, lease: number, { requestId, limits, worst }: Claim): string {
  const [keyId, id, by] = [key, requestId, instance].map(text => pg.escapeLiteral(text))
  const { cost, tokens } = amountOf(worst)
  return `
    with first as materialized (${FIRST_DAYS}),
    standing as materialized (
      select first.now, spent.*, held.* from first
      cross join lateral (select ${SPENT} from spend s where s.key_id = ${keyId} and s.day >= least(first.week, first.month)) spent
      cross join lateral (select coalesce(sum(r.cost), 0) as held_cost, coalesce(sum(r.tokens), 0) as held_tokens from reservation r where r.key_id = ${keyId} and ${counts('r', 'first.now')}) held
    ),
    verdict as materialized (select *, ${condition(limits, worst)} as admitted from standing),
    reserved as (
      insert into reservation (request_id, key_id, instance, cost, tokens, expires_at)
      select ${id}, ${keyId}, ${by}, ${cost}, ${tokens}, now + ${lease} from verdict where admitted on conflict (request_id) do nothing
    )
    select * from verdict`
}

/** The rule of `rule.ts`, where the numbers are. */
function condition (limits: readonly Limit[], worst: Worst): string {
  const wanted = counted(worst)
  const conditions = limits.flatMap(({ per, unit, most }) => {
    const [spent, held, amount] = [`${per}_${unit}`, `held_${unit}`, wanted[unit]]
    if (amount === 0) return []
    if (amount === null) return [`${spent} < ${most}`]
    return [`(${spent} + ${held} + ${amount} <= ${most} or (${held} = 0 and ${spent} < ${most}))`]
  })
  return conditions.length === 0 ? 'true' : conditions.join(' and ')
}

function verdictOf (row: Record<string, unknown>): Verdict {
  const amount = (name: string) => ({ cost: Number(row[`${name}_cost`]), tokens: Number(row[`${name}_tokens`]) })
  return {
    admitted: row['admitted'] === true,
    standing: { now: Number(row['now']), spent: { day: amount('day'), week: amount('week'), month: amount('month') }, held: amount('held') }
  }
}
