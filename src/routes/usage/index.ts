import type { FastifyInstance } from 'fastify'
import { invalidRequest } from '../../errors.ts'
import { type Bucket, DIMENSIONS, type Dimension, type GroupRow, sumUsage } from '../../usage/totals.ts'
import { addSums, summarize } from '../../usage/summary.ts'
import { type UsageQuery, rangeOf, usageQuery } from './parameters.ts'
import requests from './requests.ts'
import { replies, totalsSchema } from './schemas.ts'
import { type Scope, withScope } from './scope.ts'
import sessions from './sessions.ts'
import stats from './stats.ts'

/** The most lines of an answer. */
const MAX_LINES = 10_000
const DAY = 86_400_000
/** What is shown by hour or day where nothing else was asked for. */
const USUAL_DAYS = 30
const GROUPS = [...Object.keys(DIMENSIONS), 'team']

interface TotalsQuery extends UsageQuery { bucket?: Bucket, group_by?: string }

const querystring = {
  type: 'object',
  additionalProperties: false,
  properties: {
    ...usageQuery,
    bucket: { enum: ['hour', 'day'], description: 'A line for each hour or day (UTC). Without `from`, the last 30 days.' },
    group_by: { type: 'string', maxLength: 100, description: `A line for each ${GROUPS.join(', ')}: one of these, or several, separated by commas.` }
  }
} as const

/** `/api/usage` and what is under it: what was used, from the sums that the ledger keeps. */
export default async function usage (app: FastifyInstance): Promise<void> {
  app.get<{ Querystring: TotalsQuery }>('/api/usage', { config: { access: 'usage' }, schema: { summary: 'What was used: in all, by time, and by whom', tags: ['usage'], querystring, response: replies(totalsSchema) } }, async request => {
    const { query } = request
    const groups = groupsOf(query.group_by)
    const range = rangeOf(query)
    const from = range.from ?? (query.bucket === undefined ? undefined : Date.now() - USUAL_DAYS * DAY)
    return await withScope(app, request, query, async scope => {
      const filter = { ...range, from, provider: query.provider, model: query.model, scenario: query.scenario, keys: scope.keys }
      const dimensions = groups.map(group => group === 'team' ? 'key' : group).filter((dimension, i, all) => all.indexOf(dimension) === i)
      const rows = await sumUsage(scope.store.reader, filter, dimensions, query.bucket, MAX_LINES + 1)
      if (rows.length > MAX_LINES) throw invalidRequest(`group_by, bucket: the answer would have more than ${MAX_LINES} lines; ask for a shorter time or fewer groups`)
      const totals = summarize(addSums(rows))
      return {
        from: timeOrNull(from),
        to: timeOrNull(range.to),
        totals,
        totalInputTokens: totals.tokens.input,
        totalOutputTokens: totals.tokens.output,
        totalRequests: totals.requests,
        ...linesOf(rows, groups, query.bucket, scope)
      }
    })
  })
  await app.register(sessions)
  await app.register(requests)
  await app.register(stats)
}

type Group = Dimension | 'team'

/** @throws {ApiError} 400 for what it cannot be grouped by */
function groupsOf (given: string | undefined): Group[] {
  const groups = (given ?? '').split(',').map(group => group.trim()).filter(group => group !== '')
  const unknown = groups.find(group => !GROUPS.includes(group))
  if (unknown !== undefined) throw invalidRequest(`group_by: there is no ${unknown}; there are ${GROUPS.join(', ')}`)
  return [...new Set(groups)] as Group[]
}

/** Lines by time, each with its groups; by time alone; or by groups alone. */
function linesOf (rows: readonly GroupRow[], groups: readonly Group[], bucket: Bucket | undefined, scope: Scope): object {
  if (bucket === undefined) return groups.length === 0 ? {} : { groups: groupLines(rows, groups, scope) }
  const times = new Map<number, GroupRow[]>()
  for (const row of rows) {
    const at = Number(row.at)
    times.set(at, [...times.get(at) ?? [], row])
  }
  return { buckets: [...times].map(([at, lines]) => ({ at: new Date(at).toISOString(), ...summarize(addSums(lines)), ...(groups.length > 0 && { groups: groupLines(lines, groups, scope) }) })) }
}

/** The largest first. Rows that differ only in the key, where the team was asked for, are one line. */
function groupLines (rows: readonly GroupRow[], groups: readonly Group[], scope: Scope): object[] {
  const lines = new Map<string, { names: Record<string, string | null>, rows: GroupRow[] }>()
  for (const row of rows) {
    const names = Object.fromEntries(groups.map(group => [group, nameOf(row, group, scope)]))
    const id = JSON.stringify(names)
    const line = lines.get(id) ?? { names, rows: [] }
    line.rows.push(row)
    lines.set(id, line)
  }
  return [...lines.values()].map(({ names, rows }) => ({ ...names, ...summarize(addSums(rows)) })).sort((a, b) => b.tokens.total - a.tokens.total)
}

function nameOf (row: GroupRow, group: Group, scope: Scope): string | null {
  if (group === 'team') return scope.nameOf(row.key ?? '').team
  return group === 'key' ? scope.nameOf(row.key ?? '').name : row[group] ?? null
}

function timeOrNull (time: number | undefined): string | null {
  return time === undefined ? null : new Date(time).toISOString()
}
