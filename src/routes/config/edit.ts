import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Edit, Outcome } from '../../config/editor.ts'
import type { AuditAction } from '../../store/audit.ts'
import { etagOf, revisionOf } from './if-match.ts'
import { told } from './told.ts'

export interface EditQuery { dry_run?: '0' | '1' | 'false' | 'true' }

/** What is noted of a change: it is known by its revision where nothing is given. */
interface Noted { readonly action: AuditAction, readonly subject?: string }

/** Makes a change in the name of whoever asks for it, and answers with what came of it. */
export async function editFor (app: FastifyInstance, request: FastifyRequest<{ Querystring: EditQuery }>, reply: FastifyReply, wish: Pick<Edit, 'change' | 'replaces' | 'text'>, { action, subject }: Noted = { action: 'config.change' }): Promise<FastifyReply> {
  const { query: { dry_run: dry }, headers, identity } = request
  const dryRun = dry === '1' || dry === 'true'
  const revision = revisionOf(headers['if-match'])
  const outcome = await told(() => app.configEditor.edit({ ...wish, revision, author: identity.name, dryRun }))
  const { version, backup, difference, others, effects, changed } = outcome
  if (others.length > 0 && !dryRun) await app.audit.note(app.configEditor.place.kind, 'config.reload', version.revision, null, { changes: others })
  if (changed && !dryRun) await app.audit.note(request, action, subject ?? version.revision, null, { changes: difference })
  return reply.headers({ etag: etagOf(version.revision), 'cache-control': 'no-store' }).send({
    success: true,
    message: messageOf(outcome, dryRun),
    ...(dryRun && { dry_run: true }),
    backup,
    revision: version.revision,
    changes: difference,
    effects
  })
}

function messageOf ({ changed, effects: { restart } }: Outcome, dryRun: boolean): string {
  if (dryRun) return 'The configuration is good; nothing was changed.'
  if (!changed) return 'The configuration was so already; nothing was changed.'
  return `Configuration updated successfully.${restart.length === 0 ? '' : ` Server restart required to apply ${restart.join(', ')}; all else is in force.`}`
}
