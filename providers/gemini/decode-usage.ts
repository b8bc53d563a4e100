import type { Usage } from '../../src/wire/anthropic.ts'
import { type JsonObject, countOf } from '../../src/wire/json.ts'

/** Token counts in Anthropic's terms: input is what did not come from a cache, output includes thoughts (https://ai.google.dev/api/generate-content#UsageMetadata). */
export function decodeUsage (usage: JsonObject): Partial<Usage> {
  const cached = countOf(usage['cachedContentTokenCount']) ?? 0
  const prompt = (countOf(usage['promptTokenCount']) ?? 0) + (countOf(usage['toolUsePromptTokenCount']) ?? 0)
  const thoughts = countOf(usage['thoughtsTokenCount']) ?? 0
  return {
    input_tokens: Math.max(0, prompt - cached),
    output_tokens: (countOf(usage['candidatesTokenCount']) ?? 0) + thoughts,
    cache_read_input_tokens: cached,
    ...(thoughts > 0 && { output_tokens_details: { thinking_tokens: thoughts } })
  }
}
