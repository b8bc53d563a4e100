import { invalidRequest } from '../../errors.ts'
import type { MessagesRequest, TextBlock } from '../../wire/anthropic.ts'
import { isJsonObject } from '../../wire/json.ts'
import type { ChatBody } from './body.ts'
import { decodeMessages } from './decode-messages.ts'
import { decodeThinking } from './decode-thinking.ts'
import { decodeTools } from './decode-tools.ts'
import { Untold } from './untold.ts'

/** Tokens of an answer to a request that sets no limit, where it has to: what Claude Code asks for. A model that has fewer is asked for those. */
const DEFAULT_MAX_TOKENS = 32_000

/** Fields that are read here, or say nothing of the answer. */
const READ = new Set([
  'model', 'messages', 'stream', 'stream_options', 'max_tokens', 'max_completion_tokens', 'n', 'tools', 'tool_choice', 'parallel_tool_calls', 'response_format', 'reasoning_effort',
  'reasoning', 'stop', 'temperature', 'top_p', 'top_k', 'user', 'web_search_options', 'thinking', 'logprobs', 'top_logprobs', 'modalities', 'audio', 'functions', 'function_call'
])

/** A chat-completions request, as the Messages API has it. */
export interface DecodedChat {
  readonly request: MessagesRequest
  readonly untold: Untold
}

/**
 * A chat-completions request as a Messages request. What that has no form for is told in `untold`, since a server of the
 * chat-completions wire may get the request as it came.
 * @throws {ApiError} 400 for what no server is asked for here
 */
export function decodeChat (body: ChatBody): DecodedChat {
  // Another answer beside the first would have to be counted, cut and repeated with it.
  if (typeof body.n === 'number' && body.n !== 1) throw invalidRequest('n: Input should be 1: this gateway gives one answer to a request')
  const untold = new Untold()
  const { system, messages } = decodeMessages(body.messages, untold)
  const { format, instruction } = decodeFormat(body.response_format, untold)
  const thinking = decodeThinking(body, untold)
  const request: MessagesRequest = {
    model: body.model,
    max_tokens: limitOf(body) ?? DEFAULT_MAX_TOKENS,
    messages,
    stream: body.stream === true,
    ...decodeTools(body, untold),
    ...thinking,
    ...(body.user && { metadata: { user_id: body.user } }),
    ...stopsOf(body)
  }
  const instructed = instruction === undefined ? system : [...system, instruction]
  if (instructed.length > 0) request.system = instructed
  if (format !== undefined) request.output_config = { ...thinking.output_config, format }
  for (const field of ['temperature', 'top_p', 'top_k'] as const) {
    if (typeof body[field] === 'number') request[field] = body[field]
  }
  refuseForms(body, untold)
  untold.dropped.push(...Object.keys(body).filter(name => !READ.has(name) && body[name] !== null && body[name] !== undefined))
  return { request, untold }
}

/** A stop that is empty would never be met, and other APIs refuse it. */
function stopsOf ({ stop }: ChatBody): Pick<MessagesRequest, 'stop_sequences'> {
  const stops = [stop ?? []].flat().filter(each => each !== '')
  return stops.length > 0 ? { stop_sequences: stops } : {}
}

/** The tokens that a client allows for an answer; undefined where it says nothing. */
export function limitOf ({ max_completion_tokens: newer, max_tokens: older }: ChatBody): number | undefined {
  return newer ?? older ?? undefined
}

/** JSON of any form has no name in the Messages API: the model is told. */
export const JSON_ONLY: TextBlock = { type: 'text', text: 'Answer with one JSON object and nothing else: no code fence, no words around it.' }

function decodeFormat (format: ChatBody['response_format'], untold: Untold): { format?: NonNullable<NonNullable<MessagesRequest['output_config']>['format']>, instruction?: TextBlock } {
  switch (format?.['type']) {
    case undefined: case 'text': return {}
    case 'json_object': return { instruction: JSON_ONLY }
    case 'json_schema': {
      const { schema } = format['json_schema'] as { schema?: unknown }
      return isJsonObject(schema) ? { format: { type: 'json_schema', schema } } : { instruction: JSON_ONLY }
    }
    default:
      untold.refuse('response_format.type', "Input should be 'text', 'json_object' or 'json_schema'")
      return {}
  }
}

/** What the answer would have to hold, and cannot. */
function refuseForms (body: ChatBody, untold: Untold): void {
  if (body['logprobs'] === true || typeof body['top_logprobs'] === 'number') untold.refuse('logprobs', 'the provider that this request goes to tells none')
  const { modalities, audio, functions } = body
  if ((Array.isArray(modalities) && modalities.some(each => each !== 'text')) || isJsonObject(audio)) untold.refuse('modalities', 'the provider that this request goes to answers in text only')
  if (Array.isArray(functions) && functions.length > 0) untold.refuse('functions', 'functions cannot be carried there; use tools')
}
