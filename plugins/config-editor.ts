import type { FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'
import { ConfigError } from '../src/config/config-error.ts'
import { ConfigEditor } from '../src/config/editor.ts'
import type { Config } from '../src/config/snapshot.ts'
import { adminProblem } from '../src/config/admin-problem.ts'

declare module 'fastify' {
  interface FastifyInstance {
    configEditor: ConfigEditor
    /** What is wrong with a document that somebody else wrote, so that the one before is still in force; null for nothing. */
    configTrouble: ConfigError | null
    /** Looks whether somebody else changed the document, and takes that in. It never rejects. @param author who says so */
    reloadConfig (author: string): Promise<void>
  }
}

/** Changes of the configuration while the service runs: by the API, and by whoever writes the file. */
async function configEditor (app: FastifyInstance): Promise<void> {
  const { config, configSource: { place, load, unwritten, revision, document, fixed } } = app
  const objections = (next: Config): string[] => fixed !== undefined ? [fixed] : adminProblem(next, { needed: app.keys.needed, stored: app.keys.storedAdmin })
  const editor = new ConfigEditor({ place, live: config, load, unwritten, objections }, revision, document)
  let trouble: ConfigError | null = null
  app.decorate('configEditor', editor)
  app.decorate('configTrouble', { getter: () => trouble })

  async function reload (author: string): Promise<void> {
    try {
      const outcome = await editor.reload()
      trouble = null
      if (outcome === null) return
      const { effects, version } = outcome
      app.log.info({ author, revision: version.revision, ...effects }, 'the configuration was changed from outside and is in force')
      if (effects.restart.length > 0) app.log.warn({ settings: effects.restart }, 'these settings hold only after a restart')
      await app.audit.note(author, 'config.reload', version.revision, null, { effects })
    } catch (error) {
      if (error instanceof ConfigError) trouble = error
      app.log.error({ author, problem: (error as Error).message }, 'the configuration was changed from outside and cannot be used: the one before stays in force')
    }
  }
  app.decorate('reloadConfig', reload)
  config.onChange(({ logLevel, unused }) => {
    trouble = null
    app.log.level = logLevel
    if (unused.length > 0) app.log.warn({ keys: unused }, 'these keys of the configuration are accepted and do nothing')
  })
  // Not before: what was changed since the start is taken in then.
  app.addHook('onListen', async () => {
    await place.watch(() => { reload(place.kind).catch(() => {}) })
    await reload(place.kind)
  })
  app.addHook('onClose', () => place.close())
}

export default fp(configEditor, { name: 'config-editor', fastify: '5.x', dependencies: ['config', 'keys', 'audit'] })
