import type { JsonObject } from '../wire/json.ts'
import { ConfigError } from './config-error.ts'
import { openRouterPart } from './environment/openrouter.ts'
import { VariableReader } from './environment/variable-reader.ts'
import type { Environment } from './environment/variables.ts'
import { visionPart, vllmPart } from './environment/vllm.ts'

export { DEFAULT_MODEL } from './environment/openrouter.ts'
export type { Environment } from './environment/variables.ts'

/** The built-in demo, which answers where nothing else does. */
const DEMO = {
  provider: { name: 'demo', api_base_url: 'http://demo.invalid/v1/chat/completions', models: ['demo'], transformer: { use: ['demo'] } },
  router: { default: 'demo,demo' }
}

/**
 * A whole document from the environment alone, as a file would have it: vLLM and OpenRouter where it has something of them, else
 * the built-in demo. Of the two, vLLM serves what nothing else is said of: a key for OpenRouter is often just there.
 * @throws {ConfigError} that names each variable with a value that is none for it
 */
export function documentFromEnvironment (env: Environment): JsonObject {
  const read = new VariableReader(env)
  const vllm = vllmPart(read)
  const found = [vllm, openRouterPart(read, vllm !== undefined), visionPart(read)].filter(part => part !== undefined)
  const parts = found.some(({ router }) => router['default'] !== undefined) ? found : [DEMO, ...found]
  const document = { ...settingsOf(read), Providers: parts.map(({ provider }) => provider), Router: Object.assign({}, ...parts.map(({ router }) => router)) as JsonObject }
  if (read.problems.length > 0) throw new ConfigError('the environment', read.problems)
  return document
}

/** Settings that other gateways have under other names. Our own stand above them, as they do above a file. */
function settingsOf (read: VariableReader): JsonObject {
  const settings = {
    PORT: read.port('PROXY_PORT'),
    API_TIMEOUT_MS: read.seconds('TIMEOUT_S'),
    LOG_LEVEL: read.flag('PROXY_VERBOSE') === true ? 'debug' : undefined,
    APIKEY: read.secret('API_KEY')
  }
  // The account is kept in any case; what is no flag is told all the same.
  read.flag('TELEMETRY_ENABLED')
  return Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== undefined))
}

/** Settings that have a variable of the same name. */
export const PLAIN_SETTINGS = ['HOST', 'PORT', 'APIKEY', 'API_TIMEOUT_MS', 'PROXY_URL', 'LOG_LEVEL'] as const satisfies readonly (keyof Environment)[]

/** Settings of the environment stand above those of the file: the place where it runs knows best. */
export function overrides (env: Environment): JsonObject {
  return Object.fromEntries(PLAIN_SETTINGS.map(name => [name, env[name]]).filter(([, value]) => value !== undefined && value !== ''))
}
