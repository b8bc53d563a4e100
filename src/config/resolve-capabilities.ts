import picomatch from 'picomatch'
import type { Capabilities, ProviderFacts } from '../provider.ts'
import { knownCapabilities } from '../routing/known-models.ts'

/**
 * What a model can do: what the configuration says; of its context window then what its server tells, whenever it does;
 * then the built-in table.
 * @param configured by name or glob; the first that fits
 */
export function resolveCapabilities (model: string, configured: Readonly<Record<string, Capabilities>>, facts: ProviderFacts): Capabilities {
  const known = knownCapabilities(model)
  const name = Object.keys(configured).find(glob => glob === model || picomatch.isMatch(model, glob, { bash: true, dot: true, nocase: true, nonegate: true }))
  const own: Capabilities = name === undefined ? {} : configured[name] ?? {}
  return Object.freeze({
    ...known,
    ...own,
    get contextWindow () { return own.contextWindow ?? facts.contextWindows.get(model) ?? known.contextWindow }
  })
}
