import type { Target } from '../provider.ts'
import type { RequestTraits } from './traits.ts'

/** `context-1m-2025-08-07`, whatever its date. */
const LONG_CONTEXT = /(^|[\s,])context-1m-/

/**
 * The context window of a target for a request, in tokens; undefined where it is not known. Claude Code cuts `[1m]` off a
 * model's name and names Anthropic's beta of long contexts instead, which only Anthropic's wire carries.
 */
export function windowOf ({ capabilities: { contextWindow, longWindow }, provider: { pair, facts }, model }: Target, { headers }: Pick<RequestTraits, 'headers'>): number | undefined {
  if (longWindow === undefined || pair.wire !== 'anthropic' || facts.contextWindows.has(model)) return contextWindow
  return [headers['anthropic-beta'] ?? []].flat().some(betas => LONG_CONTEXT.test(betas)) ? longWindow : contextWindow
}
