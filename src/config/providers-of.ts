import type { Provider } from '../provider.ts'
import type { Config } from './snapshot.ts'

/** The providers of a configuration, each once: models with a `use` of their own share its server, and what is known of that. */
export function providersOf ({ providers }: Pick<Config, 'providers'>): Provider[] {
  const all = [...providers.values()].flatMap(targets => [...targets.values()].map(({ provider }) => provider))
  return [...new Map(all.map(provider => [provider.facts, provider])).values()]
}
