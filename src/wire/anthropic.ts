/**
 * The Anthropic Messages wire, the only intermediate form of the gateway. What is read is typed; every object may
 * hold fields beside these, and they are kept (https://docs.claude.com/en/api/messages).
 */
import type { JsonObject, JsonValue } from './json.ts'

export interface MessagesRequest {
  model: string
  max_tokens: number
  messages: MessageParam[]
  system?: string | TextBlock[]
  stream?: boolean
  tools?: ToolParam[]
  tool_choice?: ToolChoice
  thinking?: ThinkingParam | null
  output_config?: { effort?: string | null, format?: OutputFormat | null } & Fields | null
  stop_sequences?: string[] | null
  temperature?: number | null
  top_p?: number | null
  top_k?: number | null
  metadata?: { user_id?: string | null } | null
  service_tier?: string | null
  cache_control?: CacheControl | null
  [field: string]: unknown
}

export interface MessageParam { role: 'user' | 'assistant' | 'system', content: string | ContentBlock[] }

/** An object of which only some fields are known. */
export interface Fields { [field: string]: unknown }

export interface CacheControl { type: 'ephemeral', ttl?: string }

interface Block { cache_control?: CacheControl | null }

export interface TextBlock extends Block { type: 'text', text: string, citations?: JsonValue[] | null }
export interface ImageBlock extends Block { type: 'image', source: MediaSource }
export interface DocumentBlock extends Block { type: 'document', source: DocumentSource, title?: string | null, context?: string | null, citations?: { enabled?: boolean } | null }
export interface SearchResultBlock extends Block { type: 'search_result', source: string, title: string, content: TextBlock[] }
export interface ThinkingBlock { type: 'thinking', thinking: string, signature: string }
export interface RedactedThinkingBlock { type: 'redacted_thinking', data: string }
export interface ToolUseBlock extends Block { type: 'tool_use', id: string, name: string, input: JsonValue }
export interface ToolResultBlock extends Block { type: 'tool_result', tool_use_id: string, content?: string | ContentBlock[] | null, is_error?: boolean | null }
export interface ToolReferenceBlock extends Block { type: 'tool_reference', tool_name: string }
export interface ServerToolUseBlock extends Block { type: 'server_tool_use', id: string, name: string, input: JsonValue }
export interface WebSearchToolResultBlock extends Block { type: 'web_search_tool_result', tool_use_id: string, content: WebSearchResult[] | JsonObject }
export interface WebSearchResult { type: 'web_search_result', url: string, title: string, encrypted_content: string, page_age: string | null }

export type ContentBlock = TextBlock | ImageBlock | DocumentBlock | SearchResultBlock | ThinkingBlock | RedactedThinkingBlock |
  ToolUseBlock | ToolResultBlock | ToolReferenceBlock | ServerToolUseBlock | WebSearchToolResultBlock

export type MediaSource =
  | { type: 'base64', media_type: string, data: string }
  | { type: 'url', url: string }
  | { type: 'file', file_id: string }

export type DocumentSource = MediaSource | { type: 'text', data: string } | { type: 'content', content: string | ContentBlock[] }

export interface ToolParam extends Block {
  name: string
  type?: string | null
  description?: string
  input_schema?: JsonObject
  strict?: boolean | null
  [field: string]: unknown
}

export type ToolChoice = { type: 'auto' | 'any' | 'tool' | 'none', name?: string, disable_parallel_tool_use?: boolean }

export interface ThinkingParam { type: 'enabled' | 'adaptive' | 'disabled' | 'between_tools', budget_tokens?: number, [field: string]: unknown }

export interface OutputFormat { type: 'json_schema', schema: JsonObject }

export type StopReason = 'end_turn' | 'max_tokens' | 'stop_sequence' | 'tool_use' | 'pause_turn' | 'refusal' | 'model_context_window_exceeded'

export interface StopDetails { type: 'refusal', category: string | null, explanation: string | null }

/** Token counts of a reply. `input_tokens` never includes cached tokens, read or written. */
export interface Usage {
  input_tokens: number
  output_tokens: number
  cache_creation_input_tokens: number
  cache_read_input_tokens: number
  /** Of what was written to a cache, how much for how long. */
  cache_creation?: { ephemeral_5m_input_tokens?: number, ephemeral_1h_input_tokens?: number }
  output_tokens_details?: { thinking_tokens: number }
  server_tool_use?: { web_search_requests: number }
}

export interface Message {
  id: string
  type: 'message'
  role: 'assistant'
  model: string
  content: ContentBlock[]
  stop_reason: StopReason | null
  stop_sequence: string | null
  stop_details?: StopDetails
  usage: Usage
}

/** The `error.type` of an error body. */
export type ErrorType = 'invalid_request_error' | 'authentication_error' | 'billing_error' | 'permission_error' | 'not_found_error' |
  'conflict_error' | 'request_too_large' | 'rate_limit_error' | 'api_error' | 'timeout_error' | 'overloaded_error'

export interface ErrorBody { type: 'error', error: { type: ErrorType, message: string, problems?: readonly string[] }, request_id?: string }
