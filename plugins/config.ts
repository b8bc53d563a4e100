import type { FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'
import { loadConfig } from '../src/config/load.ts'
import type { Config } from '../src/config/snapshot.ts'

declare module 'fastify' {
  interface FastifyInstance {
    config: {
      /** The configuration in force: read it once per request. */
      readonly current: Config
    }
  }
}

/** Loads the configuration; a bad one keeps the service from starting. */
async function config (app: FastifyInstance): Promise<void> {
  const current = await loadConfig(app.env, app.processEnv, app.transformers)
  app.decorate('config', { current })
  app.log.level = current.logLevel
  if (current.unused.length > 0) app.log.warn({ keys: current.unused }, 'these keys of the configuration are accepted and do nothing')
}

export default fp(config, { name: 'config', fastify: '5.x', dependencies: ['env', 'transformers'] })
