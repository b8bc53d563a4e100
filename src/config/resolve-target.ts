import type { Target } from '../provider.ts'
import type { ProviderTargets } from './snapshot.ts'

/** The target of `provider,model`; the model may hold commas. */
export function findTarget (name: string, providers: ReadonlyMap<string, ProviderTargets>): Target | undefined {
  const comma = name.indexOf(',')
  return providers.get(name.slice(0, comma))?.get(name.slice(comma + 1))
}

/** The same for one that the configuration names. @param problems gets a line where it leads nowhere */
export function resolveTarget (name: string, providers: ReadonlyMap<string, ProviderTargets>, path: string, problems: string[]): Target | undefined {
  const target = findTarget(name, providers)
  if (target !== undefined) return target
  const comma = name.indexOf(',')
  const provider = name.slice(0, comma)
  const targets = providers.get(provider)
  if (targets === undefined) problems.push(`${path}: there is no usable provider ${provider}; Providers has ${[...providers.keys()].join(', ') || 'none'}`)
  else problems.push(`${path}: ${provider} has no model ${name.slice(comma + 1)}; its models are ${[...targets.keys()].join(', ')}`)
  return undefined
}
