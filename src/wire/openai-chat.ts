/**
 * The OpenAI chat-completions wire as its many servers speak it (https://platform.openai.com/docs/api-reference/chat,
 * https://openrouter.ai/docs/api-reference). Requests are typed strictly, since we write them. Replies are typed as
 * what may be there: any field can be missing or of another form, so each is unknown until it is read.
 */
import type { CacheControl } from './anthropic.ts'
import type { JsonObject } from './json.ts'

export type ChatPart =
  | { type: 'text', text: string, cache_control?: CacheControl }
  | { type: 'image_url', image_url: { url: string }, cache_control?: CacheControl }
  | { type: 'file', file: { filename: string, file_data: string }, cache_control?: CacheControl }
  /** Mistral's, in answers only (https://docs.mistral.ai/capabilities/reasoning). */
  | { type: 'thinking', thinking: { type: 'text', text: string }[], cache_control?: CacheControl }

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
  /** DeepSeek: the beginning of the answer that is asked for. */
  prefix?: boolean
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
  model?: unknown
  choices?: unknown
  usage?: unknown
  x_groq?: { usage?: unknown } | null
  error?: unknown
}

export interface ChatChoice {
  delta?: ChatDelta | null
  message?: ChatDelta | null
  finish_reason?: unknown
  native_finish_reason?: unknown
  stop_reason?: unknown
  usage?: unknown
  error?: unknown
}

export interface ChatDelta {
  content?: unknown
  reasoning?: unknown
  reasoning_content?: unknown
  reasoning_details?: unknown
  refusal?: unknown
  annotations?: unknown
  images?: unknown
  audio?: unknown
  tool_calls?: unknown
  function_call?: unknown
}
