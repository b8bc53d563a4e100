/** Variables of the environment that the configuration reads; those of gateways that this one takes the place of are in docs/migrate.md. */
export interface Environment extends Partial<Record<typeof FOREIGN_VARIABLES[number], string>> {
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

/**
 * Names of other gateways. They count where nothing else configures this one, and what they hold is judged then only: elsewhere
 * they may belong to another program.
 */
export const FOREIGN_VARIABLES = [
  'TARGET_MODEL_OPUS', 'TARGET_MODEL_BIG', 'TARGET_MODEL_SMALL', 'OPENROUTER_APP_URL', 'OPENROUTER_APP_TITLE', 'SITE_URL',
  'VLLM_URL', 'VLLM_API_KEY', 'VLLM_MODEL', 'VISION_URL', 'VISION_API_KEY', 'VISION_MODEL',
  'API_KEY', 'TIMEOUT_S', 'PROXY_PORT', 'PROXY_VERBOSE', 'TELEMETRY_ENABLED'
] as const

/** Whether any of these is set. */
export function isAnySet (env: Environment, names: readonly (keyof Environment)[]): boolean {
  return names.some(name => env[name] !== undefined && env[name] !== '')
}
