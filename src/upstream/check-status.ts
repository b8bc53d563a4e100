import type { Target } from '../provider.ts'
import type { UpstreamCall } from './call.ts'

/** An error body longer than this is a page, not a message. */
const MAX_ERROR_BODY = 256 * 1024

/**
 * Waits for the head of a reply.
 * @throws {ApiError} as the provider's pair reads it, for any status but 2xx
 */
export async function checkStatus (call: UpstreamCall, target: Target): Promise<void> {
  const { status, headers } = await call.head()
  if (status >= 200 && status < 300) return
  const body = await readText(call)
  throw target.provider.pair.decodeError(status, headers, body, target)
}

async function readText (call: UpstreamCall): Promise<string> {
  const pieces: Buffer[] = []
  let length = 0
  for (let bytes = await call.read(); bytes !== null; bytes = await call.read()) {
    pieces.push(bytes)
    length += bytes.length
    if (length > MAX_ERROR_BODY) {
      call.abort(new Error('error body too large'))
      break
    }
  }
  return Buffer.concat(pieces).toString()
}
