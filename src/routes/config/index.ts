import type { FastifyInstance } from 'fastify'
import type {} from '@fastify/swagger'
import { ConfigError } from '../../config/config-error.ts'
import { TOO_DEEP, isTooDeep } from '../../config/depth.ts'
import { maskSecrets } from '../../config/edit/secrets.ts'
import { mergePatch } from '../../config/edit/merge-patch.ts'
import { configSchema } from '../../config/schema.ts'
import type { JsonObject } from '../../wire/json.ts'
import backups from './backups.ts'
import { type EditQuery, editFor } from './edit.ts'
import { etagOf } from './if-match.ts'
import { documentSchema, editQuery, editedSchema, failures, tags } from './schemas.ts'
import { told } from './told.ts'

interface EditRoute { Body: JsonObject, Querystring: EditQuery }

const config = { access: 'admin' } as const
const editSchema = { tags, querystring: editQuery, body: { type: 'object' }, response: { 200: editedSchema, ...failures } } as const

/** `/api/config`: the configuration, read and changed while the service runs. */
export default async function configRoutes (app: FastifyInstance): Promise<void> {
  app.get('/api/config', { config, schema: { tags, summary: 'The configuration as it is written, with secrets masked', response: { 200: documentSchema, ...failures } } }, async (_request, reply) => {
    const { document, revision } = await told(() => app.configEditor.read())
    return reply.headers({ etag: etagOf(revision), 'cache-control': 'no-store' }).send(maskSecrets(document))
  })

  app.get('/api/config/schema', { config, schema: { tags, summary: 'What the configuration may hold, as a JSON Schema' } }, async () => configSchema)

  app.post<EditRoute>('/api/config', { config, schema: { ...editSchema, summary: 'Puts another configuration in the place of this one', description: 'Secrets may stay masked as they were read. Nothing is changed where anything is wrong.' } }, (request, reply) => {
    return editFor(app, request, reply, { replaces: true, change: () => request.body })
  })

  app.patch<EditRoute>('/api/config', { config, schema: { ...editSchema, summary: 'Changes a part of the configuration', description: 'A JSON merge patch (RFC 7396): members are put in the place of those there, null takes one away, lists are replaced whole.' } }, (request, reply) => {
    return editFor(app, request, reply, { replaces: false, change: current => patched(current, request.body) })
  })

  await app.register(backups)
}

/** @throws {ConfigError} where the patch is nested deeper than any configuration */
function patched (current: JsonObject, patch: JsonObject): JsonObject {
  if (isTooDeep(patch)) throw new ConfigError('the patch', [TOO_DEEP])
  // A patch that is an object makes one of an object.
  return mergePatch(current, patch) as JsonObject
}
