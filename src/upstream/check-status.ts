import type { Target } from '../provider.ts'
import type { UpstreamCall } from './call.ts'
import { readBytes } from './read-bytes.ts'

/** An error body longer than this is a page, not a message. */
export const MAX_ERROR_BODY = 256 * 1024

/**
 * Waits for the head of a reply.
 * @throws {ApiError} as the provider's pair reads it, for any status but 2xx
 */
export async function checkStatus (call: UpstreamCall, target: Target): Promise<void> {
  const { status, headers } = await call.head()
  if (isSuccess(status)) return
  const { bytes } = await readBytes(call, MAX_ERROR_BODY)
  throw target.provider.pair.decodeError(status, headers, bytes.toString(), target)
}

export function isSuccess (status: number): boolean {
  return status >= 200 && status < 300
}
