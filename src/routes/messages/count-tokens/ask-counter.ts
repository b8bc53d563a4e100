import { ApiError } from '../../../errors.ts'
import type { ReplyHead, UpstreamCall } from '../../../upstream/call.ts'
import { isSuccess } from '../../../upstream/check-status.ts'
import { isErrorBody } from '../../../upstream/messages-passage.ts'
import { networkError } from '../../../upstream/network-error.ts'
import type { Lane } from '../../../upstream/provider-lanes.ts'
import { readBytes } from '../../../upstream/read-bytes.ts'
import { failedReply } from '../failed-reply.ts'
import type { Work } from '../work.ts'
import type { Question } from './question.ts'

/** Bytes of an answer; vLLM's lists every token of the prompt behind the count. */
const MAX_ANSWER = 16 * 1024 * 1024
/** The same where the answer is the client's. */
const MAX_PASSED = 64 * 1024

/** A count, and the headers that go with it to the client. */
export interface Counted { readonly bytes: Buffer, readonly headers: Record<string, string> }

/**
 * Has a target's counter answer, once. Whether a server can count tells nothing of its models, so their breakers hear nothing
 * of it.
 * @param time milliseconds that it may take
 * @returns an error for whatever comes in the place of a count; a 501 where that is no error of the API
 */
export async function askCounter (work: Work, { target }: Lane, { upstream, told, passes, answerOf }: Question, time: number): Promise<Counted | ApiError> {
  const { app, exchange, interruption } = work
  const { name } = target.provider
  const attempt = exchange.begin(target, upstream.dropped, told)
  const call = app.upstream.send(upstream, target, exchange.requestId)
  interruption.begin(reason => call.abort(reason))
  const timer = setTimeout(() => call.abort(new ApiError('timeout_error', `${name} did not count in time.`)), time)
  let failure: ApiError | null = null
  try {
    const head = await call.head()
    if (!isSuccess(head.status)) return (failure = await refusal(call, head))
    const { bytes } = await readBytes(call, passes ? MAX_PASSED : MAX_ANSWER)
    const answer = answerOf(bytes)
    if (answer !== undefined) return { bytes: answer, headers: passes ? exchange.pass(attempt, head.headers) : {} }
    return (failure = cannotCount(name))
  } catch (error) {
    return (failure = interruption.reason ?? networkError(error, name))
  } finally {
    clearTimeout(timer)
    interruption.end()
    exchange.end(attempt, failure)
  }

  async function refusal (call: UpstreamCall, head: ReplyHead): Promise<ApiError> {
    if (!NOT_THERE.has(head.status)) return failedReply(call, head, { attempt, passage: passes ? { passesError: isErrorBody } : null }, exchange)
    call.release()
    return cannotCount(name)
  }
}

/** How servers say that they cannot count: OpenRouter's Anthropic address has no such path. */
const NOT_THERE = new Set([404, 405, 501])

/** The status of what a server that cannot count says. */
export const CANNOT_COUNT = 501

function cannotCount (name: string): ApiError {
  return new ApiError('api_error', `${name} does not count tokens.`, { status: CANNOT_COUNT })
}
