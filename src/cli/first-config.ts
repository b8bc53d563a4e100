import { DEFAULT_MODEL, documentFromEnvironment } from '../config/environment.ts'
import { knownCapabilities } from '../routing/known-models.ts'
import type { JsonObject } from '../wire/json.ts'

/** A provider that there may be a key for, the one that serves best first. */
interface Offer {
  readonly name: string
  /** Variables that say it is there: the first that is set. */
  readonly variables: readonly string[]
  /** Where it is; a variable may say another place. */
  readonly url: string
  readonly place?: string
  /** Where its key is, if that is not the variable that says it is there. */
  readonly key?: string
  /** The model for most work, with a small one for jobs in the background, a strong one to think, and others to choose from. */
  readonly models: { readonly main: string, readonly small?: string, readonly strong?: string, readonly others?: readonly string[] }
  /** Whether it can search the web. */
  readonly searches: boolean
  /** How its key begins: clients of a gateway have other things there. */
  readonly begins?: string
}

/** A first configuration, and what is to be said of it. */
export interface FirstConfig {
  readonly document: JsonObject
  readonly notes: readonly string[]
}

/** Prompts that fit here fit almost everywhere: a model with such a window needs no other for long ones. */
const LONG_WINDOW = 1_000_000

function offers (env: NodeJS.ProcessEnv): readonly Offer[] {
  return [
    { name: 'anthropic', variables: ['ANTHROPIC_API_KEY'], begins: 'sk-ant-', url: 'https://api.anthropic.com', models: { main: 'claude-sonnet-5-5', small: 'claude-haiku-5-5', strong: 'claude-opus-5-5' }, searches: true },
    {
      name: 'openrouter',
      variables: ['OPENROUTER_API_KEY'],
      url: 'https://openrouter.ai/api/v1/chat/completions',
      models: { main: DEFAULT_MODEL, small: 'anthropic/claude-haiku-4.5', others: ['google/gemini-3-pro-preview', 'z-ai/glm-4.7'] },
      searches: true
    },
    { name: 'openai', variables: ['OPENAI_API_KEY'], url: 'https://api.openai.com/v1', place: 'OPENAI_BASE_URL', models: { main: 'gpt-5.6', small: 'gpt-5.4-mini' }, searches: false },
    { name: 'gemini', variables: ['GEMINI_API_KEY', 'GOOGLE_API_KEY'], url: 'https://generativelanguage.googleapis.com/v1beta', models: { main: 'gemini-3.1-pro-preview', small: 'gemini-3.8-flash' }, searches: true },
    { name: 'deepseek', variables: ['DEEPSEEK_API_KEY'], url: 'https://api.deepseek.com', models: { main: 'deepseek-v4-pro', small: 'deepseek-flash' }, searches: false },
    { name: 'vllm', variables: ['VLLM_BASE_URL'], url: '$VLLM_BASE_URL', key: 'VLLM_API_KEY', models: { main: env['VLLM_MODEL'] || 'qwen3-coder' }, searches: false }
  ]
}

/**
 * A document for what the environment has keys for, which stand in it as references; the built-in demo where there are none.
 * Pure: nobody is asked whether the keys are good.
 */
export function firstConfig (env: NodeJS.ProcessEnv): FirstConfig {
  const all = offers(env)
  const there = all.filter(offer => variableOf(offer, env) !== undefined)
  const rest = { ...(env['APIKEY'] && { APIKEY: '$APIKEY' }) }
  const notes = warnings(all, env)
  const [first, ...others] = there
  if (first === undefined) {
    const looked = all.flatMap(({ variables }) => variables)
    return { document: { ...rest, ...documentFromEnvironment({}) }, notes: [...notes, `No key was found, so the built-in demo answers. Looked for: ${looked.join(', ')}`] }
  }
  const names = there.map(offer => `${offer.name} ($${variableOf(offer, env)})`)
  return { document: { ...rest, Providers: there.map(offer => entryOf(offer, env)), ...routing(first, others) }, notes: [`Providers: ${names.join(', ')}; keys stand in the file as references`, ...notes] }
}

/**
 * The same where the environment alone configures something already: that stays as it is, rules and all, and what there is a key for
 * beside it can be named.
 * @param written what the environment says, as a document
 */
export function besideEnvironment (written: JsonObject, env: NodeJS.ProcessEnv): FirstConfig {
  const { Providers: providers = [], Router: _demo, ...settings } = written
  const names = (providers as JsonObject[]).map(({ name }) => name)
  if (names.join() === 'demo') {
    const { document, notes } = firstConfig(env)
    return { document: { ...settings, ...document }, notes }
  }
  const all = offers(env)
  const more = all.filter(offer => variableOf(offer, env) !== undefined && !names.includes(offer.name))
  const told = more.map(offer => `${offer.name} ($${variableOf(offer, env)})`)
  return {
    document: { ...written, Providers: [...providers as JsonObject[], ...more.map(offer => entryOf(offer, env))] },
    notes: [...told.length === 0 ? [] : [`Beside that, for requests that name them: ${told.join(', ')}`], ...warnings(all, env)]
  }
}

/** The variable that says a provider is there. */
function variableOf ({ variables, begins = '' }: Offer, env: NodeJS.ProcessEnv): string | undefined {
  return variables.find(name => (env[name] ?? '') !== '' && env[name]?.startsWith(begins))
}

function warnings (all: readonly Offer[], env: NodeJS.ProcessEnv): string[] {
  const unnamed = env['VLLM_BASE_URL'] && !env['VLLM_MODEL']
  return [...all.flatMap(offer => strangeKey(offer, env) ?? []), ...unnamed ? ['VLLM_MODEL is not set: put the name that your server serves in the place of qwen3-coder'] : []]
}

function strangeKey ({ name, variables, begins }: Offer, env: NodeJS.ProcessEnv): string | undefined {
  const strange = begins === undefined ? undefined : variables.find(variable => env[variable] && !env[variable].startsWith(begins))
  return strange && `${strange} does not begin with ${begins}, so it is none of ${name}'s: left out`
}

function entryOf (offer: Offer, env: NodeJS.ProcessEnv): JsonObject {
  const { name, url, place, key = variableOf(offer, env) } = offer
  return {
    name,
    api_base_url: place !== undefined && env[place] ? `$${place}` : url,
    ...(key !== undefined && env[key] && { api_key: `$${key}` }),
    models: modelsOf(offer),
    transformer: { use: [name] }
  }
}

function modelsOf ({ models: { main, strong, small, others = [] } }: Offer): string[] {
  return [...new Set([main, ...[strong, small].filter(model => model !== undefined), ...others])]
}

/** A server of one's own does the small jobs; whoever is next stands in for the first. */
function routing (first: Offer, others: readonly Offer[]): JsonObject {
  const { main, small = main, strong, others: spare = [] } = first.models
  const named = (model: string | undefined, { name } = first): string | undefined => model && `${name},${model}`
  const own = others.find(({ name }) => name === 'vllm')
  const [second] = others
  const long = [first, ...others].flatMap(offer => modelsOf(offer).filter(hasLongWindow).map(model => named(model, offer)))[0]
  const searcher = others.find(({ searches }) => searches)
  const standIn = second === undefined ? named(spare.at(-1)) : named(second.models.main, second)
  return withoutGaps({
    Router: withoutGaps({
      default: named(main),
      background: own === undefined ? named(first.models.small) : named(own.models.main, own),
      think: named(strong),
      longContext: hasLongWindow(main) ? undefined : long,
      webSearch: first.searches ? undefined : named(searcher?.models.main, searcher),
      // As without a file: its users name any of its models.
      vendorModels: [first, ...others].find(({ name }) => name === 'openrouter')?.name
    }),
    fallback: standIn && withoutGaps({ default: [standIn], background: own && [named(small) ?? ''] })
  })
}

function withoutGaps (members: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined))
}

function hasLongWindow (model: string): boolean {
  return (knownCapabilities(model).contextWindow ?? 0) >= LONG_WINDOW
}
