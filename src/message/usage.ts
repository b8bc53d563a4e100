import type { Usage } from '../wire/anthropic.ts'
import { type JsonObject, countOf, isJsonObject } from '../wire/json.ts'

const COUNTS = ['input_tokens', 'output_tokens', 'cache_creation_input_tokens', 'cache_read_input_tokens'] as const

/** What the client of an answer that is written anew is not told: what it cost us. */
const OURS = /cost|byok/

/** The usage of an Anthropic reply: counts that are counts, and whatever else it tells of the answer. */
export function readUsage (usage: unknown): Partial<Usage> {
  if (!isJsonObject(usage)) return {}
  const told = Object.entries(usage).filter(([name, value]) => (isJsonObject(value) || typeof value === 'string') && !OURS.test(name))
  const counts = COUNTS.map(name => [name, countOf(usage[name])] as const).filter(([, count]) => count !== undefined)
  return Object.fromEntries([...told.filter(([name]) => !(COUNTS as readonly string[]).includes(name)), ...counts])
}

/** xAI's unit (https://docs.x.ai/developers/cost-tracking): so many are a US dollar. */
const TICKS = 10_000_000_000

/**
 * What a provider says that a reply cost, in US dollars: OpenRouter
 * (https://openrouter.ai/docs/use-cases/usage-accounting) and xAI do. Of any other `cost` nobody knows what it is counted
 * in; OpenRouter's has `cost_details` or `is_byok` beside it.
 * @returns null where it says nothing, or not all
 */
export function billedOf ({ cost, is_byok: byok, cost_details: details, cost_in_usd_ticks: ticks }: JsonObject): number | null {
  const counted = countOf(ticks)
  if (counted !== undefined) return counted / TICKS
  const charged = countOf(cost)
  if (charged === undefined || (typeof byok !== 'boolean' && !isJsonObject(details))) return null
  if (byok !== true) return charged
  // With a key of the user's own, `cost` is OpenRouter's fee, and the vendor charges the user.
  const vendor = isJsonObject(details) ? countOf(details['upstream_inference_cost']) : undefined
  return vendor === undefined ? null : charged + vendor
}
