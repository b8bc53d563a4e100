import type { UpstreamCall } from './call.ts'

/** Bytes of a body, and whether they are all of it. */
export interface ReadBytes { readonly bytes: Buffer, readonly whole: boolean }

/** The rest of a body, at most `limit` bytes of it; what is longer is cut off, and the connection closed. */
export async function readBytes (call: UpstreamCall, limit: number): Promise<ReadBytes> {
  const pieces: Buffer[] = []
  const whole = await gather(call, limit, pieces)
  return { bytes: concat(pieces, limit), whole }
}

/** An error body longer than this is a page, not a message. */
const MAX_ERROR_BODY = 256 * 1024
/** Milliseconds that one may take behind its head. */
const ERROR_TIME = 5000

/**
 * The body of an error, or what comes of it: its status and headers say enough, and nobody waits for long for the words. It
 * never fails.
 */
export async function readErrorBody (call: UpstreamCall): Promise<ReadBytes> {
  const pieces: Buffer[] = []
  const timer = setTimeout(() => call.abort(new Error(`an error that takes more than ${ERROR_TIME} ms to tell`)), ERROR_TIME).unref()
  const whole = await gather(call, MAX_ERROR_BODY, pieces).catch(() => false)
  clearTimeout(timer)
  return { bytes: concat(pieces, MAX_ERROR_BODY), whole }
}

/** @returns whether that is all of it */
async function gather (call: UpstreamCall, limit: number, pieces: Buffer[]): Promise<boolean> {
  let length = 0
  for (let piece = await call.read(); piece !== null; piece = await call.read()) {
    pieces.push(piece)
    length += piece.length
    if (length > limit) {
      call.abort(new Error(`a body of more than ${limit} bytes`))
      return false
    }
  }
  return true
}

function concat (pieces: readonly Buffer[], limit: number): Buffer {
  return Buffer.concat(pieces).subarray(0, limit)
}
