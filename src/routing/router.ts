import type { Target } from '../provider.ts'
import type { Rule } from './rules.ts'
import type { Targets } from './route.ts'
import type { Tier } from './traits.ts'

/** The scenarios that have a key of their own in `Router`. */
export const SCENARIOS = ['image', 'webSearch', 'longContext', 'background', 'think', 'opus', 'sonnet', 'haiku', 'default'] as const
export type Scenario = typeof SCENARIOS[number]

/** The rules of a configuration, or of one of its profiles, ready to be asked. */
export interface Router {
  /** All of them, in their order, those that are not configured included: they say so when asked. */
  readonly rules: readonly Rule[]
  readonly image: Targets | undefined
  readonly longContext: Targets | undefined
  readonly default: Targets
  /** Whether a model that is not known here is refused. */
  readonly strict: boolean
  /** Names of models that a client may ask for, for the refusal. */
  readonly known: readonly string[]
  /** Tiers whose names are known, since `Router` has a key for them. */
  readonly tiers: readonly Tier[]
  /** The target of `provider,model`, if both are configured. */
  find (name: string): Target | undefined
  /** The target of a bare `vendor/model`, where `Router.vendorModels` names whose models these are. */
  ofVendor (model: string): Target | undefined
}
