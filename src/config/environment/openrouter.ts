import type { JsonObject } from '../../wire/json.ts'
import type { EnvironmentPart } from './part.ts'
import type { VariableReader } from './variable-reader.ts'
import { type Environment, isAnySet } from './variables.ts'

/** What OpenRouter is asked for where nobody said anything else. */
export const DEFAULT_MODEL = 'anthropic/claude-sonnet-4.5'
const DEFAULT_OPUS = 'anthropic/claude-opus-4.5'

const BASE_URL = 'https://openrouter.ai/api/v1'
const NAME = 'openrouter'

/** They say that OpenRouter is meant, key or not: without one it says so itself, with 401. */
const OWN = ['OPENROUTER_API_KEY', 'OPENROUTER_BASE_URL', 'OPENROUTER_APP_URL', 'OPENROUTER_APP_TITLE'] as const
const MODELS = ['TARGET_MODEL_DEFAULT', 'TARGET_MODEL_OPUS', 'TARGET_MODEL_BIG', 'TARGET_MODEL_SMALL'] as const

/** Which models serve which names. */
interface Mapping {
  readonly default?: string | undefined
  readonly opus?: string | undefined
  readonly sonnet?: string | undefined
  readonly haiku?: string | undefined
  /** Names that are served otherwise than their tier. */
  readonly names?: Readonly<Record<string, string>>
}

/** What the Flask proxy asks for, by its own table. */
const FLASK_MAPPING: Mapping = {
  default: 'openai/gpt-oss-120b:free',
  opus: 'openai/gpt-oss-20b:free',
  sonnet: 'openai/gpt-oss-120b:free',
  haiku: 'moonshotai/kimi-k2:free',
  names: { 'claude-haiku-4-5-20251001': 'openai/gpt-oss-120b:free' }
}

/** Whether variables are set that only the Flask proxy for Claude Code has: its users get its models, and its words at /health. */
export function isFlaskProxy (env: Environment): boolean {
  return isAnySet(env, ['PROXY_PORT', 'PROXY_VERBOSE'])
}

/**
 * OpenRouter, as the environment has it; undefined where it has nothing of it.
 * @param beside whether another provider serves what nothing is said of
 */
export function openRouterPart (read: VariableReader, beside: boolean): EnvironmentPart | undefined {
  const { env } = read
  if (beside ? !isAnySet(env, ['OPENROUTER_API_KEY']) : !isAnySet(env, [...OWN, ...MODELS]) && !isFlaskProxy(env)) return undefined
  const { names = {}, ...tiers } = mappingOf(read, beside)
  const key = read.secret('OPENROUTER_API_KEY')
  const options = attribution(read)
  return {
    provider: {
      name: NAME,
      api_base_url: `${read.url('OPENROUTER_BASE_URL') ?? BASE_URL}/chat/completions`,
      ...(key !== undefined && { api_key: key }),
      // One has to be listed, also where others serve and this one is there for who names its models.
      models: [...new Set([tiers.default ?? DEFAULT_MODEL, ...Object.values({ ...tiers, ...names }).filter(model => model !== undefined)])],
      transformer: { use: [Object.keys(options).length === 0 ? NAME : [NAME, options]] }
    },
    router: {
      ...Object.fromEntries(Object.entries(tiers).filter(([, model]) => model !== undefined).map(([tier, model]) => [tier, `${NAME},${model}`])),
      // Who maps names wants all of them mapped, those with a slash among them.
      ...(!isAnySet(env, MODELS) && { vendorModels: NAME }),
      ...(Object.keys(names).length > 0 && { rules: Object.entries(names).map(([model, to]) => ({ name: model, when: { model }, use: `${NAME},${to}` })) })
    }
  }
}

/** A tier that nothing is said of is served by the default: who names one model means it for everything. */
function mappingOf (read: VariableReader, beside: boolean): Mapping {
  const [fallback, opus, sonnet, haiku] = MODELS.map(name => read.text(name))
  const own = { default: fallback, opus, sonnet, haiku }
  if (beside || fallback !== undefined) return own
  if (!isAnySet(read.env, MODELS) && isFlaskProxy(read.env)) return FLASK_MAPPING
  return { ...own, default: DEFAULT_MODEL, opus: opus ?? DEFAULT_OPUS }
}

/** Whose requests these are, for OpenRouter's rankings. */
function attribution (read: VariableReader): JsonObject {
  const url = read.header('OPENROUTER_APP_URL') ?? read.header('SITE_URL')
  const title = read.header('OPENROUTER_APP_TITLE')
  return { ...(url !== undefined && { site_url: url }), ...(title !== undefined && { app_title: title }) }
}
