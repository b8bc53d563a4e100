import { adaptDecoder } from '../../adapt.ts'
import type { MessageWriter } from '../../message/writer.ts'
import type { Asked } from '../../provider.ts'
import { pump } from '../../upstream/pump.ts'
import type { Sent } from './send.ts'

/**
 * Reads the body of a reply to its end, into a writer.
 * @param flush sends on what the writer made since the last call; a promise where the client must catch up first
 * @throws {Error} when the connection breaks, or the body is neither events nor JSON
 */
export async function readReply ({ call, answer, attempt: { target } }: Sent, asked: Asked, writer: MessageWriter, flush: () => Promise<void> | undefined): Promise<void> {
  if (call === null) {
    answer?.(writer)
    writer.end()
    return
  }
  const { pair, name } = target.provider
  await pump(call, adaptDecoder(pair.decodeReply(writer, target, asked), target), writer, name, flush)
}
