import { PriceTable } from '../account/price-table.ts'
import type { ReasoningMemory } from '../message/reasoning-memory.ts'
import type { Router } from '../routing/router.ts'
import type { CustomRouter } from './custom-router.ts'
import type { Environment } from './environment.ts'
import { isAnySet } from './environment/variables.ts'
import { listenPlace } from './listen-place.ts'
import { resolveKeys } from './resolve-keys.ts'
import { resolveLog } from './resolve-log.ts'
import { resolveProvider } from './resolve-provider.ts'
import { RouterResolver } from './resolve-router.ts'
import { resolveUsage } from './resolve-usage.ts'
import { type ConfigDocument, OLD_KEYS } from './schema.ts'
import type { Config, ProviderTargets } from './snapshot.ts'
import type { TransformerCatalogue } from './transformers.ts'

/** Keys of claude-code-router that mean something to its own client. */
export const UNUSED = ['StatusLine', 'CLAUDE_PATH', 'NON_INTERACTIVE_MODE', 'forceUseImageAgent', 'plugins'] as const

/** Variables of other gateways that mean nothing here: the account is kept in any case. */
const UNUSED_VARIABLES = ['TELEMETRY_ENABLED'] as const satisfies readonly (keyof Environment)[]

/** What a document is resolved with. */
export interface Surroundings {
  env: Environment
  catalogue: TransformerCatalogue
  memory: ReasoningMemory
  /** The providers of the configuration before: those that are the same stay. */
  before?: ReadonlyMap<string, ProviderTargets>
  /** Where the document came from, in words. */
  source: string
  /** Where relative paths of the document begin. */
  folder: string
  /** The user's own router, and the text in place of the system prompt, from their files. */
  custom: CustomRouter | undefined
  systemPrompt: string | undefined
}

/**
 * Makes a snapshot of a document whose form is good.
 * @param problems gets a line for each reference that leads nowhere
 */
export function resolve (document: ConfigDocument, { env, catalogue, memory, before = new Map(), source, folder, custom, systemPrompt }: Surroundings, problems: string[]): Config | undefined {
  const providers = new Map<string, ProviderTargets>()
  document.Providers.forEach((entry, i) => {
    const path = `Providers[${i}]`
    if (providers.has(entry.name)) problems.push(`${path}.name: there are two providers named ${entry.name}`)
    const targets = resolveProvider(entry, path, { catalogue, memory, before }, problems)
    if (targets !== undefined) providers.set(entry.name, targets)
  })
  const basics = resolveBasics(document, problems)
  const { profiles: profileEntries = {}, ...settings } = document.Router
  const resolver = new RouterResolver(providers, document.fallback, problems)
  const router = resolver.resolve(settings, 'Router')
  const profiles = new Map(Object.entries(profileEntries).flatMap(([name, entry]): [string, Router][] => {
    const profile = resolver.resolve(entry, `Router.profiles.${name}`, settings)
    return profile === undefined ? [] : [[name, profile]]
  }))
  const usage = resolveUsage(document, env, folder, problems)
  const keys = resolveKeys(document, env, profileEntries, problems)
  if (router === undefined || usage === undefined || problems.length > 0) return undefined
  return Object.freeze({
    ...basics,
    ...resolveLog(document, folder),
    keys: Object.freeze(keys),
    providers,
    router,
    profiles,
    custom,
    systemPrompt,
    failover: Object.freeze({ tries: 2, backoff: 500, maxWait: 5000, breakAfter: 5, coolDown: 10000, maxCoolDown: 60000, ...document.Failover }),
    stream: Object.freeze({ pingAfter: 15000, contentAfter: 120000, shutdownGrace: 30000, ...document.Stream }),
    media: Object.freeze({ maxBytes: 20971520, timeout: 15000, allowHosts: [], ...document.Media }),
    acceptAnthropicKeys: document.Auth?.acceptAnthropicKeys ?? false,
    limits: Object.freeze({ requestsPerMinute: 100, budgetWarning: 0.8, ...document.Limits }),
    usage,
    prices: new PriceTable(document.Prices ?? []),
    source,
    catalogue,
    unused: Object.freeze([...unusedKeys(document), ...UNUSED_VARIABLES.filter(name => isAnySet(env, [name]))])
  })
}

/** What is a number or a text, and stands for itself. */
function resolveBasics (document: ConfigDocument, problems: string[]): Pick<Config, 'host' | 'port' | 'timeout' | 'proxyUrl'> {
  const { host, port } = listenPlace(document)
  const timeout = Number(document.API_TIMEOUT_MS ?? 600000)
  const proxyUrl = document.PROXY_URL ?? document.HTTPS_PROXY ?? document.https_proxy ?? document.httpsProxy
  if (port > 65535) problems.push('PORT: must be <= 65535')
  if (timeout < 1) problems.push('API_TIMEOUT_MS: must be >= 1')
  if (proxyUrl !== undefined && !isProxyUrl(proxyUrl)) problems.push('PROXY_URL: must be a URL that begins with http:// or https://')
  return { host, port, timeout, proxyUrl }
}

function isProxyUrl (text: string): boolean {
  return URL.canParse(text) && /^https?:$/.test(new URL(text).protocol)
}

/** Keys that are accepted and do nothing. */
function unusedKeys (document: ConfigDocument): string[] {
  const models = document.Providers.flatMap((entry, i) => Object.keys(entry.transformer ?? {})
    .filter(model => model !== 'use' && !entry.models.includes(model))
    .map(model => `Providers[${i}].transformer.${model}`))
  const toolUse = document.Router.toolUse === undefined ? [] : ['Router.toolUse']
  const old = Object.keys(document).filter(key => OLD_KEYS.test(key))
  const logFiles = document.LogFiles === undefined || document.LOG === true ? [] : ['LogFiles']
  return [...UNUSED.filter(key => document[key] !== undefined), ...old, ...logFiles, ...toolUse, ...models]
}
