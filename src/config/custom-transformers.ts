import { stat } from 'node:fs/promises'
import type { Adapter, AdapterFactory, TransformerPair, Wire } from '../provider.ts'
import type { TransformerKit } from '../transformer-kit.ts'
import { type JsonObject, isJsonObject } from '../wire/json.ts'
import { guardFactory, guardPair, isAdapter } from './guard-transformer.ts'
import { isListOf, isListOfStrings } from './is-list-of.ts'
import { filePath, fileProblem, inTime, loadExport } from './load-file.ts'
import { schemaProblem } from './transformer-options.ts'
import type { TransformerCatalogue } from './transformers.ts'

const GUIDE = 'docs/add-a-provider.md'
const WIRES: readonly Wire[] = ['anthropic', 'openai', 'gemini', 'own']
const PAIR_PARTS = ['encodeRequest', 'decodeReply', 'decodeError'] as const
const PAIR_EXTRAS = ['endpoint', 'probe'] as const
const FOREIGN_PARTS = ['transformRequestIn', 'transformRequestOut', 'transformResponseIn', 'transformResponseOut']

/** An entry of `transformers[]`. */
export interface TransformerEntry {
  path: string
  options?: JsonObject
}

/** What a file made: a transformer of either kind, whose parts have not been looked at. */
type Made = Partial<TransformerPair> & Partial<AdapterFactory> & Partial<Adapter>

/** What a catalogue was made of: the entries, and when their files were last changed. */
const made = new WeakMap<TransformerCatalogue, string>()

/**
 * The built-in transformers, and those of the user's own files.
 * @param folder where relative paths begin; @param problems gets a line for each file that cannot be used
 * @param before the catalogue of the configuration before: where neither entries nor files were changed it stays, and with it what was made of it
 */
export async function withCustomTransformers (entries: readonly TransformerEntry[], folder: string, builtIn: TransformerCatalogue, problems: string[], before?: TransformerCatalogue): Promise<TransformerCatalogue> {
  if (entries.length === 0) return builtIn
  const recipe = JSON.stringify([folder, entries, await Promise.all(entries.map(({ path }) => changedAt(filePath(path, folder))))])
  if (before !== undefined && made.get(before) === recipe) return before
  const catalogue = new LayeredCatalogue(builtIn)
  made.set(catalogue, recipe)
  for (const [i, { path, options = {} }] of entries.entries()) {
    const file = filePath(path, folder)
    const result = await make(file, options, builtIn.kit)
    const problem = typeof result === 'string' ? result : problemOf(result) ?? catalogue.add(result, file)
    if (problem !== undefined) problems.push(`transformers[${i}].path: ${file} ${problem}`)
  }
  return catalogue
}

/** Milliseconds since 1970; null for a file that is not there. */
async function changedAt (file: string): Promise<number | null> {
  return await stat(file).then(({ mtimeMs }) => mtimeMs, () => null)
}

class LayeredCatalogue implements TransformerCatalogue {
  readonly pairs: TransformerPair[]
  readonly adapters: AdapterFactory[]

  constructor ({ pairs, adapters }: TransformerCatalogue) {
    this.pairs = [...pairs]
    this.adapters = [...adapters]
  }

  pair (name: string): TransformerPair | undefined { return named(this.pairs, name) }

  adapter (name: string): AdapterFactory | undefined { return named(this.adapters, name) }

  /** @returns what is wrong with its name */
  add (made: Made, file: string): string | undefined {
    const name = String(made.name)
    const taken = this.pair(name) ?? this.adapter(name)
    if (taken !== undefined) return `is named ${name}, as ${taken.file ?? 'a built-in transformer'} is already`
    if (isPair(made)) this.pairs.push(guardPair(made as TransformerPair, { name, file }))
    else this.adapters.push(guardFactory(typeof made.create === 'function' ? made as AdapterFactory : { name, ...madeOnce(made as Adapter & AdapterFactory) }, { name, file }))
    return undefined
  }
}

function named <T extends { name: string }> (list: readonly T[], name: string): T | undefined {
  return list.find(each => each.name.toLowerCase() === name.toLowerCase())
}

/** An adapter that takes no options where it is used is one for all places. */
function madeOnce (adapter: Adapter & AdapterFactory): Omit<AdapterFactory, 'name'> {
  const { description, wires, options = {} } = adapter
  return { ...(description !== undefined && { description }), ...(wires !== undefined && { wires }), options, create: () => adapter }
}

/** @returns what the file made of its options, or what is wrong with it */
async function make (file: string, options: JsonObject, kit: TransformerKit | undefined): Promise<Made | string> {
  try {
    const made = await inTime((async (): Promise<unknown> => {
      const exported = await loadExport(file, 'transformer')
      return typeof exported === 'function' ? await call(exported, options, kit) : exported
    })())
    return isJsonObject(made) ? made as Made : `exports nothing that can be used: a pair, an adapter, or a function that makes one (${GUIDE})`
  } catch (error) {
    return fileProblem(error)
  }
}

/** Classes and functions are told apart by nothing but that arrow and async functions cannot be constructed; what a function returns counts either way. */
function call (maker: object, options: JsonObject, kit: TransformerKit | undefined): unknown {
  const { prototype } = maker as { prototype?: unknown }
  return prototype === undefined ? (maker as (...given: unknown[]) => unknown)(options, kit) : Reflect.construct(maker as new () => unknown, [options, kit])
}

function isPair (made: Made): boolean {
  return made.wire !== undefined || PAIR_PARTS.some(part => made[part] !== undefined)
}

/** What keeps a transformer from being used. */
function problemOf (made: Made): string | undefined {
  const foreign = FOREIGN_PARTS.filter(part => part in made)
  if (foreign.length > 0) return `is a transformer for claude-code-router (${foreign.join(', ')}). Ours see requests and replies as objects and not as fetch responses: a pair has encodeRequest, decodeReply and decodeError, an adapter has request and chunk; see ${GUIDE}`
  if (typeof made.name !== 'string' || !/^[^,\s]+$/.test(made.name)) return `has no usable name: \`name\` must be a text without commas and spaces (${GUIDE})`
  if (made.options !== undefined && (!isJsonObject(made.options) || !Object.values(made.options).every(isJsonObject))) return 'has options that are not an object of JSON Schemas'
  return schemaProblem(made.options ?? {}) ?? (isPair(made) ? pairProblem(made) : adapterProblem(made))
}

function pairProblem (made: Made): string | undefined {
  const missing = PAIR_PARTS.filter(part => typeof made[part] !== 'function')
  if (missing.length > 0) return `makes a transformer pair without the function ${missing.join(' and ')}; a pair has all of ${PAIR_PARTS.join(', ')} (${GUIDE})`
  if (made.wire === undefined || !WIRES.includes(made.wire)) return `makes a transformer pair whose wire is none of ${WIRES.join(', ')}`
  if (made.hosts !== undefined && !isListOfStrings(made.hosts)) return 'makes a transformer pair whose hosts are not a list of host names'
  const odd = PAIR_EXTRAS.filter(part => made[part] !== undefined && typeof made[part] !== 'function')
  if (odd.length > 0) return `makes a transformer pair whose ${odd.join(' and ')} is not a function`
  return undefined
}

function adapterProblem (made: Made): string | undefined {
  if (typeof made.create !== 'function' && !isAdapter(made)) return `makes neither a pair (${PAIR_PARTS.join(', ')}) nor an adapter (request, chunk or reply, or create, which returns them); see ${GUIDE}`
  if (made.wires !== undefined && !isListOf(made.wires, wire => WIRES.includes(wire as Wire))) return `makes an adapter whose wires are not a list of ${WIRES.join(', ')}`
  return undefined
}
