import type { FastifyInstance, FastifySchema } from 'fastify'
import type {} from '@fastify/swagger'
import type { KeyRepository } from '../store/keys.ts'
import { askStore } from './ask-store.ts'
import { cursorOf, fieldsOf, keyDocument, pageSize, positionOf } from './key-fields.ts'
import { type KeyChangesBody, type NewKeyBody, createdKeySchema, errorSchema, idSchema, keyChangesSchema, keyListSchema, keySchema, newKeySchema, pageSchema } from './key-schemas.ts'

const WORDS = {
  missing: 'This gateway keeps no keys but those of its configuration: Usage.enabled is false there.',
  silent: 'The store of keys does not answer; nothing is known to have changed. Try again.',
  failed: 'a request about keys failed in the store'
}

interface WithId { Params: { id: string } }

const tags = ['keys']
const failures = { '4xx': { description: 'What is wrong with the request.', ...errorSchema }, '5xx': { description: 'What is wrong here.', ...errorSchema } }
const config = { access: 'admin' } as const

/** `/api/keys`: keys of the store, for admins. A secret is told once, by the request that makes it. */
export default async function keys (app: FastifyInstance): Promise<void> {
  const route = (schema: FastifySchema, replies: object): { config: typeof config, schema: FastifySchema } => ({ config, schema: { tags, ...schema, response: { ...replies, ...failures } } })
  /** Asks the store. @throws {ApiError} where there is none, or it does not answer */
  const ask = <T>(work: (repository: KeyRepository) => Promise<T>): Promise<T> => askStore(app.keys.repository, app.log, WORDS, work)

  app.post<{ Body: NewKeyBody }>('/api/keys', route({ summary: 'Makes a key', body: newKeySchema }, { 201: createdKeySchema }), async (request, reply) => {
    const now = Date.now()
    const fields = fieldsOf(request.body, app.config.current, now)
    const { key, secret } = await ask(repository => repository.create({ ...fields, name: request.body.name }))
    const made = keyDocument(key, now)
    await app.audit.note(request, 'key.create', key.id, null, made)
    return reply.code(201).headers({ 'cache-control': 'no-store', location: `/api/keys/${key.id}` }).send({ key: secret, ...made })
  })

  app.get<{ Querystring: { limit?: string, cursor?: string } }>('/api/keys', route({ summary: 'Lists keys, the latest first', querystring: pageSchema }, { 200: keyListSchema }), async ({ query: { limit, cursor } }) => {
    const size = pageSize(limit)
    const position = cursor === undefined ? undefined : positionOf(cursor)
    // One more than is shown tells whether there is another page.
    const found = await ask(repository => repository.list(size + 1, position))
    const page = found.slice(0, size)
    const last = page.at(-1)
    const now = Date.now()
    return { keys: page.map(key => keyDocument(key, now)), next: found.length > size && last !== undefined ? cursorOf(last) : null }
  })

  app.get<WithId>('/api/keys/:id', route({ summary: 'Shows a key', params: idSchema }, { 200: keySchema }), async ({ params: { id } }) => {
    return keyDocument(await ask(repository => repository.get(id)), Date.now())
  })

  app.patch<WithId & { Body: KeyChangesBody }>('/api/keys/:id', route({ summary: 'Changes what is said of a key', description: 'Fields that are not named stay as they are; null takes one away.', params: idSchema, body: keyChangesSchema }, { 200: keySchema }), async request => {
    const { params: { id }, body } = request
    const now = Date.now()
    const fields = fieldsOf(body, app.config.current, now)
    const { before, after } = await ask(repository => repository.patch(id, fields))
    const changed = keyDocument(after, now)
    await app.audit.note(request, 'key.change', id, keyDocument(before, now), changed)
    return changed
  })

  app.delete<WithId>('/api/keys/:id', route({ summary: 'Revokes a key', description: 'It is refused at once, and on every replica within a second; requests that run go on to their end. A key that is revoked already stays so.', params: idSchema }, { 204: { type: 'null', description: 'It is revoked.' } }), async (request, reply) => {
    const { params: { id } } = request
    const { before, after } = await ask(repository => repository.revoke(id))
    const now = Date.now()
    if (before.revokedAt === null) await app.audit.note(request, 'key.revoke', id, keyDocument(before, now), keyDocument(after, now))
    return reply.code(204).send()
  })
}
