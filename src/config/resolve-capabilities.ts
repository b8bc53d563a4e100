import { compileGlobs } from '../glob.ts'
import type { Capabilities, ProviderFacts } from '../provider.ts'
import { knownCapabilities, knownLongWindow } from '../routing/known-models.ts'

/**
 * What a model can do: what the configuration says; of its context window then what its server tells, whenever it does;
 * then the built-in table.
 * @param configured by name or glob; the first that fits
 */
export function resolveCapabilities (model: string, configured: Readonly<Record<string, Capabilities>>, facts: ProviderFacts): Capabilities {
  const known = knownCapabilities(model)
  const name = Object.keys(configured).find(glob => glob === model || compileGlobs([glob])(model))
  const own: Capabilities = name === undefined ? {} : configured[name] ?? {}
  const longWindow = own.contextWindow === undefined ? knownLongWindow(model) : undefined
  return Object.freeze({
    ...known,
    ...own,
    ...(longWindow !== undefined && { longWindow }),
    get contextWindow () { return own.contextWindow ?? facts.contextWindows.get(model) ?? known.contextWindow }
  })
}
