import type { MessageWriter } from '../message/writer.ts'
import type { ReplyDecoder } from '../provider.ts'
import { readBody } from './body-reader.ts'
import type { UpstreamCall } from './call.ts'

/**
 * The one loop of a reply: read, decode, flush, until the provider is done or the reply broke. Everything between two
 * reads is synchronous, and the next read waits until the client has taken what the last one made.
 *
 * @param flush sends on what the writer made since the last call; a promise where the client must catch up first
 * @throws {Error} when the connection breaks, or the body is neither events nor JSON
 */
export async function pump (call: UpstreamCall, decoder: ReplyDecoder, writer: MessageWriter, provider: string, flush: () => Promise<void> | undefined): Promise<void> {
  const reader = readBody(decoder, provider)
  try {
    for (let bytes = await call.read(); bytes !== null; bytes = await call.read()) {
      reader.push(bytes)
      if (writer.failure !== null) {
        call.abort(writer.failure)
        return
      }
      const caughtUp = flush()
      if (caughtUp !== undefined) await caughtUp
      if (reader.done) {
        call.release()
        break
      }
      if (decoder.finished) call.expectEnd()
    }
  } catch (error) {
    call.abort(error as Error)
    throw error
  }
  reader.end()
  writer.end()
}
