import type { Adapter, AdapterFactory, TransformerPair } from '../provider.ts'
import type { TransformerKit } from '../transformer-kit.ts'
import { type JsonObject, isJsonObject } from '../wire/json.ts'
import type { ProviderEntry } from './schema.ts'
import { readOptions } from './transformer-options.ts'

/** Where transformer pairs and adapters are found by name. */
export interface TransformerCatalogue {
  pair (name: string): TransformerPair | undefined
  adapter (name: string): AdapterFactory | undefined
  readonly pairs: readonly TransformerPair[]
  readonly adapters: readonly AdapterFactory[]
  /** What users' own transformers are made with. */
  readonly kit?: TransformerKit | undefined
}

/** What `use` lists of a provider, or of one of its models, came to. */
export interface Use {
  /** The pair and its options, where the list names one. */
  pair: TransformerPair | undefined
  options: JsonObject
  adapters: Adapter[]
}

/**
 * Reads a `use` list: `"name"` or `["name", options]`, of which one may be the pair (wherever it stands) and the others
 * are adapters in their order.
 * @param problems gets a line for each name that is unknown, and for options that are not the transformer's
 */
export function readUse (list: readonly unknown[], path: string, catalogue: TransformerCatalogue, problems: string[]): Use {
  const use: Use = { pair: undefined, options: {}, adapters: [] }
  list.forEach((entry, i) => {
    const place = `${path}[${i}]`
    const [name, given] = Array.isArray(entry) ? entry as unknown[] : [entry]
    const pair = catalogue.pair(String(name))
    const adapter = catalogue.adapter(String(name))
    const known = pair ?? adapter
    const options = known && readOptions(known, isJsonObject(given) ? given : {}, place, problems)
    if (known === undefined) problems.push(unknownName(place, String(name), catalogue))
    else if (pair !== undefined && use.pair !== undefined) problems.push(`${place}: ${pair.name} is a second transformer pair beside ${use.pair.name}; a provider speaks one wire`)
    else if (pair !== undefined) Object.assign(use, { pair, options: options ?? {} })
    else if (adapter !== undefined && options !== undefined) createAdapter(adapter, options, place, use, problems)
  })
  return use
}

function createAdapter (factory: AdapterFactory, options: JsonObject, place: string, use: Use, problems: string[]): void {
  try {
    use.adapters.push(factory.create(options))
  } catch (error) {
    problems.push(`${place}: ${(error as Error).message}`)
  }
}

/** An entry without a pair in its `use` gets the one of its name, else the one its URL tells, else `openai`. */
export function defaultPair (entry: ProviderEntry, catalogue: TransformerCatalogue): TransformerPair | undefined {
  const labels = URL.canParse(entry.api_base_url) ? new URL(entry.api_base_url).hostname.split('.') : []
  const known = catalogue.pairs.filter(pair => pair.dispatcher === undefined)
  return known.find(pair => pair.name.toLowerCase() === entry.name.toLowerCase()) ??
    known.find(pair => labels.includes(pair.name) || (pair.hosts ?? []).some(host => labels.join('.').endsWith(host))) ??
    catalogue.pair('openai')
}

/** An adapter that is written for other wires would do nothing, or harm. */
export function checkWires (adapters: readonly Adapter[], pair: TransformerPair, path: string, catalogue: TransformerCatalogue, problems: string[]): void {
  for (const { name } of adapters) {
    const wires = catalogue.adapter(name)?.wires
    if (wires !== undefined && !wires.includes(pair.wire)) problems.push(`${path}: ${name} is for the ${wires.join(' and ')} wire; ${pair.name} speaks ${pair.wire}`)
  }
}

function unknownName (path: string, name: string, { pairs, adapters }: TransformerCatalogue): string {
  return `${path}: there is no transformer ${name} here; there are ${[...pairs, ...adapters].map(each => each.name).join(', ')}`
}
