import type { Target, UpstreamRequest } from '../../src/provider.ts'
import type { MessagesRequest } from '../../src/wire/anthropic.ts'
import { type JsonObject, isJsonObject } from '../../src/wire/json.ts'
import type { ChatRequest } from '../../src/wire/openai-chat.ts'
import type { ChatDialect, Losses } from './dialect.ts'
import { encodeMessages } from './encode-messages.ts'
import { encodeTools } from './encode-tools.ts'

/** Fields that this wire carries, or whose part that it cannot carry is named where it is read. */
const CARRIED = new Set(['model', 'max_tokens', 'messages', 'system', 'stream', 'tools', 'tool_choice', 'thinking', 'output_config', 'stop_sequences', 'temperature', 'top_p', 'top_k', 'metadata', 'service_tier', 'cache_control'])

/** Blocks that are carried, in this form or another. */
const CARRIED_BLOCKS = new Set(['text', 'image', 'document', 'search_result', 'thinking', 'redacted_thinking', 'tool_use', 'tool_result', 'tool_reference', 'server_tool_use', 'web_search_tool_result'])

/** OpenAI and OpenRouter both refuse more. */
const MAX_STOPS = 4

/**
 * A Messages request as a chat-completions request.
 * @throws {ApiError} when the conversation holds media that the wire has no form for
 */
export function encodeChatRequest (request: MessagesRequest, target: Target, dialect: ChatDialect): UpstreamRequest {
  const losses: Losses = new Set()
  for (const field in request) {
    if (!CARRIED.has(field)) losses.add(field)
  }
  nameUnknownBlocks(request, losses)
  const body: ChatRequest = { model: target.model, messages: encodeMessages(request, dialect, target), stream: request.stream === true }
  // Ignored where usage comes anyway; without it OpenAI and vLLM send none in a stream.
  if (body.stream) body.stream_options = { include_usage: true }
  encodeTools(body, request, dialect, losses)
  encodeStops(body, request, losses)
  encodeFormat(body, request)
  dialect.parameters(body, request, target, losses)
  const headers: Record<string, string> = { 'content-type': 'application/json', accept: body.stream ? 'text/event-stream' : 'application/json', ...dialect.headers(target, request) }
  if (target.provider.apiKey !== undefined) headers['authorization'] = `Bearer ${target.provider.apiKey}`
  return { url: target.provider.url, headers, body, dropped: [...losses] }
}

function nameUnknownBlocks ({ messages }: MessagesRequest, losses: Losses): void {
  for (const { content } of messages) {
    if (typeof content === 'string') continue
    for (const { type } of content) {
      if (!CARRIED_BLOCKS.has(type)) losses.add(`messages.${type}`)
    }
  }
}

function encodeStops (body: ChatRequest, { stop_sequences: stops }: MessagesRequest, losses: Losses): void {
  if (!stops || stops.length === 0) return
  body.stop = stops.slice(0, MAX_STOPS)
  if (stops.length > MAX_STOPS) losses.add('stop_sequences')
}

function encodeFormat (body: ChatRequest, { output_config: config }: MessagesRequest): void {
  const schema = config?.format?.schema
  if (schema !== undefined) body.response_format = { type: 'json_schema', json_schema: { name: 'response', schema, strict: isStrict(schema) } }
}

/** Whether OpenAI would take a schema as strict: closed objects whose properties are all required. */
function isStrict (schema: unknown): boolean {
  if (Array.isArray(schema)) return schema.every(isStrict)
  if (!isJsonObject(schema)) return true
  if (isJsonObject(schema['properties']) && !isClosed(schema)) return false
  return Object.values(schema).every(isStrict)
}

function isClosed ({ properties, required, additionalProperties }: JsonObject): boolean {
  return additionalProperties === false && Array.isArray(required) && Object.keys(properties as JsonObject).every(name => required.includes(name))
}
