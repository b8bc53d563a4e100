import { ApiError } from '../errors.ts'

const TIMEOUTS = new Set(['UND_ERR_HEADERS_TIMEOUT', 'UND_ERR_BODY_TIMEOUT', 'UND_ERR_CONNECT_TIMEOUT', 'ETIMEDOUT'])

/** What went wrong, in words for a user who knows nothing of sockets. */
const WORDS: Record<string, string> = {
  UND_ERR_HEADERS_TIMEOUT: 'did not answer in time',
  UND_ERR_BODY_TIMEOUT: 'fell silent in the middle of its reply',
  UND_ERR_CONNECT_TIMEOUT: 'could not be reached in time',
  ETIMEDOUT: 'could not be reached in time',
  ECONNREFUSED: 'could not be reached: connection refused',
  ENOTFOUND: 'could not be reached: its host name is unknown',
  EAI_AGAIN: 'could not be reached: its host name could not be looked up',
  ECONNRESET: 'closed the connection',
  EPIPE: 'closed the connection',
  UND_ERR_SOCKET: 'closed the connection',
  Z_BUF_ERROR: 'closed the connection before its reply was complete',
  Z_DATA_ERROR: 'sent a reply that is not in the encoding it names',
  UND_ERR_RES_CONTENT_LENGTH_MISMATCH: 'closed the connection before its reply was complete'
}

/** A failure of the connection to a provider, as an error for the client. Errors that already are one pass. */
export function networkError (error: unknown, provider: string): ApiError {
  if (error instanceof ApiError) return error
  const code = codeOf(error)
  if (code === undefined) return new ApiError('api_error', `${provider} sent a reply that the gateway could not read.`, { status: 502, cause: error })
  const words = WORDS[code] ?? `could not be reached (${code})`
  const type = TIMEOUTS.has(code) ? 'timeout_error' : 'api_error'
  return new ApiError(type, `${provider} ${words}.`, { ...(type === 'api_error' && { status: 502 }), cause: error })
}

/** The code of an error, or of the first failed address where a host has several; none for a fault of our own. */
function codeOf (error: unknown): string | undefined {
  const { code, errors } = error as { code?: unknown, errors?: unknown[] }
  if (typeof code === 'string') return code
  return Array.isArray(errors) && errors.length > 0 ? codeOf(errors[0]) : undefined
}
