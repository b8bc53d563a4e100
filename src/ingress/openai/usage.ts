import type { Usage } from '../../wire/anthropic.ts'

/** Token counts as the chat-completions wire has them. */
export interface ChatUsage {
  prompt_tokens: number
  completion_tokens: number
  total_tokens: number
  prompt_tokens_details: { cached_tokens: number, cache_write_tokens?: number }
  completion_tokens_details?: { reasoning_tokens: number }
}

/** `prompt_tokens` includes what came from a cache, and what went into one (under OpenRouter's name); `input_tokens` neither. */
export function chatUsage (usage: Usage): ChatUsage {
  const { input_tokens: fresh, output_tokens: completion, cache_read_input_tokens: read, cache_creation_input_tokens: written, output_tokens_details: details } = usage
  const prompt = fresh + read + written
  return {
    prompt_tokens: prompt,
    completion_tokens: completion,
    total_tokens: prompt + completion,
    prompt_tokens_details: { cached_tokens: read, ...(written > 0 && { cache_write_tokens: written }) },
    ...(details !== undefined && { completion_tokens_details: { reasoning_tokens: details.thinking_tokens } })
  }
}
