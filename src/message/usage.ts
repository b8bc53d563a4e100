import type { Usage } from '../wire/anthropic.ts'
import { countOf, isJsonObject } from '../wire/json.ts'

const COUNTS = ['input_tokens', 'output_tokens', 'cache_creation_input_tokens', 'cache_read_input_tokens'] as const

/** The usage of an Anthropic reply: counts that are counts, and whatever else it tells. */
export function readUsage (usage: unknown): Partial<Usage> {
  if (!isJsonObject(usage)) return {}
  const told = Object.entries(usage).filter(([, value]) => isJsonObject(value) || typeof value === 'string')
  const counts = COUNTS.map(name => [name, countOf(usage[name])] as const).filter(([, count]) => count !== undefined)
  return Object.fromEntries([...told.filter(([name]) => !(COUNTS as readonly string[]).includes(name)), ...counts])
}
