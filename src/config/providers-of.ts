import type { Provider } from '../provider.ts'
import { baseProvider } from './resolve-provider.ts'
import type { Config } from './snapshot.ts'

/** The providers of a configuration, one for each server: models with a `use` of their own share it, and what is known of it. */
export function providersOf ({ providers }: Pick<Config, 'providers'>): Provider[] {
  return [...providers.values()].flatMap(targets => baseProvider(targets) ?? [])
}
