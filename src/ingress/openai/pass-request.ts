import { spliceMembers } from '../../message/splice.ts'

/** A request in its own bytes, but for the tokens that the answer may have. */
export function passLimit (raw: Buffer, limit: number): Buffer {
  return spliceMembers(raw, { max_tokens: limit, max_completion_tokens: limit })
}
