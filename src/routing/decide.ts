import type { Config } from '../config/snapshot.ts'
import type { Target } from '../provider.ts'
import type { RequestTraits } from './traits.ts'

/** Where a request goes, and why. */
export interface Route {
  readonly rule: string
  readonly reason: string
  /** In order of preference. */
  readonly targets: readonly [Target, ...Target[]]
}

/**
 * Picks the target of a request. Pure. A model of the form `provider,model` is taken at its word where both are
 * configured; every other name, known or not, goes by the rules, and is never read as a provider.
 */
export function decide (traits: RequestTraits, config: Config): Route {
  const explicit = explicitTarget(traits.model, config)
  if (explicit !== undefined) return { rule: 'explicit', reason: `the request names ${traits.model}`, targets: [explicit] }
  return { rule: 'default', reason: 'no other rule applies', targets: [config.router.default] }
}

function explicitTarget (model: string, { providers }: Config): Target | undefined {
  const comma = model.indexOf(',')
  if (comma === -1) return undefined
  return providers.get(model.slice(0, comma))?.get(model.slice(comma + 1))
}
