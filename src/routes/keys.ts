import type { FastifyInstance, FastifySchema } from 'fastify'
import type {} from '@fastify/swagger'
import { ApiError, invalidRequest } from '../errors.ts'
import type { KeyRepository } from '../store/keys.ts'
import { cursorOf, fieldsOf, keyDocument, pageSize, positionOf } from './key-fields.ts'
import { type KeyChangesBody, type NewKeyBody, createdKeySchema, errorSchema, idSchema, keyChangesSchema, keyListSchema, keySchema, newKeySchema, pageSchema } from './key-schemas.ts'

/** Seconds after which a client may ask again when the store does not answer. */
const RETRY_AFTER = 5

interface WithId { Params: { id: string } }

const tags = ['keys']
const failures = { '4xx': { description: 'What is wrong with the request.', ...errorSchema }, '5xx': { description: 'What is wrong here.', ...errorSchema } }
const config = { access: 'admin' } as const

/** `/api/keys`: keys of the store, for admins. A secret is told once, by the request that makes it. */
export default async function keys (app: FastifyInstance): Promise<void> {
  const route = (schema: FastifySchema, replies: object): { config: typeof config, schema: FastifySchema } => ({ config, schema: { tags, ...schema, response: { ...replies, ...failures } } })
  /** Asks the store. @throws {ApiError} where there is none, or it does not answer */
  const ask = <T>(work: (repository: KeyRepository) => Promise<T>): Promise<T> => askStore(app, work)

  app.post<{ Body: NewKeyBody }>('/api/keys', route({ summary: 'Makes a key', body: newKeySchema }, { 201: createdKeySchema }), async (request, reply) => {
    const now = Date.now()
    const fields = fieldsOf(request.body, app.config.current, now)
    const { key, secret } = await ask(repository => repository.create({ ...fields, name: request.body.name }))
    return reply.code(201).headers({ 'cache-control': 'no-store', location: `/api/keys/${key.id}` }).send({ key: secret, ...keyDocument(key, now) })
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

  app.patch<WithId & { Body: KeyChangesBody }>('/api/keys/:id', route({ summary: 'Changes what is said of a key', description: 'Fields that are not named stay as they are; null takes one away.', params: idSchema, body: keyChangesSchema }, { 200: keySchema }), async ({ params: { id }, body }) => {
    const now = Date.now()
    const fields = fieldsOf(body, app.config.current, now)
    return keyDocument(await ask(repository => repository.patch(id, fields)), now)
  })

  app.delete<WithId>('/api/keys/:id', route({ summary: 'Revokes a key', description: 'It is refused at once, and on every replica within a second; requests that run go on to their end. A key that is revoked already stays so.', params: idSchema }, { 204: { type: 'null', description: 'It is revoked.' } }), async ({ params: { id } }, reply) => {
    await ask(repository => repository.revoke(id))
    return reply.code(204).send()
  })
}

async function askStore<T> ({ keys, log }: FastifyInstance, work: (repository: KeyRepository) => Promise<T>): Promise<T> {
  if (keys.repository === null) throw invalidRequest('This gateway keeps no keys but those of its configuration: Usage.enabled is false there.')
  try {
    return await work(keys.repository)
  } catch (error) {
    if (error instanceof ApiError) throw error
    log.error({ err: error }, 'a request about keys failed in the store')
    throw new ApiError('overloaded_error', 'The store of keys does not answer; nothing is known to have changed. Try again.', { status: 503, retryAfter: RETRY_AFTER, cause: error })
  }
}
