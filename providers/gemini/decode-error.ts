import type { ApiError } from '../../src/errors.ts'
import { plainText, providerError, retryAfterOf } from '../../src/provider-error.ts'
import type { Headers, Provider } from '../../src/provider.ts'
import { type JsonObject, isJsonObject, objectsOf, parseJson, textOf } from '../../src/wire/json.ts'

/** Google's names of errors (https://cloud.google.com/apis/design/errors#handling_errors), for those that come inside a 200 without a code. */
const STATUS = new Map(Object.entries({
  INVALID_ARGUMENT: 400,
  FAILED_PRECONDITION: 400,
  OUT_OF_RANGE: 400,
  UNAUTHENTICATED: 401,
  PERMISSION_DENIED: 403,
  NOT_FOUND: 404,
  RESOURCE_EXHAUSTED: 429,
  INTERNAL: 500,
  UNAVAILABLE: 503,
  DEADLINE_EXCEEDED: 504
}))

const OVERFLOW = /input token count(?: \(?(\d{1,12})\)?)? exceeds the maximum number of tokens allowed:? ?\(?(\d{1,12})?/i

/** The error of a reply with a status other than 2xx. */
export function decodeGeminiError (status: number, headers: Headers, body: string, provider: Provider): ApiError {
  const error = errorOf(body)
  return build(status, textOf(error['message']) || plainText(body) || `status ${status} without a message`, error, provider, retryAfterOf(headers))
}

/** The error of a chunk inside a 200. */
export function geminiError (value: unknown, provider: Provider): ApiError {
  const error = isJsonObject(value) ? value : {}
  const { code, status: name } = error
  const status = typeof code === 'number' && code >= 400 && code < 600 ? code : STATUS.get(String(name)) ?? 502
  return build(status, textOf(error['message']) || textOf(value) || 'an error without a message', error, provider, undefined)
}

function build (upstream: number, words: string, error: JsonObject, provider: Provider, retryAfter: number | undefined): ApiError {
  const status = upstream === 400 && isKeyError(words, error) ? 401 : upstream === CANCELLED ? 502 : upstream
  return providerError({ status, words, retryAfter: retryAfter ?? retryDelay(error), overflow: message => overflowMessage(status, message) }, provider)
}

/** Google's status for what it cancelled itself. */
const CANCELLED = 499

/** A wrong key is a 400 to Google. */
function isKeyError (words: string, error: JsonObject): boolean {
  return /api key (not valid|expired)/i.test(words) || objectsOf(error['details']).some(({ reason }) => reason === 'API_KEY_INVALID')
}

/** `{error: {…}}`, or an array of one of them, as the server streams that is not asked for events. */
function errorOf (body: string): JsonObject {
  const parsed = parseJson(body)
  const object: unknown = Array.isArray(parsed) ? parsed[0] : parsed
  const error = isJsonObject(object) ? object['error'] ?? object : undefined
  return isJsonObject(error) ? error : { message: textOf(error) }
}

/** `google.rpc.RetryInfo` says when to come again, as `34.4s`; Google sends no `retry-after`. */
function retryDelay (error: JsonObject): number | undefined {
  const info = objectsOf(error['details']).find(({ '@type': type }) => textOf(type).endsWith('google.rpc.RetryInfo'))
  const seconds = /^(\d{1,9}(?:\.\d{1,9})?)s$/.exec(textOf(info?.['retryDelay']))?.[1]
  return seconds === undefined ? undefined : Math.ceil(Number(seconds))
}

/** A context overflow in the words that Claude Code knows. */
function overflowMessage (status: number, message: string): string | undefined {
  const match = status === 400 ? OVERFLOW.exec(message) : null
  if (match === null) return undefined
  const [, input, limit] = match
  return input === undefined || limit === undefined ? `prompt is too long: ${message}` : `prompt is too long: ${input} tokens > ${limit} maximum`
}
