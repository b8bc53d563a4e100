import type { Provider, Target, TransformerPair } from '../provider.ts'
import { type JsonObject, isJsonObject } from '../wire/json.ts'
import type { Environment } from './environment.ts'
import type { ConfigDocument, ProviderEntry } from './schema.ts'
import type { Config } from './snapshot.ts'

/** Where transformer pairs are found by name. */
export interface PairRegistry {
  get (name: string): TransformerPair | undefined
  readonly names: readonly string[]
}

/** Keys of claude-code-router that mean something to its own client, or to parts that this version has not. */
const UNUSED = ['StatusLine', 'CLAUDE_PATH', 'NON_INTERACTIVE_MODE', 'forceUseImageAgent', 'plugins', 'transformers', 'CUSTOM_ROUTER_PATH', 'REWRITE_SYSTEM_PROMPT', 'fallback'] as const

/**
 * Makes a snapshot of a document whose form is good.
 * @param problems gets a line for each reference that leads nowhere
 */
export function resolve (document: ConfigDocument, env: Environment, pairs: PairRegistry, source: string, problems: string[]): Config | undefined {
  const providers = new Map<string, Provider>()
  document.Providers.forEach((entry, i) => {
    const path = `Providers[${i}]`
    if (providers.has(entry.name)) problems.push(`${path}.name: there are two providers named ${entry.name}`)
    const provider = resolveProvider(entry, path, pairs, problems)
    if (provider !== undefined) providers.set(entry.name, provider)
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
    source,
    unused: Object.freeze([...UNUSED.filter(key => document[key] !== undefined), ...Object.keys(document.Router).filter(key => key !== 'default').map(key => `Router.${key}`)])
  })
}

function resolveProvider (entry: ProviderEntry, path: string, pairs: PairRegistry, problems: string[]): Provider | undefined {
  const [use, ...adapters] = entry.transformer?.use ?? []
  const [name, options] = Array.isArray(use) ? use : [use]
  const pair = name === undefined ? defaultPair(entry, pairs) : pairs.get(String(name))
  if (pair === undefined) problems.push(unknownName(`${path}.transformer.use[0]`, String(name), pairs))
  adapters.forEach((adapter, i) => problems.push(unknownName(`${path}.transformer.use[${i + 1}]`, nameOf(adapter), pairs)))
  for (const [model, { use = [] }] of Object.entries(entry.transformer ?? {}).filter(([key]) => key !== 'use') as [string, { use?: unknown[] }][]) {
    use.forEach((adapter, i) => problems.push(unknownName(`${path}.transformer.${model}.use[${i}]`, nameOf(adapter), pairs)))
  }
  if (!URL.canParse(entry.api_base_url)) problems.push(`${path}.api_base_url: must be a URL`)
  if (entry.api_key !== undefined && !/^[\x21-\x7e]*$/.test(entry.api_key)) problems.push(`${path}.api_key: holds blanks or characters that no header can carry`)
  if (pair === undefined || !URL.canParse(entry.api_base_url)) return undefined
  return Object.freeze({
    name: entry.name,
    url: endpoint(entry.api_base_url, pair),
    apiKey: entry.api_key,
    models: Object.freeze([...entry.models]),
    pair,
    options: isJsonObject(options) ? options as JsonObject : {}
  })
}

/** A transformer entry is `"name"` or `["name", options]`. */
function nameOf (entry: unknown): string {
  return String(Array.isArray(entry) ? entry[0] : entry)
}

function unknownName (path: string, name: string, pairs: PairRegistry): string {
  return `${path}: there is no transformer ${name} here; there are ${pairs.names.join(', ')}`
}

/** An entry without `transformer` gets the pair of its name, else the one its URL tells, else `openai`. */
function defaultPair (entry: ProviderEntry, pairs: PairRegistry): TransformerPair | undefined {
  const host = URL.canParse(entry.api_base_url) ? new URL(entry.api_base_url).hostname : ''
  const named = pairs.get(entry.name)
  if (named !== undefined && named.dispatcher === undefined) return named
  return pairs.names.map(name => pairs.get(name)).find(pair => pair !== undefined && pair.dispatcher === undefined && host.split('.').includes(pair.name)) ?? pairs.get('openai')
}

/** `api_base_url` is the endpoint itself; where it is the API's base, as most other tools want it, the path is added. */
function endpoint (baseUrl: string, pair: TransformerPair): URL {
  const url = new URL(baseUrl)
  if (pair.wire === 'openai' && /^(.*\/v\d+)?\/?$/.test(url.pathname)) url.pathname = `${url.pathname.replace(/\/$/, '')}/chat/completions`
  return url
}

/** `provider,model`; the model may hold commas. */
export function resolveTarget (text: string, providers: ReadonlyMap<string, Provider>, path: string, problems: string[]): Target | undefined {
  const comma = text.indexOf(',')
  const provider = providers.get(text.slice(0, comma))
  const model = text.slice(comma + 1)
  if (provider === undefined) problems.push(`${path}: there is no usable provider ${text.slice(0, comma)}; Providers has ${[...providers.keys()].join(', ') || 'none'}`)
  else if (!provider.models.includes(model)) problems.push(`${path}: ${provider.name} has no model ${model}; its models are ${provider.models.join(', ')}`)
  else return Object.freeze({ provider, model })
  return undefined
}
