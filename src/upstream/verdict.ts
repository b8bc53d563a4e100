import type { ApiError } from '../errors.ts'

/**
 * What a failure asks for: the same target `again`, the `next` one, another `key`, a model with a longer context
 * (`overflow`), or nothing, as it would fail everywhere (`final`).
 */
export type Verdict = 'again' | 'next' | 'key' | 'overflow' | 'final'

/** The words that Claude Code knows; every provider's are translated into them, and Anthropic's own pass. */
const OVERFLOW = /^(?:prompt is too long|input length and `max_tokens` exceed context limit)/i
/** Time-outs after which the time for another try on the same target is gone. */
const SPENT = new Set(['UND_ERR_HEADERS_TIMEOUT', 'UND_ERR_BODY_TIMEOUT'])

/** Judges the failure of a try that the client has seen nothing of (docs/routing.md, "Failures"). */
export function verdictOf (error: ApiError): Verdict {
  const { status, message, retryable, refusesContent, cause } = error
  if ((status === 400 || status === 413) && OVERFLOW.test(message)) return 'overflow'
  if (SPENT.has(String((cause as { code?: unknown } | undefined)?.code))) return 'next'
  switch (status) {
    case 401: case 402: case 403: return refusesContent ? 'next' : 'key'
    case 404: return 'next'
  }
  if (retryable) return 'again'
  // Not to be repeated, and yet no fault of the request: an exhausted quota, a transformer that fails.
  return status >= 500 || status === 429 ? 'next' : 'final'
}

/** Whether a provider that failed so is in trouble, and better left alone for a while if it goes on. */
export function isTrouble ({ status }: ApiError): boolean {
  return status >= 500 || status === 429 || status === 408 || status === 409
}

/** Whether the provider has too much to do: a moment later it still has. */
export function isBusy ({ status }: ApiError): boolean {
  return status === 429 || status === 529 || status === 503
}
