import type { ReasoningMemory } from '../message/reasoning-memory.ts'
import type { Target } from '../provider.ts'
import type { Environment } from './environment.ts'
import { resolveProvider } from './resolve-provider.ts'
import type { ConfigDocument } from './schema.ts'
import type { Config, ProviderTargets } from './snapshot.ts'
import type { TransformerCatalogue } from './transformers.ts'

/** Keys of claude-code-router that mean something to its own client, or to parts that this version has not. */
const UNUSED = ['StatusLine', 'CLAUDE_PATH', 'NON_INTERACTIVE_MODE', 'forceUseImageAgent', 'plugins', 'CUSTOM_ROUTER_PATH', 'REWRITE_SYSTEM_PROMPT', 'fallback'] as const

/** What a document is resolved with. */
export interface Surroundings {
  env: Environment
  catalogue: TransformerCatalogue
  memory: ReasoningMemory
  /** Where the document came from, in words. */
  source: string
}

/**
 * Makes a snapshot of a document whose form is good.
 * @param problems gets a line for each reference that leads nowhere
 */
export function resolve (document: ConfigDocument, { env, catalogue, memory, source }: Surroundings, problems: string[]): Config | undefined {
  const providers = new Map<string, ProviderTargets>()
  document.Providers.forEach((entry, i) => {
    const path = `Providers[${i}]`
    if (providers.has(entry.name)) problems.push(`${path}.name: there are two providers named ${entry.name}`)
    const targets = resolveProvider(entry, path, { catalogue, memory }, problems)
    if (targets !== undefined) providers.set(entry.name, targets)
  })
  const port = Number(document.PORT ?? 3456)
  const timeout = Number(document.API_TIMEOUT_MS ?? 600000)
  const proxyUrl = document.PROXY_URL ?? document.HTTPS_PROXY ?? document.https_proxy ?? document.httpsProxy
  if (port > 65535) problems.push('PORT: must be <= 65535')
  if (timeout < 1) problems.push('API_TIMEOUT_MS: must be >= 1')
  if (proxyUrl !== undefined && !URL.canParse(proxyUrl)) problems.push('PROXY_URL: must be a URL')
  const fallback = resolveTarget(document.Router.default, providers, 'Router.default', problems)
  if (fallback === undefined || problems.length > 0) return undefined
  return Object.freeze({
    host: document.HOST ?? '127.0.0.1',
    port,
    keys: Object.freeze([document.APIKEY ?? '', ...(env.VALID_API_KEYS ?? '').split(',')].map(key => key.trim()).filter(key => key !== '')),
    timeout,
    proxyUrl,
    logLevel: document.LOG === false ? 'silent' : document.LOG_LEVEL ?? 'info',
    providers,
    router: Object.freeze({ default: fallback }),
    stream: Object.freeze({ pingAfter: 15000, contentAfter: 120000, shutdownGrace: 30000, ...document.Stream }),
    media: Object.freeze({ maxBytes: 20971520, timeout: 15000, allowHosts: [], ...document.Media }),
    source,
    catalogue,
    unused: Object.freeze(unusedKeys(document))
  })
}

/** Keys that are accepted and do nothing. */
function unusedKeys (document: ConfigDocument): string[] {
  const models = document.Providers.flatMap((entry, i) => Object.keys(entry.transformer ?? {})
    .filter(model => model !== 'use' && !entry.models.includes(model))
    .map(model => `Providers[${i}].transformer.${model}`))
  const scenarios = Object.keys(document.Router).filter(key => key !== 'default').map(key => `Router.${key}`)
  return [...UNUSED.filter(key => document[key] !== undefined), ...scenarios, ...models]
}

/** `provider,model`; the model may hold commas. */
export function resolveTarget (text: string, providers: ReadonlyMap<string, ProviderTargets>, path: string, problems: string[]): Target | undefined {
  const comma = text.indexOf(',')
  const targets = providers.get(text.slice(0, comma))
  const model = text.slice(comma + 1)
  const target = targets?.get(model)
  if (targets === undefined) problems.push(`${path}: there is no usable provider ${text.slice(0, comma)}; Providers has ${[...providers.keys()].join(', ') || 'none'}`)
  else if (target === undefined) problems.push(`${path}: ${text.slice(0, comma)} has no model ${model}; its models are ${[...targets.keys()].join(', ')}`)
  return target
}
