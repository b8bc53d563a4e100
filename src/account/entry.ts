/** How a try ended; `open` while it runs. */
export type EntryState = 'open' | 'ok' | 'failed' | 'aborted' | 'interrupted'

/** Who ended a try before its time. */
export type AbortedBy = 'client' | 'gateway' | 'upstream'

/** Tokens of a try, each counted once: none of them includes another, but reasoning, which is part of the output. */
export interface Tokens {
  /** Neither read from a cache nor written to one. */
  readonly input: number
  readonly cacheRead: number
  /** Written to a cache for five minutes, which is the usual kind. */
  readonly cacheWrite5m: number
  /** Written to a cache for an hour. */
  readonly cacheWrite1h: number
  readonly output: number
  /** Of the output, what was reasoning. */
  readonly reasoning: number
}

/**
 * A line of the ledger: one try of one target. It is known by request id and number of the try; written when the try
 * begins, settled once when it is over.
 */
export interface Entry {
  readonly requestId: string
  /** From 1. */
  readonly attempt: number
  /** The process that it runs in. */
  readonly instance: string
  /** Milliseconds since 1970. */
  readonly beganAt: number
  /** Milliseconds since 1970; null while it runs. */
  readonly settledAt: number | null
  readonly state: EntryState
  /** Whether it is the last try of its request. */
  readonly last: boolean
  /** {@link Identity.id} */
  readonly key: string
  readonly team: string | null
  readonly session: string | null
  readonly agent: string | null
  readonly parentAgent: string | null
  /** The client's program and version, from its user agent. */
  readonly client: string | null
  readonly ingress: 'anthropic' | 'openai'
  /** The kind of rule that decided: `think`, `default`, `rules` for all of the user's own … */
  readonly scenario: string
  /** The rule by its full name. */
  readonly rule: string
  readonly provider: string
  /** The model that the client asked for. */
  readonly requestedModel: string
  /** The model that the provider was asked for. */
  readonly model: string
  /** The model that the provider says it served; null where it says nothing. */
  readonly servedModel: string | null
  readonly streamed: boolean
  /** HTTP status: that of the error where there was one; null while it runs. */
  readonly status: number | null
  readonly stopReason: string | null
  readonly errorType: string | null
  readonly abortedBy: AbortedBy | null
  readonly tokens: Tokens
  /** Micro-dollars; null where no price is known. */
  readonly cost: number | null
  /** Whether the tokens are an estimate of ours, and not what the provider counted. */
  readonly estimated: boolean
  /** Milliseconds from the try's begin to the first content, and to its end. */
  readonly firstContentMs: number | null
  readonly durationMs: number | null
}

export const NO_TOKENS: Tokens = Object.freeze({ input: 0, cacheRead: 0, cacheWrite5m: 0, cacheWrite1h: 0, output: 0, reasoning: 0 })

/** All tokens of a try: what limits and budgets in tokens count. */
export function totalOf ({ input, cacheRead, cacheWrite5m, cacheWrite1h, output }: Tokens): number {
  return input + cacheRead + cacheWrite5m + cacheWrite1h + output
}
