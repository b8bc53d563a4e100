import type { ApiError } from '../../src/errors.ts'
import { plainText, providerError, retryAfterOf } from '../../src/provider-error.ts'
import type { Headers, Provider } from '../../src/provider.ts'
import { type JsonObject, isJsonObject, parseJson } from '../../src/wire/json.ts'
import { overflowMessage } from './context-overflow.ts'

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
  max_tokens_exceeded: 400,
  token_limit_exceeded: 400,
  string_too_long: 400,
  invalid_request: 400,
  invalid_request_error: 400,
  invalid_prompt: 400,
  precondition_failed: 400,
  unprocessable: 400,
  content_policy_violation: 400,
  refusal: 400,
  invalid_image: 400,
  image_too_large: 400,
  image_too_small: 400,
  unsupported_image_format: 400,
  image_not_found: 400,
  image_download_failed: 400
}))

const TOKEN_LIMIT = new Set(['max_tokens_exceeded', 'token_limit_exceeded'])

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

function build (status: number, words: string, details: unknown, provider: Provider, retryAfter: number | undefined): ApiError {
  return providerError({ status, words, retryAfter, refusesContent: isModeration(details), overflow: message => overflowMessage(status, message, details) }, provider)
}

/** OpenRouter's moderation tells what it flagged; its 403 has nothing to do with the key (https://openrouter.ai/docs/api-reference/errors). */
function isModeration (error: unknown): boolean {
  const metadata = isJsonObject(error) ? error['metadata'] : undefined
  return isJsonObject(metadata) && (Array.isArray(metadata['reasons']) || typeof metadata['flagged_input'] === 'string')
}

/** `{error: {...}}`, vLLM's `{error: "text"}`, the older flat form, or an array of one of them. */
function envelopeOf (body: string): unknown {
  const parsed = parseJson(body)
  const object = Array.isArray(parsed) ? parsed[0] as unknown : parsed
  return isJsonObject(object) ? object['error'] ?? object : undefined
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

function availabilityRetry (error: unknown): number | undefined {
  const availability = isJsonObject(error) ? error['availability'] : undefined
  const seconds = isJsonObject(availability) ? availability['retry_after'] : undefined
  return typeof seconds === 'number' ? Math.max(0, Math.ceil(seconds)) : undefined
}
