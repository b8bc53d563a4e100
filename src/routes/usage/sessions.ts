import type { FastifyInstance } from 'fastify'
import { ApiError } from '../../errors.ts'
import type { Sums, UsageSessionProviderTable, UsageSessionTable } from '../../store/tables.ts'
import { type SessionPosition, deleteSession, findSession, listSessions } from '../../usage/sessions.ts'
import { addSums, summarize } from '../../usage/summary.ts'
import { type UsageQuery, cursorOf, limitOf, positionOf, rangeOf, usageQuery } from './parameters.ts'
import { next, replies, sessionSchema } from './schemas.ts'
import { type Scope, withScope } from './scope.ts'

const USUAL_PAGE = 50
const MAX_PAGE = 100
const tags = ['usage']
const { from, to, key, team } = usageQuery

interface ListQuery extends UsageQuery { limit?: string, cursor?: string }

const params = { type: 'object', properties: { id: { type: 'string', minLength: 1, maxLength: 256 } } } as const
const page = { limit: { type: 'string', description: `Sessions on a page: ${USUAL_PAGE}, at most ${MAX_PAGE}.` }, cursor: { type: 'string', maxLength: 2000 } } as const

/** `/api/usage/sessions`: usage by session, as clients name theirs. */
export default async function sessions (app: FastifyInstance): Promise<void> {
  app.get<{ Querystring: ListQuery }>('/api/usage/sessions', {
    config: { access: 'usage' },
    schema: { summary: 'Sessions, the one seen last first', tags, querystring: { type: 'object', additionalProperties: false, properties: { from, to, key, team, ...page } }, response: replies({ type: 'object', properties: { sessions: { type: 'array', items: sessionSchema }, next } }) }
  }, async request => {
    const { query } = request
    const limit = limitOf(query.limit, USUAL_PAGE, MAX_PAGE)
    const after = positionOf<SessionPosition>(query.cursor, ['number', 'string', 'string'])
    return await withScope(app, request, query, async scope => {
      const found = await listSessions(scope.store.reader, { ...rangeOf(query), keys: scope.keys }, after, limit + 1)
      const shown = found.sessions.slice(0, limit)
      const last = found.sessions.length > limit ? shown.at(-1) : undefined
      return {
        sessions: shown.map(row => document([row], found.parts.filter(part => part.session === row.session && part.key_id === row.key_id), scope)),
        next: cursorOf(last === undefined ? null : [last.last_at, last.session, last.key_id])
      }
    })
  })

  app.get<{ Params: { id: string } }>('/api/usage/sessions/:id', { config: { access: 'usage' }, schema: { summary: 'One session', tags, params, response: replies(sessionSchema) } }, async request => {
    const { id } = request.params
    return await withScope(app, request, {}, async scope => {
      const found = await findSession(scope.store.reader, id, scope.keys)
      if (found.sessions.length === 0) throw unknownSession(id)
      return document(found.sessions, found.parts, scope)
    })
  })

  app.delete<{ Params: { id: string } }>('/api/usage/sessions/:id', { config: { access: 'admin' }, schema: { summary: 'Forgets a session', description: 'Its sums are deleted, and that its requests belonged together; what they used stays in the sums by hour.', tags, params, response: replies({ type: 'object', properties: { success: { type: 'boolean' }, message: { type: 'string' } } }) } }, async request => {
    const { id } = request.params
    return await withScope(app, request, {}, async scope => {
      const found = await findSession(scope.store.db, id, scope.keys)
      if (!await deleteSession(scope.store.db, id)) throw unknownSession(id)
      await app.audit.note(request, 'session.delete', id, found.sessions.length === 0 ? null : document(found.sessions, found.parts, scope), null)
      return { success: true, message: `The session ${id} is forgotten.` }
    })
  })
}

function unknownSession (id: string): ApiError {
  return new ApiError('not_found_error', `There is no session ${id} in the account.`)
}

/** A session in the form that clients of earlier routers read, with more beside it. `inputTokens` never include cached ones. */
function document (rows: readonly UsageSessionTable[], parts: readonly UsageSessionProviderTable[], scope: Scope): object {
  const summary = summarize(addSums(rows))
  return {
    sessionId: rows[0]?.session,
    providers: byName(parts, ({ provider }) => provider, sums => ({ inputTokens: sums.input, outputTokens: sums.output, requests: sums.attempts, cacheReadTokens: sums.cache_read, cacheWriteTokens: sums.cache_write_5m + sums.cache_write_1h, cost: summarize(sums).cost })),
    totalInputTokens: summary.tokens.input,
    totalOutputTokens: summary.tokens.output,
    totalRequests: summary.requests,
    keys: rows.map(row => scope.nameOf(row.key_id).name),
    agents: byName(parts, ({ agent }) => agent === '' ? 'main' : agent, sums => ({ requests: sums.requests, inputTokens: sums.input, outputTokens: sums.output, cost: summarize(sums).cost })),
    firstAt: new Date(Math.min(...rows.map(row => row.first_at))).toISOString(),
    lastAt: new Date(Math.max(...rows.map(row => row.last_at))).toISOString(),
    ...summary
  }
}

function byName (parts: readonly UsageSessionProviderTable[], nameOf: (part: UsageSessionProviderTable) => string, show: (sums: Sums) => object): object {
  const names = [...new Set(parts.map(nameOf))].sort()
  return Object.fromEntries(names.map(name => [name, show(addSums(parts.filter(part => nameOf(part) === name)))]))
}
