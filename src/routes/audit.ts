import type { FastifyInstance } from 'fastify'
import type {} from '@fastify/swagger'
import { invalidRequest } from '../errors.ts'
import { AUDIT_ACTIONS, type AuditAction, type AuditPosition, type NotedEntry } from '../store/audit.ts'
import { askStore } from './ask-store.ts'
import { errorSchema } from './key-schemas.ts'
import { cursorOf, limitOf, positionOf, rangeOf, usageQuery } from './usage/parameters.ts'

const USUAL_PAGE = 50
const MAX_PAGE = 100

const WORDS = {
  missing: 'This gateway keeps no audit but its log: Usage.enabled is false in its configuration.',
  silent: 'The store of the audit does not answer. Try again.',
  failed: 'the audit cannot be read'
}

interface AuditQuery { limit?: string, cursor?: string, action?: AuditAction, actor?: string, from?: string, to?: string }

const querySchema = {
  type: 'object',
  additionalProperties: false,
  properties: {
    limit: { type: 'string', description: `Entries on a page: ${USUAL_PAGE}, at most ${MAX_PAGE}.` },
    cursor: { type: 'string', maxLength: 200, description: '`next` of the page before.' },
    action: { type: 'string', enum: AUDIT_ACTIONS },
    actor: { type: 'string', minLength: 1, maxLength: 256, description: 'The name of a key, or `local`.' },
    from: usageQuery.from,
    to: usageQuery.to
  }
} as const

const entrySchema = {
  type: 'object',
  required: ['id', 'at', 'actor', 'action', 'subject', 'before', 'after'],
  properties: {
    id: { type: 'integer' },
    at: { type: 'string', format: 'date-time' },
    actor: { type: 'string', description: 'The name of the key that was sent, `local` where none was needed, `file` or `postgres` for a change that came from there.' },
    action: { type: 'string', enum: AUDIT_ACTIONS },
    subject: { type: 'string', description: 'Id or name of what was changed.' },
    before: { type: ['object', 'array', 'null'], description: 'What was there, without secrets; null for nothing. Of what takes more than 64 KB: `cut`, its `bytes`, and the `beginning` of its JSON.' },
    after: { type: ['object', 'array', 'null'], description: 'What was there then, likewise.' }
  }
} as const

const replySchema = {
  type: 'object',
  description: 'A page of entries.',
  required: ['entries', 'next'],
  properties: { entries: { type: 'array', items: entrySchema }, next: { type: ['string', 'null'], description: 'The cursor of the next page; null on the last.' } }
} as const

const failures = { '4xx': { description: 'What is wrong with the request.', ...errorSchema }, '5xx': { description: 'What is wrong here.', ...errorSchema } }

/** `GET /api/audit`: what admins did. */
export default async function audit (app: FastifyInstance): Promise<void> {
  app.get<{ Querystring: AuditQuery }>('/api/audit', {
    config: { access: 'admin' },
    schema: { summary: 'What admins did, the latest first', tags: ['gateway'], querystring: querySchema, response: { 200: replySchema, ...failures } }
  }, async ({ query }) => {
    const size = limitOf(query.limit, USUAL_PAGE, MAX_PAGE)
    const page = { action: query.action, actor: query.actor, ...rangeOf(query), before: positionBehind(query.cursor) }
    // One more than is shown tells whether there is another page.
    const found = await askStore(app.audit.entries, app.log, WORDS, entries => entries.list({ ...page, size: size + 1 }))
    const shown = found.slice(0, size)
    const last = found.length > size ? shown.at(-1) : undefined
    return { entries: shown.map(shownEntry), next: cursorOf(last === undefined ? null : [last.at, last.id]) }
  })
}

function shownEntry ({ at, ...same }: NotedEntry): object {
  return { ...same, at: new Date(at).toISOString() }
}

/** @throws {ApiError} 400 */
function positionBehind (cursor: string | undefined): AuditPosition | undefined {
  const position = positionOf<AuditPosition>(cursor, ['number', 'number'])
  if (position?.every(Number.isSafeInteger) === false) throw invalidRequest('cursor: must be the next of an answer, as it was given')
  return position
}
