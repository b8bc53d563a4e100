import { MessageCollector } from '../../message/collector.ts'
import { newMessageId } from '../../message/ids.ts'
import { MessageWriter } from '../../message/writer.ts'
import { checkStatus } from '../../upstream/check-status.ts'
import { networkError } from '../../upstream/network-error.ts'
import { pump } from '../../upstream/pump.ts'
import type { ReplyContext } from './context.ts'

/**
 * Answers with one message.
 * @throws {ApiError} when the reply failed
 */
export async function plainReply ({ reply, body, exchange, call, running }: ReplyContext): Promise<void> {
  const { provider } = exchange.target
  const collector = new MessageCollector(newMessageId(), body.model)
  const writer = exchange.writer = new MessageWriter(collector)
  const done = running.add(error => {
    writer.fail(error)
    call.abort(error)
  })
  try {
    await checkStatus(call, exchange.target)
    await pump(call, provider.pair.decodeReply(writer, exchange.target, body), writer, provider.name, () => undefined)
  } catch (error) {
    writer.fail(networkError(error, provider.name))
  } finally {
    done()
  }
  const message = collector.take()
  exchange.sentContent()
  reply.headers(exchange.headers).header('content-type', 'application/json').send(JSON.stringify(message))
}
