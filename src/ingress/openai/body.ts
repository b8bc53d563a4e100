/**
 * A chat-completions request as clients send it (https://platform.openai.com/docs/api-reference/chat/create), as far as it is
 * read: checked by {@link chatSchema}, so what stands here is so or is not there. Other fields pass.
 */
import type { CacheControl } from '../../wire/anthropic.ts'
import type { JsonObject } from '../../wire/json.ts'

export interface ChatBody {
  model: string
  messages: ChatInputMessage[]
  stream?: boolean | null
  stream_options?: { include_usage?: boolean | null } | null
  max_tokens?: number | null
  max_completion_tokens?: number | null
  n?: number | null
  tools?: ChatInputTool[] | null
  tool_choice?: string | JsonObject | null
  parallel_tool_calls?: boolean | null
  response_format?: JsonObject | null
  reasoning_effort?: string | null
  /** OpenRouter's form of it. */
  reasoning?: { effort?: string | null, max_tokens?: number | null, enabled?: boolean | null } | null
  stop?: string | string[] | null
  temperature?: number | null
  top_p?: number | null
  top_k?: number | null
  user?: string | null
  web_search_options?: JsonObject | null
  [field: string]: unknown
}

export interface ChatInputMessage {
  role: 'system' | 'developer' | 'user' | 'assistant' | 'tool' | 'function'
  content?: string | ChatInputPart[] | null
  refusal?: string | null
  tool_calls?: ChatInputCall[] | null
  tool_call_id?: string
  /** A call as it was before there were tools. */
  function_call?: JsonObject | null
}

export interface ChatInputPart {
  type: string
  text?: string
  refusal?: string
  image_url?: string | { url: string }
  file?: { filename?: string, file_data?: string, file_id?: string }
  cache_control?: CacheControl | null
}

export interface ChatInputCall { id: string, type?: string, function?: { name: string, arguments: string } }

export interface ChatInputTool {
  type: string
  function?: { name: string, description?: string | null, parameters?: JsonObject | null, strict?: boolean | null }
  cache_control?: CacheControl | null
}
