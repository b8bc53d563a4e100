import type { Usage } from '../../src/wire/anthropic.ts'
import type { ChatUsage } from '../../src/wire/openai-chat.ts'

/**
 * Token counts in Anthropic's terms, where `input_tokens` is what neither came from a cache nor went into one, while
 * `prompt_tokens` includes both.
 */
export function decodeUsage (usage: ChatUsage): Partial<Usage> {
  const prompt = usage.prompt_tokens ?? 0
  const details = usage.prompt_tokens_details
  const read = details?.cached_tokens ?? usage.cached_tokens ?? usage.prompt_cache_hit_tokens ?? 0
  const written = details?.cache_write_tokens ?? details?.created_cache_tokens ?? 0
  const thinking = usage.completion_tokens_details?.reasoning_tokens ?? usage.reasoning_tokens ?? 0
  const searches = usage.server_tool_use_details?.web_search_requests
  return {
    input_tokens: Math.max(0, prompt - read - written),
    output_tokens: outputTokens(usage, prompt, thinking),
    cache_creation_input_tokens: written,
    cache_read_input_tokens: read,
    ...(thinking > 0 && { output_tokens_details: { thinking_tokens: thinking } }),
    ...(searches && { server_tool_use: { web_search_requests: searches } })
  }
}

/** xAI counts reasoning apart from `completion_tokens`; the total tells. */
function outputTokens (usage: ChatUsage, prompt: number, thinking: number): number {
  const completion = usage.completion_tokens ?? 0
  return thinking > 0 && usage.total_tokens === prompt + completion + thinking ? completion + thinking : completion
}
