/**
 * The OpenAI chat-completions wire as its many servers speak it (https://platform.openai.com/docs/api-reference/chat,
 * https://openrouter.ai/docs/api-reference). Requests are typed strictly, since we write them. Replies are typed as
 * what may be there: every field can be missing, null or of another form, and is checked where it is read.
 */
import type { CacheControl } from './anthropic.ts'
import type { JsonObject } from './json.ts'

export type ChatPart =
  | { type: 'text', text: string, cache_control?: CacheControl }
  | { type: 'image_url', image_url: { url: string }, cache_control?: CacheControl }
  | { type: 'file', file: { filename: string, file_data: string }, cache_control?: CacheControl }

export interface ChatToolCall { id: string, type: 'function', function: { name: string, arguments: string } }

export type ChatMessage =
  | { role: 'system', content: string | ChatPart[] }
  | { role: 'user', content: string | ChatPart[] }
  | ChatAssistantMessage
  | { role: 'tool', tool_call_id: string, content: string | ChatPart[] }

export interface ChatAssistantMessage {
  role: 'assistant'
  content: string | ChatPart[] | null
  tool_calls?: ChatToolCall[]
  reasoning?: string
  reasoning_content?: string
  reasoning_details?: JsonObject[]
}

export interface ChatTool {
  type: 'function'
  function: { name: string, description?: string, parameters?: JsonObject, strict?: boolean }
  cache_control?: CacheControl
}

/** A request body. Fields that only some servers know are open. */
export interface ChatRequest {
  model: string
  messages: ChatMessage[]
  stream: boolean
  stream_options?: { include_usage: boolean }
  max_tokens?: number
  max_completion_tokens?: number
  tools?: ChatTool[]
  tool_choice?: 'auto' | 'required' | 'none' | { type: 'function', function: { name: string } }
  parallel_tool_calls?: boolean
  temperature?: number
  top_p?: number
  stop?: string[]
  reasoning_effort?: string
  response_format?: JsonObject
  [field: string]: unknown
}

/** A streamed chunk, or a whole reply: the latter has `message` where the former has `delta`. */
export interface ChatChunk {
  choices?: ChatChoice[] | null
  usage?: ChatUsage | null
  x_groq?: { usage?: ChatUsage | null } | null
  error?: unknown
}

export interface ChatChoice {
  delta?: ChatDelta | null
  message?: ChatDelta | null
  finish_reason?: string | null
  native_finish_reason?: string | null
  stop_reason?: string | number | null
  usage?: ChatUsage | null
  error?: unknown
}

export interface ChatDelta {
  content?: string | JsonObject[] | null
  reasoning?: string | null
  reasoning_content?: string | null
  reasoning_details?: JsonObject[] | null
  refusal?: string | null
  annotations?: JsonObject[] | null
  images?: JsonObject[] | null
  tool_calls?: ChatToolCallDelta[] | null
  function_call?: ChatToolCallDelta['function']
}

export interface ChatToolCallDelta {
  index?: number | null
  id?: string | null
  function?: { name?: string | null, arguments?: string | JsonObject | null } | null
}

export interface ChatUsage {
  prompt_tokens?: number | null
  completion_tokens?: number | null
  total_tokens?: number | null
  cached_tokens?: number | null
  prompt_cache_hit_tokens?: number | null
  reasoning_tokens?: number | null
  prompt_tokens_details?: { cached_tokens?: number | null, cache_write_tokens?: number | null, created_cache_tokens?: number | null } | null
  completion_tokens_details?: { reasoning_tokens?: number | null } | null
  server_tool_use_details?: { web_search_requests?: number | null } | null
}
