import type { JsonObject } from '../wire/json.ts'
import { literal } from './read-setting.ts'

/** Variables of the environment that the configuration reads; declared for @fastify/env in plugins/env.ts. */
export interface Environment {
  CONFIG_PATH?: string
  /** Where the document lives. */
  CONFIG_STORE?: 'file' | 'postgres'
  HOST?: string
  PORT?: number
  APIKEY?: string
  VALID_API_KEYS?: string
  DATABASE_URL?: string
  REDIS_URL?: string
  KEY_HASH_SECRET?: string
  API_TIMEOUT_MS?: number
  PROXY_URL?: string
  LOG_LEVEL?: string
  OPENROUTER_API_KEY?: string
  OPENROUTER_BASE_URL?: string
  TARGET_MODEL_DEFAULT?: string
}

/** What OpenRouter is asked for where nobody said anything else. */
export const DEFAULT_MODEL = 'anthropic/claude-sonnet-4.5'

/** A whole document from the environment alone, as a file would have it: OpenRouter where there is a key for it, else the built-in demo. */
export function documentFromEnvironment (env: Environment): JsonObject {
  if (env.OPENROUTER_API_KEY === undefined) {
    return {
      Providers: [{ name: 'demo', api_base_url: 'http://demo.invalid/v1/chat/completions', models: ['demo'], transformer: { use: ['demo'] } }],
      Router: { default: 'demo,demo' }
    }
  }
  const model = literal(env.TARGET_MODEL_DEFAULT ?? DEFAULT_MODEL)
  return {
    Providers: [{
      name: 'openrouter',
      api_base_url: `${literal(env.OPENROUTER_BASE_URL ?? 'https://openrouter.ai/api/v1').replace(/\/+$/, '')}/chat/completions`,
      api_key: '$OPENROUTER_API_KEY',
      models: [model],
      transformer: { use: ['openrouter'] }
    }],
    Router: { default: `openrouter,${model}` }
  }
}

/** Settings that have a variable of the same name. */
export const PLAIN_SETTINGS = ['HOST', 'PORT', 'APIKEY', 'API_TIMEOUT_MS', 'PROXY_URL', 'LOG_LEVEL'] as const satisfies readonly (keyof Environment)[]

/** Settings of the environment stand above those of the file: the place where it runs knows best. */
export function overrides (env: Environment): JsonObject {
  return Object.fromEntries(PLAIN_SETTINGS.map(name => [name, env[name]]).filter(([, value]) => value !== undefined && value !== ''))
}
