import type { ReasoningMemory } from './message/reasoning-memory.ts'
import type { Adapter, TransformerPair } from './provider.ts'
import type { JsonObject } from './wire/json.ts'

/** A configured provider: an entry of `Providers[]`, resolved once per configuration. */
export interface Provider {
  readonly name: string
  /** Its endpoint, as the pair makes it of `api_base_url`. */
  readonly url: URL
  readonly apiKey: string | undefined
  /** All of its keys, where it has more than one: {@link apiKey} is one of them. */
  readonly apiKeys: readonly string[]
  /** How many requests it is sent at once; more wait their turn. */
  readonly concurrency: Concurrency
  readonly models: readonly string[]
  readonly pair: TransformerPair
  /** Options of the pair, from `transformer.use`. */
  readonly options: JsonObject
  /** Changes to what the pair makes, in the order of `transformer.use`. */
  readonly adapters: readonly Adapter[]
  /** Whether a request is refused when a field of it would be dropped. */
  readonly strict: boolean
  /** What the server told about itself when it was last looked at. */
  readonly facts: ProviderFacts
  /** Reasoning that clients may not send back. */
  readonly memory: ReasoningMemory
}

/** How many requests a provider gets at once, and what becomes of more. */
export interface Concurrency {
  /** Requests that run at once; Infinity for no limit. */
  readonly limit: number
  /** Requests that may wait for their turn. */
  readonly maxWaiting: number
  /** Milliseconds that one may wait. */
  readonly maxWait: number
}

/** What a look at a server found; replaced as a whole by the next look. */
export interface ProviderFacts {
  /** Tokens that prompt and answer may have together, by model. */
  contextWindows: ReadonlyMap<string, number>
  /** How models can be told to think, where the server says so. */
  reasoning?: ReadonlyMap<string, ModelReasoning>
  /** What models are called there that the configuration has under a name of its own. */
  names?: ReadonlyMap<string, string>
}

/** How a model can be told to think. */
export interface ModelReasoning {
  /** It cannot be told not to. */
  readonly mandatory: boolean
  /** Whether it takes a budget in tokens. */
  readonly budget: boolean
  /** The efforts that it knows; undefined for all. */
  readonly efforts: readonly string[] | undefined
}

/** What a model can do; what is not known is undefined, and then nothing is changed for it. */
export interface Capabilities {
  /** Tokens that prompt and answer may have together. */
  readonly contextWindow?: number | undefined
  /** The window instead that Anthropic's beta of long contexts gives, where neither configuration nor server tell one. */
  readonly longWindow?: number | undefined
  /** Tokens that an answer may have. */
  readonly maxOutput?: number | undefined
  /** Whether it can see images. */
  readonly vision?: boolean | undefined
  readonly tools?: boolean | undefined
  readonly thinking?: boolean | undefined
  /** What it takes of the Messages API's own fields. */
  readonly claude?: ClaudeRules | undefined
}

/** Where models of the Messages API differ in what they take (https://platform.claude.com/docs/en/about-claude/models/migration-guide). */
export interface ClaudeRules {
  /** The only way in which it can be asked to think: with a budget, or as it sees fit; undefined where both are right. */
  readonly thinking?: 'budget' | 'adaptive'
  /** It thinks unless it is told not to. */
  readonly thinksUnasked?: boolean
  /** How it is told not to think, where that is not `disabled`; `never` where it cannot be. */
  readonly off?: 'between_tools' | 'never'
  /** Whether a request may say that a tool must be called. */
  readonly forcedCalls?: boolean
  /** Whether it knows the effort `xhigh`; false where `high` is the next. */
  readonly xhigh?: boolean
  /** `one`: either a temperature or `top_p`. `none`: neither those nor `top_k`. */
  readonly sampling?: 'one' | 'none'
  /** Whether a request may end with the beginning of the answer. */
  readonly prefill?: boolean
}

/** Where one request goes: a provider and the model name that it knows. */
export interface Target {
  readonly provider: Provider
  readonly model: string
  /** `provider,model`, as rules and requests name it. */
  readonly name: string
  readonly capabilities: Capabilities
}

/** What the provider calls the model of a target. */
export function nameThere ({ provider: { facts }, model }: Target): string {
  return facts.names?.get(model) ?? model
}
