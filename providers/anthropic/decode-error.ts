import { ApiError, errorTypeOf } from '../../src/errors.ts'
import { plainText, providerError, retryAfterOf, withoutKey } from '../../src/provider-error.ts'
import type { Headers, Provider } from '../../src/provider.ts'
import type { ErrorType } from '../../src/wire/anthropic.ts'
import { type JsonObject, isJsonObject, parseJson, textOf } from '../../src/wire/json.ts'

/** The error of a reply with a status other than 2xx. Its words stay: clients know the API's own. */
export function decodeError (status: number, headers: Headers, body: string, provider: Provider): ApiError {
  const error = errorOf(body)
  const retryAfter = retryAfterOf(headers)
  const message = error && textOf(error['message'])
  if (!message || status < 400) return providerError({ status, words: message || (plainText(body) ?? `status ${status} without a message`), retryAfter }, provider)
  const words = withoutKey(message, provider)
  // A credential that fails here is the gateway's, not the client's.
  const text = status === 401 ? `${provider.name} rejected the gateway's API key: ${words}` : words
  return new ApiError(typeOf(error, status), text, { status, retryAfter, ...retryableOf(headers) })
}

/** The error of an `error` event, or of an error body inside a 200. */
export function streamedError (data: unknown, provider: Provider): ApiError {
  const error = isJsonObject(data) && isJsonObject(data['error']) ? data['error'] : {}
  const type = typeOf(error, 500)
  return new ApiError(type, withoutKey(textOf(error['message']) || 'an error without a message', provider), type === 'api_error' ? { status: 502 } : {})
}

function errorOf (body: string): JsonObject | undefined {
  const parsed = parseJson(body)
  return isJsonObject(parsed) && isJsonObject(parsed['error']) ? parsed['error'] : undefined
}

/** The type that the API names, so far as it is one that clients know. */
function typeOf (error: JsonObject | undefined, status: number): ErrorType {
  const type = textOf(error?.['type'])
  return (TYPES as readonly string[]).includes(type) ? type as ErrorType : errorTypeOf(status)
}

const TYPES: readonly ErrorType[] = ['invalid_request_error', 'authentication_error', 'billing_error', 'permission_error', 'not_found_error', 'conflict_error', 'request_too_large', 'rate_limit_error', 'api_error', 'timeout_error', 'overloaded_error']

function retryableOf (headers: Headers): { retryable?: boolean } {
  const said = headers['x-should-retry']
  return said === 'true' || said === 'false' ? { retryable: said === 'true' } : {}
}
