import type { FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'
import { adminProblem, storedKeyProblems } from '../src/config/admin-problem.ts'
import { ConfigEditor, type Outcome } from '../src/config/editor.ts'
import type { Config } from '../src/config/snapshot.ts'
import { listenProblem } from '../src/http/listen-problem.ts'

declare module 'fastify' {
  interface FastifyInstance {
    configEditor: ConfigEditor
    /** What is wrong with a document that somebody else wrote, so that the one before is still in force; null for nothing. */
    configTrouble: Error | null
    /** Takes the document in as it is now, and the files that it names. It never rejects. @param author who says so */
    reloadConfig (author: string): Promise<void>
  }
}

/** Says what came of what somebody else wrote. */
async function noteReload ({ log, audit, configEditor }: FastifyInstance, author: string, { effects, version, others }: Outcome): Promise<void> {
  log.info({ author, revision: version.revision, ...effects }, 'the configuration was changed from outside and is in force')
  if (effects.restart.length > 0) log.warn({ settings: effects.restart }, 'these settings hold only after a restart')
  // Of what is in the database, whoever changed it made a note.
  if (configEditor.place.kind === 'file' && others.length > 0) await audit.note(author, 'config.reload', version.revision, null, { changes: others })
}

/** Changes of the configuration while the service runs: by the API, and by whoever writes the file. */
async function configEditor (app: FastifyInstance): Promise<void> {
  const { config, configSource: { place, load, unwritten, revision, document, fixed } } = app
  const objections = (next: Config): string[] => {
    if (fixed !== undefined) return [fixed]
    const { needed } = app.keys
    const stored = app.keys.stored.some(({ role }) => role === 'admin')
    // It would keep the next start from listening.
    const exposed = listenProblem(next.host, next.keys.length > 0 || stored)
    return [...exposed === undefined ? [] : [exposed], ...adminProblem(next, { needed, stored }), ...storedKeyProblems(next, app.keys.stored)]
  }
  const editor = new ConfigEditor({ place, live: config, load, unwritten, objections }, revision, document)
  let trouble: Error | null = null
  app.decorate('configEditor', editor)
  app.decorate('configTrouble', { getter: () => trouble })

  async function reload (author: string, anyway = false): Promise<void> {
    // What is all in the environment is in no place.
    if (fixed !== undefined) return
    try {
      const outcome = await editor.reload(anyway)
      trouble = null
      if (outcome !== null) await noteReload(app, author, outcome)
    } catch (error) {
      const known = trouble?.message === (error as Error).message
      trouble = error as Error
      // A database that is away is asked again and again.
      if (!known) app.log.error({ author, problem: trouble.message }, 'the configuration was changed from outside and cannot be used: the one before stays in force')
    }
  }
  app.decorate('reloadConfig', (author: string) => reload(author, true))
  config.onChange(() => { trouble = null })
  // Not before: what was changed since the start is taken in then.
  app.addHook('onListen', async () => {
    if (fixed !== undefined) return
    await place.watch(() => { reload(place.kind).catch(() => {}) })
    await reload(place.kind)
  })
}

export default fp(configEditor, { name: 'config-editor', fastify: '5.x', dependencies: ['config', 'keys', 'audit'] })
