import type { ApiError } from '../../errors.ts'
import type { Exchange } from '../../http/exchange.ts'
import { withoutKey } from '../../provider-error.ts'
import type { ReplyHead, UpstreamCall } from '../../upstream/call.ts'
import type { Passage } from '../../upstream/passage.ts'
import { readErrorBody } from '../../upstream/read-bytes.ts'
import { parseJson } from '../../wire/json.ts'
import type { Sent } from './send.ts'

/** What of a try is needed: where its error may pass, what says so. */
type Failed = Pick<Sent, 'attempt'> & { readonly passage: Pick<Passage, 'passesError'> | null }

/**
 * The error of a reply with a status other than 2xx. Where it came on the client's own wire it passes in its own words, since
 * clients recover by these; else it is told in ours.
 */
export async function failedReply (call: UpstreamCall, { status, headers }: ReplyHead, { attempt, passage }: Failed, exchange: Exchange): Promise<ApiError> {
  const { target } = attempt
  const { provider } = target
  const { bytes, whole } = await readErrorBody(call)
  const body = bytes.toString()
  const error = provider.pair.decodeError(status, headers, body, target)
  if (passage === null || !whole || status < 400 || !passage.passesError(parseJson(body), error)) return error
  const given = exchange.pass(attempt, headers)
  // A repetition with the same key of ours fails the same way, and Claude Code would go on for three minutes.
  if (status === 401) given['x-should-retry'] ??= 'false'
  return error.as({ status, headers: given, body: withoutKey(body, provider) })
}
