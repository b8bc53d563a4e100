import type { Logger } from 'pino'
import type { ProbeResult, Provider, ProviderFacts } from '../provider.ts'
import { withoutKey } from '../provider-error.ts'

export interface ProviderHealth { readonly status: 'up' | 'down', readonly problem: string | undefined }

/** What looks at the providers have found. */
export class Health {
  readonly #log: Logger
  readonly #found = new Map<string, ProviderHealth>()
  /** Whose servers these are. */
  readonly #facts = new Map<string, ProviderFacts>()

  constructor (log: Logger) {
    this.#log = log
  }

  /** By the provider's name; one that was never looked at is not in it. */
  get providers (): ReadonlyMap<string, ProviderHealth> { return this.#found }

  /** Forgets what was found of those that are not the same any more: nothing is known of them before the next look. */
  keep (providers: readonly Provider[]): void {
    const kept = new Set(providers.map(({ facts }) => facts))
    for (const [name, facts] of this.#facts) {
      if (kept.has(facts)) continue
      this.#facts.delete(name)
      this.#found.delete(name)
    }
  }

  /** Takes in what a look found, and says so in the log where it is news. */
  found (provider: Provider, result: ProbeResult): void {
    const status = 'facts' in result ? 'up' : 'down'
    const problem = result.problem === undefined ? undefined : withoutKey(result.problem, provider)
    // What was learned stays while a server is away: it will most likely return as it was.
    if ('facts' in result) {
      const { contextWindows, reasoning, names } = result.facts
      provider.facts.contextWindows = contextWindows
      if (reasoning !== undefined) provider.facts.reasoning = reasoning
      if (names !== undefined) provider.facts.names = names
    }
    this.#facts.set(provider.name, provider.facts)
    const before = this.#found.get(provider.name)
    if (before?.status === status && before.problem === problem) return
    this.#found.set(provider.name, { status, problem })
    const line = { provider: provider.name, ...(problem !== undefined && { problem }) }
    if (status === 'down') this.#log.warn(line, 'provider is down')
    else if (problem !== undefined) this.#log.warn(line, 'provider is up, but not as configured')
    else this.#log.info({ ...line, models: provider.models.length }, 'provider is up')
  }
}
