import { Losses } from '../../src/message/losses.ts'
import { demandsSearch, noWebSearch } from '../../src/message/web-search.ts'
import type { ClientHead, Target, UpstreamRequest } from '../../src/provider.ts'
import { nameThere } from '../../src/target.ts'
import type { MessagesRequest } from '../../src/wire/anthropic.ts'
import type { ChatRequest } from '../../src/wire/openai-chat.ts'
import type { ChatDialect } from './dialect.ts'
import { encodeMessages } from './encode-messages.ts'
import { encodeTools } from './encode-tools.ts'
import { JSON_OBJECT, addSchema } from './schema-in-prompt.ts'
import { addKey } from './server-options.ts'
import { isStrictSchema } from './strict-schema.ts'

/**
 * A Messages request as a chat-completions request.
 * @throws {ApiError} when the conversation holds media that the wire has no form for
 */
export function encodeChatRequest (request: MessagesRequest, target: Target, dialect: ChatDialect, client?: ClientHead): UpstreamRequest {
  const losses = new Losses(request, dialect.column)
  const body: ChatRequest = { model: nameThere(target), messages: encodeMessages(request, dialect, target, client), stream: request.stream === true }
  // Ignored where usage comes anyway; without it OpenAI and vLLM send none in a stream.
  if (body.stream) body.stream_options = { include_usage: true }
  encodeTools(body, request, target, dialect, losses)
  encodeStops(body, request, dialect, losses)
  encodeFormat(body, request, dialect)
  dialect.parameters(body, request, target, losses)
  const encoded: UpstreamRequest = { url: target.provider.url, headers: chatHeaders(request, target, dialect), body, dropped: losses.names }
  if (dialect.webSearch === undefined && demandsSearch(request)) encoded.answer = writer => noWebSearch(writer, target.provider.name)
  return encoded
}

/** Headers of a request: the dialect's own, and the key. */
export function chatHeaders (request: MessagesRequest, target: Target, dialect: ChatDialect): Record<string, string> {
  const headers: Record<string, string> = { 'content-type': 'application/json', accept: request.stream === true ? 'text/event-stream' : 'application/json' }
  Object.assign(headers, dialect.headers(target, request))
  addKey(headers, target.provider)
  return headers
}

function encodeStops (body: ChatRequest, { stop_sequences: stops }: MessagesRequest, { maxStops }: ChatDialect, losses: Losses): void {
  if (!stops || stops.length === 0) return
  body.stop = stops.slice(0, maxStops)
  if (stops.length > maxStops) losses.add('stop_sequences')
}

function encodeFormat (body: ChatRequest, { output_config: config }: MessagesRequest, { jsonSchema }: ChatDialect): void {
  const schema = config?.format?.schema
  if (schema === undefined) return
  if (jsonSchema) body.response_format = { type: 'json_schema', json_schema: { name: 'response', schema, strict: isStrictSchema(schema) } }
  else {
    body.response_format = JSON_OBJECT
    addSchema(body.messages, schema)
  }
}
