import { ApiError } from '../../src/errors.ts'
import type { MessageWriter } from '../../src/message/writer.ts'

/** Why the model stopped. */
export interface Finish {
  reason: string
  /** Google's own words on it, often none. */
  words: string
}

/** Whether the reply is no answer but a failure of the model: nothing but thoughts came, and then it did not go on. */
export function isFailure ({ reason }: Finish, answered: boolean): boolean {
  return !answered && FAILURES.has(reason)
}

/** Reasons by which the model broke off; what it said before them stands (https://ai.google.dev/api/generate-content#FinishReason). */
const FAILURES = new Set(['MALFORMED_FUNCTION_CALL', 'UNEXPECTED_TOOL_CALL', 'TOO_MANY_TOOL_CALLS', 'MALFORMED_RESPONSE', 'LANGUAGE', 'NO_IMAGE', 'OTHER'])

const REFUSALS = new Set(['SAFETY', 'RECITATION', 'BLOCKLIST', 'PROHIBITED_CONTENT', 'SPII', 'IMAGE_SAFETY', 'IMAGE_PROHIBITED_CONTENT', 'IMAGE_RECITATION', 'IMAGE_OTHER'])

/** Tells the writer why the model stopped. An unknown reason counts as an ordinary end: the list is open. */
export function tellStopReason (finish: Finish, answered: boolean, writer: MessageWriter, provider: string): void {
  const { reason, words } = finish
  if (isFailure(finish, answered)) return writer.fail(new ApiError('api_error', `${provider} could not complete the answer (${reason})${words === '' ? '.' : `: ${words}`}`, { status: 502 }))
  // A continuation could be asked for; to the client it is a limit that was met, after which it asks to go on itself.
  if (reason === 'MAX_TOKENS' || reason === 'CONTINUATION') return writer.finish('max_tokens')
  if (REFUSALS.has(reason)) return refuse(writer, `${provider} stopped the answer (${reason})${words === '' ? '.' : `: ${words}`}`)
  writer.finish('end_turn')
}

/** The prompt was blocked, or the answer was. */
export function refuse (writer: MessageWriter, explanation: string): void {
  writer.finish('refusal', null, { type: 'refusal', category: null, explanation }, true)
}
