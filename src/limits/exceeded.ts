import { ApiError } from '../errors.ts'

/** The longest that official clients wait; at more they give up at once. Seconds. */
const LONGEST = 60
/** When a place may be free again is not known: soon enough, and no flood of attempts. Seconds. */
const PLACE_PAUSE = 5

/** How much of a limit is used, and for how long. */
export interface Used {
  readonly limit: number
  readonly used: number
  /** Milliseconds until the minute is over. */
  readonly left: number
}

/**
 * The refusal of a request because of {@link KeyLimits.requestsPerMinute}.
 * @param name how people name the key
 * @param now milliseconds since 1970
 */
export function requestsExceeded (name: string, used: Used, now: number = Date.now()): ApiError {
  return minuteExceeded('requests', `requestsPerMinute: the key ${name} may send ${used.limit} requests a minute, and has`, used, now)
}

/**
 * The refusal of a request because of {@link KeyLimits.tokensPerMinute}.
 * @param name how people name the key
 * @param estimate tokens of the request's prompt, about
 * @param now milliseconds since 1970
 */
export function tokensExceeded (name: string, used: Used, estimate: number, now: number = Date.now()): ApiError {
  return minuteExceeded('tokens', `tokensPerMinute: the key ${name} may use ${used.limit} tokens a minute; it has used ${used.used}, and this request has about ${estimate}`, used, now)
}

/** The refusal of a request because of {@link KeyLimits.concurrentStreams}. @param name how people name the key */
export function streamsExceeded (name: string, limit: number): ApiError {
  return new ApiError('rate_limit_error', `concurrentStreams: the key ${name} may have ${limit} requests run at once, and they do. It resets when one of them ends; try again in ${PLACE_PAUSE} s.`, { retryAfter: PLACE_PAUSE })
}

/** In the headers that Anthropic's own limits are told in (https://docs.claude.com/en/api/rate-limits#response-headers). */
function minuteExceeded (what: 'requests' | 'tokens', reason: string, { limit, used, left }: Used, now: number): ApiError {
  const seconds = Math.min(LONGEST, Math.max(1, Math.ceil(left / 1000)))
  const reset = new Date(Math.ceil((now + left) / 1000) * 1000).toISOString().replace('.000Z', 'Z')
  return new ApiError('rate_limit_error', `${reason}. It resets in ${seconds} s, at ${reset}.`, {
    retryAfter: seconds,
    headers: {
      [`anthropic-ratelimit-${what}-limit`]: String(limit),
      [`anthropic-ratelimit-${what}-remaining`]: String(Math.max(0, limit - used)),
      [`anthropic-ratelimit-${what}-reset`]: reset
    }
  })
}
