import type { Period } from './period.ts'

/** What a key may be used for: to ask models, to see everyone's usage, or everything. */
export const ROLES = ['inference', 'viewer', 'admin'] as const
export type Role = typeof ROLES[number]

/** What a key may spend in a period: US dollars, tokens, or both. */
export interface Budget {
  readonly per: Period
  /** Micro-dollars. */
  readonly cost?: number
  /** Tokens of every kind: prompts, cached or not, and answers. */
  readonly tokens?: number
}

/** What a key may use at once or in a minute; undefined for the gateway's own default, or no limit where there is none. */
export interface KeyLimits {
  readonly requestsPerMinute?: number | undefined
  readonly tokensPerMinute?: number | undefined
  readonly concurrentStreams?: number | undefined
}

/** Who asks, as far as the gateway knows: made once per key, not per request. */
export interface Identity {
  /** What rows of the ledger carry: `key_…` for a key of the store, the name for one of the configuration, '' without any key. */
  readonly id: string
  /** How rules, the log and people name it. */
  readonly name: string
  readonly role: Role
  readonly owner: string | null
  readonly team: string | null
  /** Globs of models, by their own name or as `provider,model`; null for all. */
  readonly models: readonly string[] | null
  /** Globs of providers; null for all. */
  readonly providers: readonly string[] | null
  readonly limits: KeyLimits
  readonly budgets: readonly Budget[]
  /** The profile of `Router.profiles` that its requests go by. */
  readonly profile: string | undefined
}
