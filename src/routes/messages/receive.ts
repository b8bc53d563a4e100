import { adaptDecoder } from '../../adapt.ts'
import type { MessageWriter } from '../../message/writer.ts'
import { checkStatus } from '../../upstream/check-status.ts'
import { pump } from '../../upstream/pump.ts'
import type { ReplyContext } from './context.ts'

/**
 * Reads a reply to its end.
 * @param flush sends on what the writer made since the last call; a promise where the client must catch up first
 * @throws {Error} when the provider refused the request, or its connection broke
 */
export async function receive ({ call, answer, asked, exchange: { target } }: ReplyContext, writer: MessageWriter, flush: () => Promise<void> | undefined): Promise<void> {
  if (call === null) {
    answer?.(writer)
    writer.end()
    return
  }
  await checkStatus(call, target)
  const { pair, name } = target.provider
  await pump(call, adaptDecoder(pair.decodeReply(writer, target, asked), target), writer, name, flush)
}
