import { isDeepStrictEqual } from 'node:util'
import type { ReasoningMemory } from '../message/reasoning-memory.ts'
import type { Provider, ProviderFacts, Target, TransformerPair } from '../provider.ts'
import { resolveCapabilities } from './resolve-capabilities.ts'
import type { ProviderEntry } from './schema.ts'
import type { ProviderTargets } from './snapshot.ts'
import { type TransformerCatalogue, checkWires, defaultPair, readUse } from './transformers.ts'

export interface ProviderSurroundings {
  catalogue: TransformerCatalogue
  memory: ReasoningMemory
  /** The providers of the configuration before. */
  before: ReadonlyMap<string, ProviderTargets>
}

/** What the targets of a provider were made of, and the provider of its own `use`. */
const made = new WeakMap<ProviderTargets, { readonly entry: ProviderEntry, readonly catalogue: TransformerCatalogue, readonly provider: Provider }>()

/** The provider of an entry as its own `use` makes it, whatever its models have. */
export function baseProvider (targets: ProviderTargets): Provider | undefined {
  return made.get(targets)?.provider
}

/**
 * An entry of `Providers[]` as targets by model. A model with a `use` of its own has a provider of its own: the same
 * server, spoken to in another way. An entry that was not changed keeps its targets, and what is known of them.
 * @returns undefined where a problem was found
 */
export function resolveProvider (entry: ProviderEntry, path: string, { catalogue, memory, before }: ProviderSurroundings, problems: string[]): ProviderTargets | undefined {
  const earlier = before.get(entry.name)
  const recipe = earlier && made.get(earlier)
  if (recipe?.catalogue === catalogue && isDeepStrictEqual(recipe.entry, entry)) return earlier
  return makeTargets(entry, path, { catalogue, memory }, earlier, problems)
}

function makeTargets (entry: ProviderEntry, path: string, { catalogue, memory }: Omit<ProviderSurroundings, 'before'>, earlier: ProviderTargets | undefined, problems: string[]): ProviderTargets | undefined {
  const known = problems.length
  const { use: list = [], ...perModel } = entry.transformer ?? {}
  const use = readUse(list, `${path}.transformer.use`, catalogue, problems)
  const pair = use.pair ?? defaultPair(entry, catalogue)
  if (!URL.canParse(entry.api_base_url)) problems.push(`${path}.api_base_url: must be a URL`)
  const apiKeys = keysOf(entry, path, problems)
  if (problems.length > known || pair === undefined) return undefined
  checkWires(use.adapters, pair, `${path}.transformer.use`, catalogue, problems)
  const server: Server = {
    url: endpointOf(entry, pair, path, problems),
    apiKeys: Object.freeze(apiKeys),
    concurrency: Object.freeze({ limit: entry.maxConcurrent ?? Infinity, maxWaiting: entry.maxQueue ?? 100, maxWait: entry.queueTimeout ?? 30000 })
  }
  const provider: Provider = Object.freeze({
    name: entry.name,
    ...server,
    apiKey: apiKeys[0],
    models: Object.freeze([...entry.models]),
    pair,
    options: use.options,
    adapters: Object.freeze(use.adapters),
    strict: entry.strict === true,
    facts: factsOf(server, earlier),
    memory
  })
  const own = new Map(Object.entries(perModel as Record<string, { use: unknown[] }>).map(([model, { use }]) => [model, ownProvider(provider, entry, use, `${path}.transformer.${model}.use`, catalogue, problems)]))
  const targets = new Map(entry.models.map((model): [string, Target] => [model, makeTarget(own.get(model) ?? provider, model, entry)]))
  made.set(targets, { entry, catalogue, provider })
  return targets
}

function makeTarget (provider: Provider, model: string, { capabilities = {} }: ProviderEntry): Target {
  return Object.freeze({ provider, model, name: `${provider.name},${model}`, capabilities: resolveCapabilities(model, capabilities, provider.facts) })
}

/** A target for a model of a provider that its entry does not list. */
export function targetOf (targets: ProviderTargets, model: string): Target | undefined {
  const recipe = made.get(targets)
  return recipe && makeTarget(recipe.provider, model, recipe.entry)
}

/** How a server is reached. */
type Server = Pick<Provider, 'url' | 'apiKeys' | 'concurrency'>

/**
 * What is learned of a server. Where it is still reached in the same way the object is the same, by which breakers and queues are
 * found (src/upstream/lanes.ts); the same server with other keys begins with what it told before.
 */
function factsOf (server: Server, earlier: ProviderTargets | undefined): ProviderFacts {
  const before = earlier && baseProvider(earlier)
  if (before?.url.href !== server.url.href) return { contextWindows: new Map() }
  const { facts, apiKeys, concurrency } = before
  return isDeepStrictEqual([apiKeys, concurrency], [server.apiKeys, server.concurrency]) ? facts : { ...facts }
}

/** Old examples leave the key empty where a server wants none. */
function keysOf ({ api_key: given = [] }: ProviderEntry, path: string, problems: string[]): string[] {
  const keys = [given].flat()
  for (const [i, key] of keys.entries()) {
    const place = typeof given === 'string' ? `${path}.api_key` : `${path}.api_key[${i}]`
    if (!/^[\x21-\x7e]*$/.test(key)) problems.push(`${place}: holds blanks or characters that no header can carry`)
    if (keys.indexOf(key) !== i) problems.push(`${place}: is there already`)
  }
  return keys.filter(key => key !== '')
}

/** The adapters of a model stand behind those of its provider. */
function ownProvider (provider: Provider, entry: ProviderEntry, list: unknown[], path: string, catalogue: TransformerCatalogue, problems: string[]): Provider {
  const use = readUse(list, path, catalogue, problems)
  const pair = use.pair ?? provider.pair
  const adapters = [...provider.adapters, ...use.adapters]
  checkWires(adapters, pair, path, catalogue, problems)
  const url = pair === provider.pair ? provider.url : endpointOf(entry, pair, path, problems)
  return Object.freeze({ ...provider, pair, url, adapters: Object.freeze(adapters), options: use.pair === undefined ? provider.options : use.options })
}

/** The endpoint as the pair makes it of the URL; a pair of a user's file may fail at that. */
function endpointOf ({ api_base_url: base }: ProviderEntry, pair: TransformerPair, path: string, problems: string[]): URL {
  try {
    return pair.endpoint?.(new URL(base)) ?? new URL(base)
  } catch (error) {
    problems.push(`${path}.api_base_url: ${(error as Error).message}`)
    return new URL(base)
  }
}
