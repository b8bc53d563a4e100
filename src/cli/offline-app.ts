import Fastify, { type FastifyInstance } from 'fastify'
import env from '../../plugins/env.ts'
import transformers from '../../plugins/transformers.ts'
import { registerProviders } from '../provider-plugins.ts'

/**
 * As much of the service as a configuration is checked against: the environment, and the transformers that are built in. It
 * opens no store, no port and no connection.
 * @throws {ConfigError} where a variable is of a wrong form
 */
export async function offlineApp (processEnv: NodeJS.ProcessEnv): Promise<FastifyInstance> {
  const app = Fastify()
  app.register(env, { env: processEnv })
  app.register(transformers)
  registerProviders(app)
  await app.ready()
  return app
}
