import type { ApiError } from '../../errors.ts'
import type { ErrorType } from '../../wire/anthropic.ts'

/** The body of an error on the chat-completions wire (https://platform.openai.com/docs/guides/error-codes). */
export interface ChatErrorBody { error: { message: string, type: string, param: string | null, code: string | null } }

/** OpenAI's `type` and `code` for an error of ours. */
const NAMES: Record<ErrorType, readonly [type: string, code: string | null]> = {
  invalid_request_error: ['invalid_request_error', null],
  authentication_error: ['invalid_request_error', 'invalid_api_key'],
  billing_error: ['insufficient_quota', 'insufficient_quota'],
  permission_error: ['invalid_request_error', 'permission_denied'],
  not_found_error: ['invalid_request_error', 'model_not_found'],
  conflict_error: ['invalid_request_error', 'conflict'],
  request_too_large: ['invalid_request_error', 'request_too_large'],
  rate_limit_error: ['rate_limit_error', 'rate_limit_exceeded'],
  api_error: ['server_error', 'server_error'],
  timeout_error: ['server_error', 'timeout'],
  overloaded_error: ['server_error', 'overloaded']
}

/** The words that every provider's complaint about a prompt is translated into (docs/architecture.md, "Errors"). */
const TOO_LONG = /^prompt is too long: (\d+) tokens > (\d+) maximum/
/** The place that a complaint begins with. */
const PARAM = /^([a-z_]+(?:\.\w+)*): /
/** Anthropic's status for a server that has too much to do, which nobody else knows. */
const OVERLOADED = 529

/**
 * An error as clients of the chat-completions wire know it. Agents tell a prompt that is too long by its code, and shorten it.
 */
export function chatErrorBody ({ type, message }: Pick<ApiError, 'type' | 'message'>): ChatErrorBody {
  const [, tokens, maximum] = TOO_LONG.exec(message) ?? []
  if (maximum !== undefined) {
    return { error: { message: `This model's maximum context length is ${maximum} tokens. However, your messages resulted in ${tokens} tokens. Please reduce the length of the messages.`, type: 'invalid_request_error', param: 'messages', code: 'context_length_exceeded' } }
  }
  const [name, code] = NAMES[type]
  const param = type === 'invalid_request_error' ? PARAM.exec(message)?.[1] ?? null : null
  return { error: { message, type: name, param, code } }
}

/** The status that goes with it. */
export function chatStatus (status: number): number {
  return status === OVERLOADED ? 503 : status
}

/** An error in a stream: the official clients throw at a chunk that holds one. */
export function chatErrorEvent (error: ApiError): string {
  return `data: ${JSON.stringify(chatErrorBody(error))}\n\n`
}
