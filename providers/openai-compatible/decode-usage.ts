import type { Usage } from '../../src/wire/anthropic.ts'
import { type JsonObject, countOf, isJsonObject } from '../../src/wire/json.ts'

/**
 * Token counts in Anthropic's terms, where `input_tokens` is what neither came from a cache nor went into one, while
 * `prompt_tokens` includes both.
 */
export function decodeUsage (usage: JsonObject): Partial<Usage> {
  const prompt = countOf(usage['prompt_tokens']) ?? 0
  const promptDetails = objectOf(usage['prompt_tokens_details'])
  const read = countOf(promptDetails['cached_tokens']) ?? countOf(usage['cached_tokens']) ?? countOf(usage['prompt_cache_hit_tokens']) ?? 0
  const written = countOf(promptDetails['cache_write_tokens']) ?? countOf(promptDetails['created_cache_tokens']) ?? 0
  const thinking = countOf(objectOf(usage['completion_tokens_details'])['reasoning_tokens']) ?? countOf(usage['reasoning_tokens']) ?? 0
  const searches = countOf(objectOf(usage['server_tool_use_details'])['web_search_requests']) ?? 0
  return {
    input_tokens: Math.max(0, prompt - read - written),
    output_tokens: outputTokens(usage, prompt, thinking),
    cache_creation_input_tokens: written,
    cache_read_input_tokens: read,
    ...(thinking > 0 && { output_tokens_details: { thinking_tokens: thinking } }),
    ...(searches > 0 && { server_tool_use: { web_search_requests: searches } })
  }
}

/** xAI counts reasoning apart from `completion_tokens`; the total tells. */
function outputTokens (usage: JsonObject, prompt: number, thinking: number): number {
  const completion = countOf(usage['completion_tokens']) ?? 0
  return thinking > 0 && usage['total_tokens'] === prompt + completion + thinking ? completion + thinking : completion
}

function objectOf (value: unknown): JsonObject {
  return isJsonObject(value) ? value : {}
}
