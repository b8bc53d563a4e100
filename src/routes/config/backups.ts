import type { FastifyInstance } from 'fastify'
import { differences } from '../../config/edit/difference.ts'
import { maskSecrets } from '../../config/edit/secrets.ts'
import { parseDocument } from '../../config/written-document.ts'
import { ApiError } from '../../errors.ts'
import type { JsonObject } from '../../wire/json.ts'
import { type EditQuery, editFor } from './edit.ts'
import { backedUpSchema, backupsSchema, differencesSchema, documentSchema, editQuery, editedSchema, failures, tags } from './schemas.ts'
import { told } from './told.ts'

interface Named { Params: { name: string }, Querystring: EditQuery }

const config = { access: 'admin' } as const
const params = { type: 'object', properties: { name: { type: 'string', maxLength: 100, description: 'As the list of backups has it.' } } } as const

/** Documents that were in force before: made before every change, and when somebody asks for it. */
export default async function backups (app: FastifyInstance): Promise<void> {
  const { configEditor: editor } = app

  /** @throws {ApiError} 404 */
  async function read (name: string): Promise<{ text: string, document: JsonObject }> {
    const text = await told(() => editor.place.readBackup(name))
    if (text === undefined) throw new ApiError('not_found_error', 'There is no backup of that name; GET /api/config/backups lists those that are there.')
    return { text, document: await told(async () => parseDocument(text, name)) }
  }

  app.post('/api/config/backup', { config, schema: { tags, summary: 'Keeps the configuration as it is', response: { 200: backedUpSchema, ...failures } } }, async request => {
    const backup = await told(() => editor.backUp())
    if (backup !== null) await app.audit.note(request, 'config.backup', backup, null, null)
    return { success: true, message: backup === null ? 'Nothing is written yet that could be kept: the environment alone configures.' : 'Backup created successfully.', backup }
  })

  app.get('/api/config/backups', { config, schema: { tags, summary: 'The backups, the latest first', response: { 200: backupsSchema, ...failures } } }, async () => {
    return { backups: await told(() => editor.place.backups()) }
  })

  app.get<Named>('/api/config/backups/:name', { config, schema: { tags, params, summary: 'A backup, with secrets masked', response: { 200: documentSchema, ...failures } } }, async ({ params: { name } }, reply) => {
    const { document } = await read(name)
    return reply.header('cache-control', 'no-store').send(maskSecrets(document))
  })

  app.get<Named>('/api/config/backups/:name/diff', { config, schema: { tags, params, summary: 'What is different since a backup', response: { 200: differencesSchema, ...failures } } }, async ({ params: { name } }) => {
    const { document } = await read(name)
    const now = await told(() => editor.read())
    return { changes: differences(document, now.document) }
  })

  app.post<Named>('/api/config/backups/:name/restore', { config, schema: { tags, params, querystring: editQuery, summary: 'Puts a backup in force', description: 'Checked as every change is; what was there is kept as a backup, too.', response: { 200: editedSchema, ...failures } } }, async (request, reply) => {
    const { params: { name: subject } } = request
    const { text, document } = await read(subject)
    return await editFor(app, request, reply, { change: () => document, replaces: true, text }, { action: 'config.restore', subject })
  })
}
