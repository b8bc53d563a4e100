import fastifyEnv from '@fastify/env'
import type { FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'
import { Ajv, type ErrorObject } from 'ajv'
import { ConfigError } from '../src/config/config-error.ts'
import { QUICK_AJV } from '../src/quick-ajv.ts'
import type { Environment } from '../src/config/environment.ts'
import { FOREIGN_VARIABLES } from '../src/config/environment/variables.ts'

declare module 'fastify' {
  interface FastifyInstance {
    /** The variables of the environment that the gateway reads, checked. */
    env: Environment
    /** All of them, for references in the configuration file. */
    processEnv: NodeJS.ProcessEnv
  }
}

const schema = {
  type: 'object',
  properties: {
    CONFIG_PATH: { type: 'string' },
    CONFIG_STORE: { enum: ['file', 'postgres'] },
    HOST: { type: 'string' },
    PORT: { type: 'integer', minimum: 0, maximum: 65535 },
    APIKEY: { type: 'string' },
    VALID_API_KEYS: { type: 'string' },
    DATABASE_URL: { type: 'string' },
    REDIS_URL: { type: 'string' },
    KEY_HASH_SECRET: { type: 'string' },
    API_TIMEOUT_MS: { type: 'integer', minimum: 1 },
    PROXY_URL: { type: 'string' },
    LOG_LEVEL: { type: 'string' },
    OPENROUTER_API_KEY: { type: 'string' },
    OPENROUTER_BASE_URL: { type: 'string' },
    TARGET_MODEL_DEFAULT: { type: 'string' },
    ...Object.fromEntries(FOREIGN_VARIABLES.map(name => [name, { type: 'string' }]))
  }
}

export interface EnvOptions {
  /** In place of the process's environment, for tests. */
  env?: NodeJS.ProcessEnv
}

/** What is wrong with variables, without their values. */
function envProblems (error: unknown): string[] {
  const { errors = [] } = error as { errors?: ErrorObject[] }
  return errors.map(({ instancePath, message }) => `${instancePath.slice(1)}: ${message}`)
}

/**
 * Reads the environment. A variable that is empty counts as not set.
 * @throws {ConfigError} where one is of a wrong form
 */
async function env (app: FastifyInstance, options: EnvOptions): Promise<void> {
  const data = options.env ?? process.env
  const given = Object.fromEntries(Object.entries(data).filter(([, value]) => value !== ''))
  try {
    await app.register(fastifyEnv, { confKey: 'env', schema, data: given, env: false, ajv: new Ajv({ coerceTypes: true, removeAdditional: true, ...QUICK_AJV }) })
  } catch (error) {
    const problems = envProblems(error)
    throw problems.length === 0 ? error : new ConfigError('the environment', problems)
  }
  app.decorate('processEnv', data)
}

export default fp(env, { name: 'env', fastify: '5.x' })
