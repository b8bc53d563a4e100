import type { ReplyHead } from '../../../upstream/call.ts'
import { MAX_ERROR_BODY } from '../../../upstream/check-status.ts'
import { withoutKey } from '../../../provider-error.ts'
import { readBytes } from '../../../upstream/read-bytes.ts'
import { isJsonObject, parseJson } from '../../../wire/json.ts'
import type { RelayContext } from './context.ts'

/**
 * Answers with the upstream's own error: clients recover by its wording. What is no error of the API (a proxy's page, a
 * redirect) is told in our words.
 * @throws {ApiError} in that case, and where the client has the head of a stream already
 */
export async function passError (context: Pick<RelayContext, 'call' | 'reply' | 'exchange' | 'target'>, { status, headers }: ReplyHead): Promise<void> {
  const { call, reply, exchange, target } = context
  const { provider } = target
  const { bytes, whole } = await readBytes(call, MAX_ERROR_BODY)
  const body = bytes.toString()
  const error = provider.pair.decodeError(status, headers, body, target)
  if (reply.raw.headersSent || !whole || status < 400 || !isErrorBody(body)) throw error
  exchange.failed(error)
  reply.hijack()
  if (exchange.left) return
  // A repetition with the same key of ours fails the same way, and Claude Code would go on for three minutes.
  const given = exchange.pass(headers)
  if (status === 401) given['x-should-retry'] ??= 'false'
  const sent = withoutKey(body, provider)
  reply.raw.writeHead(status, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(sent), ...exchange.headers, ...given }).end(sent)
}

function isErrorBody (body: string): boolean {
  const parsed = parseJson(body)
  return isJsonObject(parsed) && parsed['error'] !== undefined
}
