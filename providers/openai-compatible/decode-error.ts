import { ApiError, errorTypeOf } from '../../src/errors.ts'
import type { Provider } from '../../src/provider.ts'
import type { ErrorType } from '../../src/wire/anthropic.ts'
import { type JsonObject, isJsonObject } from '../../src/wire/json.ts'
import { overflowMessage } from './context-overflow.ts'

type Headers = Record<string, string | string[] | undefined>

/** What an upstream's status becomes for the client, where it is not the same (docs/architecture.md, "Errors"). */
const STATUS: Record<number, number> = { 408: 504, 412: 400, 422: 400, 503: 529 }

/** OpenRouter's `error_type`, where the status alone says less (https://openrouter.ai/docs/api-reference/errors). */
const STATUS_OF_TYPE = new Map(Object.entries({
  authentication: 401,
  payment_required: 402,
  permission_denied: 403,
  not_found: 404,
  payload_too_large: 413,
  rate_limit_exceeded: 429,
  rate_limit_error: 429,
  provider_overloaded: 503,
  overloaded_error: 503,
  provider_unavailable: 502,
  server: 500,
  server_error: 500,
  timeout: 504,
  context_length_exceeded: 400,
  invalid_request: 400,
  invalid_request_error: 400
}))

const TOKEN_LIMIT = new Set(['max_tokens_exceeded', 'token_limit_exceeded'])

/** The longest piece of an upstream's message that is passed on. */
const MAX_MESSAGE = 2000

/** The error of a reply with a status other than 2xx. */
export function decodeChatError (status: number, headers: Headers, body: string, provider: Provider): ApiError {
  const error = envelopeOf(body)
  return build(status, messageOf(error) ?? plainText(body) ?? `status ${status} without a message`, error, provider, retryAfterOf(headers) ?? availabilityRetry(error))
}

/** The error of a chunk inside a 200. */
export function chatError (error: unknown, provider: Provider): ApiError {
  const details = isJsonObject(error) ? error : {}
  return build(statusOf(details) ?? 502, messageOf(error) ?? 'an error without a message', details, provider, availabilityRetry(details))
}

/** Whether an error says no more than that the output limit was reached. */
export function isTokenLimit (error: unknown): boolean {
  if (!isJsonObject(error)) return false
  const metadata = isJsonObject(error['metadata']) ? error['metadata'] : error
  return TOKEN_LIMIT.has(String(metadata['error_type']))
}

function build (upstreamStatus: number, words: string, details: unknown, provider: Provider, retryAfter: number | undefined): ApiError {
  // First without the key, then cut, then looked at: half a key is a secret too, and a server may echo a whole prompt.
  const message = withoutKey(words, provider).slice(0, MAX_MESSAGE)
  const overflow = overflowMessage(upstreamStatus, message, details)
  if (overflow !== undefined) return new ApiError('invalid_request_error', overflow)
  const status = clientStatus(upstreamStatus)
  const type: ErrorType = errorTypeOf(status)
  const text = `${prefix(status, provider.name)}${message}`
  return new ApiError(type, text, { status, retryAfter })
}

/** A redirect is not followed, and proxies' own codes (520 …) mean nothing to clients: to them the provider is broken. */
function clientStatus (upstream: number): number {
  const status = STATUS[upstream] ?? upstream
  return status < 400 || (status > 500 && status !== 504 && status !== 529) ? 502 : status
}

/** Says whose fault it is: a credential that fails here is the gateway's, not the client's. */
function prefix (status: number, provider: string): string {
  if (status === 401) return `${provider} rejected the gateway's API key: `
  // At these words Claude Code compacts the conversation.
  return status === 413 ? `Prompt is too long: ${provider}: ` : `${provider}: `
}

/** Some servers repeat the key that they refuse. */
function withoutKey (message: string, { apiKey }: Provider): string {
  return apiKey ? message.replaceAll(apiKey, '[key]') : message
}

/** `{error: {...}}`, vLLM's `{error: "text"}`, the older flat form, or an array of one of them. */
function envelopeOf (body: string): unknown {
  try {
    const parsed: unknown = JSON.parse(body)
    const object = Array.isArray(parsed) ? parsed[0] as unknown : parsed
    return isJsonObject(object) ? object['error'] ?? object : undefined
  } catch {
    return undefined
  }
}

/** The provider's own words; OpenRouter wraps those of the vendor behind it in `metadata.raw`. */
function messageOf (error: unknown): string | undefined {
  if (typeof error === 'string') return error
  if (!isJsonObject(error)) return undefined
  const { message, detail, metadata } = error
  const text = typeof message === 'string' ? message : typeof detail === 'string' ? detail : undefined
  const raw = isJsonObject(metadata) ? metadata['raw'] : undefined
  if (typeof raw !== 'string' || raw === '') return text
  const vendor = messageOf(envelopeOf(raw)) ?? raw
  return text === undefined || text === 'Provider returned error' ? vendor : `${text}: ${vendor}`
}

function statusOf (error: JsonObject): number | undefined {
  for (const field of ['code', 'status_code', 'http_status', 'status']) {
    const value = Number(error[field])
    if (Number.isInteger(value) && value >= 400 && value < 600) return value
  }
  const metadata = isJsonObject(error['metadata']) ? error['metadata'] : {}
  for (const name of [metadata['error_type'], error['error_type'], error['type'], error['code']]) {
    const status = STATUS_OF_TYPE.get(String(name))
    if (status !== undefined) return status
  }
  return undefined
}

/** A page of HTML says nothing to a user; its status does. */
function plainText (body: string): string | undefined {
  const text = body.trim()
  return text === '' || text.startsWith('<') || text.startsWith('{') ? undefined : text
}

/**
 * `retry-after` in whole seconds: from milliseconds, seconds or a date. More than 60 is passed on as it is: Claude Code gives
 * up at once then, which is right where a provider is gone for an hour.
 */
function retryAfterOf (headers: Headers): number | undefined {
  const ms = Number(headers['retry-after-ms'])
  if (headers['retry-after-ms'] !== undefined && Number.isFinite(ms)) return Math.ceil(ms / 1000)
  const value = headers['retry-after']
  if (typeof value !== 'string' || value.trim() === '') return undefined
  const seconds = Number(value)
  if (Number.isFinite(seconds)) return Math.max(0, Math.ceil(seconds))
  const date = Date.parse(value)
  return Number.isNaN(date) ? undefined : Math.max(0, Math.ceil((date - Date.now()) / 1000))
}

function availabilityRetry (error: unknown): number | undefined {
  const availability = isJsonObject(error) ? error['availability'] : undefined
  const seconds = isJsonObject(availability) ? availability['retry_after'] : undefined
  return typeof seconds === 'number' ? Math.max(0, Math.ceil(seconds)) : undefined
}
