import type { FastifyInstance, FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import { type AuditAction, AuditLog, boundedJson } from '../src/store/audit.ts'

declare module 'fastify' {
  interface FastifyInstance {
    /** What admins did. */
    audit: {
      /**
       * Notes what was done; where there is no store, in the log. It never rejects.
       * @param who whose request it was, or a name
       * @param subject id or name of what was changed
       * @param before what was there, without secrets; null for nothing
       * @param after what is there now, likewise
       */
      note (who: FastifyRequest | string, action: AuditAction, subject: string, before: object | null, after: object | null): Promise<void>
      /** What was noted; null where there is no store. */
      readonly entries: AuditLog | null
    }
  }
}

/** Who did what, for whoever has to know it later. */
async function audit (app: FastifyInstance): Promise<void> {
  const entries = app.store === null ? null : new AuditLog(app.store)
  app.decorate('audit', {
    entries,
    async note (who, action, subject, before, after) {
      const actor = typeof who === 'string' ? who : who.identity.name
      try {
        if (entries === null) app.log.info({ actor, action, subject, before: boundedJson(before), after: boundedJson(after) }, 'an admin changed something')
        else await entries.note({ actor, action, subject, before, after })
      } catch (error) {
        // It is done and holds already: told that it failed, the client would do it again.
        app.log.error({ err: error, actor, action, subject }, 'what an admin did is missing in the audit: the store did not take it')
      }
    }
  })
}

export default fp(audit, { name: 'audit', fastify: '5.x', dependencies: ['store'] })
