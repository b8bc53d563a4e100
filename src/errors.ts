import type { ErrorBody, ErrorType } from './wire/anthropic.ts'

/** The HTTP status that goes with an error type (https://docs.claude.com/en/api/errors). */
const STATUS: Record<ErrorType, number> = {
  invalid_request_error: 400,
  authentication_error: 401,
  billing_error: 402,
  permission_error: 403,
  not_found_error: 404,
  conflict_error: 409,
  request_too_large: 413,
  rate_limit_error: 429,
  api_error: 500,
  timeout_error: 504,
  overloaded_error: 529
}

/** An error reply of the client's own wire, as the provider sent it: clients recover by its wording. */
export interface PassedReply { readonly status: number, readonly headers: Readonly<Record<string, string>>, readonly body: string }

export interface ApiErrorOptions {
  /** HTTP status; by default the one that goes with the type. */
  status?: number
  /** Whole seconds after which a repetition makes sense. */
  retryAfter?: number | undefined
  /** What else the client is told in headers: limits, and when they reset. */
  headers?: Readonly<Record<string, string>> | undefined
  /** The message's parts where it names several things that are wrong, one each. */
  problems?: readonly string[] | undefined
  /** What the client is told in place of our own words. */
  passed?: PassedReply
  /** False tells clients not to repeat the request; by default as the status suggests. */
  retryable?: boolean
  /** True where it is what was said that is refused, and a refused key is not the reason: another one would not help. */
  refusesContent?: boolean
  cause?: unknown
}

/**
 * An error in the one form that every layer throws and every wire can be told: Anthropic's error types. What a client
 * sees of it is written in one place per wire (src/http/error-reply.ts).
 */
export class ApiError extends Error {
  override name = 'ApiError'
  readonly type: ErrorType
  readonly status: number
  readonly retryAfter: number | undefined
  readonly headers: Readonly<Record<string, string>> | undefined
  readonly retryable: boolean
  readonly refusesContent: boolean
  readonly problems: readonly string[] | undefined
  /** What the client is told in place of our own words, as long as nothing else was sent. */
  readonly passed: PassedReply | undefined

  constructor (type: ErrorType, message: string, options: ApiErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.type = type
    this.status = options.status ?? STATUS[type]
    this.retryAfter = options.retryAfter
    this.headers = options.headers
    this.problems = options.problems
    this.passed = options.passed
    this.retryable = options.retryable ?? isRetryable(this.status)
    this.refusesContent = options.refusesContent ?? false
  }

  /** The same error, told in the provider's own words. */
  as (passed: PassedReply): ApiError {
    const { type, message, status, retryAfter, headers, retryable, refusesContent, problems, cause } = this
    return new ApiError(type, message, { status, retryAfter, headers, retryable, refusesContent, problems, cause, passed })
  }

  /** The body that an Anthropic client expects. */
  toBody (requestId?: string): ErrorBody {
    const body: ErrorBody = { type: 'error', error: { type: this.type, message: this.message, ...(this.problems !== undefined && { problems: this.problems }) } }
    if (requestId !== undefined) body.request_id = requestId
    return body
  }
}

/** The statuses that the official clients repeat a request for; the rest of 4xx cannot be mended by repeating. */
function isRetryable (status: number): boolean {
  return status >= 500 || status === 408 || status === 409 || status === 429
}

/** What the client sent cannot be served; the message names the field. */
export function invalidRequest (message: string): ApiError {
  return new ApiError('invalid_request_error', message)
}

/** The error type for a status that carries no type of its own. */
export function errorTypeOf (status: number): ErrorType {
  switch (status) {
    case 401: return 'authentication_error'
    case 402: return 'billing_error'
    case 403: return 'permission_error'
    case 404: return 'not_found_error'
    case 409: return 'conflict_error'
    case 413: return 'request_too_large'
    case 429: return 'rate_limit_error'
    case 408: case 504: return 'timeout_error'
    case 503: case 529: return 'overloaded_error'
    default: return status >= 500 ? 'api_error' : 'invalid_request_error'
  }
}
