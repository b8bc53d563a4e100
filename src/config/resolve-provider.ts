import type { ReasoningMemory } from '../message/reasoning-memory.ts'
import type { Provider, Target, TransformerPair } from '../provider.ts'
import type { ProviderEntry } from './schema.ts'
import type { ProviderTargets } from './snapshot.ts'
import { type TransformerCatalogue, checkWires, defaultPair, readUse } from './transformers.ts'

export interface ProviderSurroundings {
  catalogue: TransformerCatalogue
  memory: ReasoningMemory
}

/**
 * An entry of `Providers[]` as targets by model. A model with a `use` of its own has a provider of its own: the same
 * server, spoken to in another way.
 * @returns undefined where a problem was found
 */
export function resolveProvider (entry: ProviderEntry, path: string, { catalogue, memory }: ProviderSurroundings, problems: string[]): ProviderTargets | undefined {
  const known = problems.length
  const { use: list = [], ...perModel } = entry.transformer ?? {}
  const use = readUse(list, `${path}.transformer.use`, catalogue, problems)
  const pair = use.pair ?? defaultPair(entry, catalogue)
  if (!URL.canParse(entry.api_base_url)) problems.push(`${path}.api_base_url: must be a URL`)
  if (entry.api_key !== undefined && !/^[\x21-\x7e]*$/.test(entry.api_key)) problems.push(`${path}.api_key: holds blanks or characters that no header can carry`)
  if (problems.length > known || pair === undefined) return undefined
  checkWires(use.adapters, pair, `${path}.transformer.use`, catalogue, problems)
  const provider: Provider = Object.freeze({
    name: entry.name,
    url: endpointOf(entry, pair, path, problems),
    // Old examples leave it empty where a server wants none.
    apiKey: entry.api_key || undefined,
    models: Object.freeze([...entry.models]),
    pair,
    options: use.options,
    adapters: Object.freeze(use.adapters),
    strict: entry.strict === true,
    facts: { contextWindows: new Map() },
    memory
  })
  const own = new Map(Object.entries(perModel as Record<string, { use: unknown[] }>).map(([model, { use }]) => [model, ownProvider(provider, entry, use, `${path}.transformer.${model}.use`, catalogue, problems)]))
  return new Map(entry.models.map((model): [string, Target] => [model, Object.freeze({ provider: own.get(model) ?? provider, model })]))
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
