import { Readable } from 'node:stream'
import type { FastifyInstance } from 'fastify'
import { type RequestPosition, listRequests, readRequests } from '../../usage/requests.ts'
import { COLUMNS, csvLine, lineOf } from './line.ts'
import { type UsageQuery, cursorOf, limitOf, positionOf, rangeOf, usageQuery } from './parameters.ts'
import { next, replies } from './schemas.ts'
import { type Scope, withScope } from './scope.ts'

const USUAL_PAGE = 50
const MAX_PAGE = 500
/** Tries that an export reads at a time. */
const CHUNK = 1000
const STATES = ['open', 'ok', 'failed', 'aborted', 'interrupted'] as const
const TYPES = { csv: 'text/csv; charset=utf-8', ndjson: 'application/x-ndjson' } as const
const tags = ['usage']

interface RequestsQuery extends UsageQuery { session?: string, state?: string, limit?: string, cursor?: string }
interface ExportQuery extends RequestsQuery { format?: keyof typeof TYPES }

const filters = { ...usageQuery, session: { type: 'string', minLength: 1, maxLength: 256, description: 'A session, by its id.' }, state: { enum: STATES, description: 'How the try ended; `open` while it runs.' } } as const

function filterOf (query: RequestsQuery, { keys }: Scope): Parameters<typeof listRequests>[1] {
  const { provider, model, scenario, session, state } = query
  return { ...rangeOf(query), provider, model, scenario, session, state, keys }
}

/** `/api/usage/requests` and `/api/usage/export`: single tries, for as long as they are kept. */
export default async function requests (app: FastifyInstance): Promise<void> {
  app.get<{ Querystring: RequestsQuery }>('/api/usage/requests', {
    config: { access: 'usage' },
    schema: {
      summary: 'Single tries, the latest first',
      description: 'A page looks at 5000 tries at most: with a filter it may hold fewer than were asked for, or none, and still have a next one.',
      tags,
      querystring: { type: 'object', additionalProperties: false, properties: { ...filters, limit: { type: 'string', description: `Tries on a page: ${USUAL_PAGE}, at most ${MAX_PAGE}.` }, cursor: { type: 'string', maxLength: 2000 } } },
      response: replies({ type: 'object', properties: { requests: { type: 'array', items: { type: 'object', additionalProperties: true } }, next } })
    }
  }, async request => {
    const { query } = request
    const limit = limitOf(query.limit, USUAL_PAGE, MAX_PAGE)
    const after = positionOf<RequestPosition>(query.cursor, ['number', 'string', 'number'])
    return await withScope(app, request, query, async scope => {
      const page = await listRequests(scope.store.reader, filterOf(query, scope), after, limit)
      return { requests: page.rows.map(row => lineOf(row, scope)), next: cursorOf(page.next) }
    })
  })

  app.get<{ Querystring: ExportQuery }>('/api/usage/export', {
    config: { access: 'usage' },
    schema: { summary: 'All tries of a time, as a file', tags, produces: Object.values(TYPES), querystring: { type: 'object', additionalProperties: false, properties: { ...filters, format: { enum: Object.keys(TYPES), default: 'csv' } } } }
  }, async (request, reply) => {
    const { query } = request
    const { format = 'csv' } = query
    return await withScope(app, request, query, async scope => {
      reply.header('content-type', TYPES[format]).header('content-disposition', `attachment; filename="usage.${format}"`)
      return await reply.send(Readable.from(exportLines(scope, query, format), { objectMode: false }))
    })
  })
}

/** The file, some lines at a time: as fast as the client reads it, and no further once it leaves. */
async function * exportLines (scope: Scope, query: ExportQuery, format: keyof typeof TYPES): AsyncGenerator<string> {
  if (format === 'csv') yield csvLine(COLUMNS)
  for await (const rows of readRequests(scope.store.reader, filterOf(query, scope), CHUNK)) {
    const lines = rows.map(row => lineOf(row, scope))
    yield lines.map(line => format === 'csv' ? csvLine(COLUMNS.map(column => line[column])) : `${JSON.stringify(line)}\n`).join('')
  }
}
