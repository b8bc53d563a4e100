import type { UpstreamCall } from './call.ts'

/**
 * The rest of a body, at most `limit` bytes of it; what is longer is cut off, and the connection closed.
 * @returns the bytes, and whether that is all of them
 */
export async function readBytes (call: UpstreamCall, limit: number): Promise<{ bytes: Buffer, whole: boolean }> {
  const pieces: Buffer[] = []
  let length = 0
  for (let piece = await call.read(); piece !== null; piece = await call.read()) {
    pieces.push(piece)
    length += piece.length
    if (length > limit) {
      call.abort(new Error(`a body of more than ${limit} bytes`))
      return { bytes: Buffer.concat(pieces, limit), whole: false }
    }
  }
  return { bytes: Buffer.concat(pieces, length), whole: true }
}
