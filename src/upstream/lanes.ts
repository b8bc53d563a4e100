import type { Provider, ProviderFacts } from '../provider.ts'
import type { BreakerSettings } from './breaker.ts'
import { ProviderLanes } from './provider-lanes.ts'

/**
 * The lanes of all providers. A provider keeps them as long as its server is spoken to in the same way, which is as long as
 * its facts are the same object (src/config/resolve-provider.ts); requests that run under an older configuration keep theirs.
 */
export class Lanes {
  readonly #settings: BreakerSettings
  readonly #now: () => number
  readonly #lanes = new WeakMap<ProviderFacts, ProviderLanes>()
  /** By name, those of the configuration in force. */
  #latest: ReadonlyMap<string, ProviderLanes> = new Map()

  /** @param settings are read anew whenever something fails */
  constructor (settings: BreakerSettings, now: () => number = () => performance.now()) {
    this.#settings = settings
    this.#now = now
  }

  of (provider: Provider): ProviderLanes {
    return this.#lanes.get(provider.facts) ?? this.#create(provider)
  }

  /** Takes in the providers of another configuration: one whose server is the same goes on from what is known of it. */
  configure (providers: readonly Provider[]): void {
    this.#latest = new Map(providers.map(provider => {
      const before = this.#latest.get(provider.name)
      return [provider.name, this.#lanes.get(provider.facts) ?? this.#create(provider, before?.isOf(provider) === true ? before : undefined)]
    }))
  }

  #create (provider: Provider, before?: ProviderLanes): ProviderLanes {
    const lanes = new ProviderLanes(provider, this.#settings, this.#now, before)
    this.#lanes.set(provider.facts, lanes)
    return lanes
  }
}
