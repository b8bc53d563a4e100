import { ConfigError } from '../config/config-error.ts'
import { DOCUMENT_VARIABLE } from '../config/environment-settings.ts'
import { loadConfig, readDocument } from '../config/load.ts'
import type { Config } from '../config/snapshot.ts'
import { listenProblem } from '../http/listen-problem.ts'
import { publishedKeyProblem } from '../http/published-keys.ts'
import { redisAddress } from '../limits/redis-address.ts'
import { SCENARIOS } from '../routing/router.ts'
import { type JsonObject, isJsonObject } from '../wire/json.ts'
import { offlineApp } from './offline-app.ts'
import { type Outcome, outcome } from './outcome.ts'

/** A configuration that can be used, and what is to be said of it. */
export interface Checked {
  readonly config: Config
  readonly lines: readonly string[]
}

/**
 * `switchyard check [file]`: whether the service could start with this configuration, found out offline.
 * @param file in place of the one that the start would take
 */
export async function check (file: string | undefined, processEnv: NodeJS.ProcessEnv): Promise<Outcome> {
  try {
    const { lines } = await checkConfig(file, processEnv)
    return outcome(0, lines)
  } catch (error) {
    if (error instanceof ConfigError) return outcome(1, [error.message])
    throw error
  }
}

/**
 * Loads a configuration as the start does, and goes no further.
 * @throws {ConfigError} that names every problem
 */
export async function checkConfig (file: string | undefined, processEnv: NodeJS.ProcessEnv): Promise<Checked> {
  const app = await offlineApp(file === undefined ? processEnv : withFile(file, processEnv))
  try {
    const config = await loadConfig(app.env, app.processEnv, app.transformers)
    if (app.env.REDIS_URL !== undefined) redisAddress(app.env.REDIS_URL)
    const { document, given } = await readDocument(app.env, app.processEnv, [])
    const variables = given.map(({ variable }) => variable)
    return { config, lines: [summary(config, document), ...notes(config, variables)] }
  } finally {
    await app.close()
  }
}

/** The environment, but for what would take the place of the file. */
export function withFile (file: string, processEnv: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const { [DOCUMENT_VARIABLE]: _instead, ...rest } = processEnv
  return { ...rest, CONFIG_PATH: file }
}

function summary ({ source, providers, keys }: Config, document: JsonObject): string {
  return `${source} is good: ${[count(providers.size, 'provider'), count(rulesOf(document), 'rule'), count(keys.length, 'key')].join(', ')}`
}

/** Rules that somebody set, a router of his own among them. */
function rulesOf ({ Router: router, CUSTOM_ROUTER_PATH: custom }: JsonObject): number {
  if (!isJsonObject(router)) return 0
  const own = Array.isArray(router['rules']) ? router['rules'].length : 0
  return SCENARIOS.filter(name => router[name] !== undefined).length + own + (custom === undefined ? 0 : 1)
}

/** @throws {ConfigError} where the address may be listened on with no key whatever */
function notes ({ source, host, keys, usage, unused, acceptAnthropicKeys }: Config, variables: readonly string[]): string[] {
  const lines: string[] = []
  const exposed = listenProblem(host, keys.length > 0)
  const published = publishedKeyProblem(host, keys)
  if (published !== undefined) throw new ConfigError(source, [published])
  if (exposed !== undefined && !usage.enabled) throw new ConfigError(source, [exposed])
  if (exposed !== undefined) lines.push(`  - ${exposed}; keys of the store would do as well`)
  else if (keys.length === 0 && !acceptAnthropicKeys) lines.push('  - no key is set: only programs of this machine are served')
  if (unused.length > 0) lines.push(`  - these keys are accepted and do nothing: ${unused.join(', ')}`)
  if (variables.length > 0) lines.push(`  - these variables stand above it: ${variables.join(', ')}`)
  return lines
}

function count (number: number, noun: string): string {
  return `${number === 0 ? 'no' : number} ${noun}${number === 1 ? '' : 's'}`
}
