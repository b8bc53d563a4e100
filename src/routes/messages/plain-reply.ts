import { MessageCollector } from '../../message/collector.ts'
import { newMessageId } from '../../message/ids.ts'
import { MessageWriter } from '../../message/writer.ts'
import { networkError } from '../../upstream/network-error.ts'
import type { ReplyContext } from './context.ts'
import { receive } from './receive.ts'

/**
 * Answers with one message.
 * @throws {ApiError} when the reply failed
 */
export async function plainReply (context: ReplyContext): Promise<void> {
  const { reply, asked, exchange, call, running } = context
  const { provider } = exchange.target
  const collector = new MessageCollector(newMessageId(), asked.model)
  const writer = exchange.account = new MessageWriter(collector, asked.maxCalls)
  const done = running.add(error => {
    writer.fail(error)
    call?.abort(error)
  })
  try {
    await receive(context, writer, () => undefined)
  } catch (error) {
    writer.fail(networkError(error, provider.name))
  } finally {
    done()
  }
  const message = JSON.stringify(collector.take())
  exchange.sentContent()
  // Past Fastify, as streams are: its way of setting headers and sending costs as much as the translation.
  reply.hijack()
  if (!exchange.left) reply.raw.writeHead(200, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(message), ...exchange.headers }).end(message)
}
