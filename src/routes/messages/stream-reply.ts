import { EventStream } from '../../http/event-stream.ts'
import { Heartbeat } from '../../http/heartbeat.ts'
import { newMessageId } from '../../message/ids.ts'
import { PING_EVENT, SseEncoder } from '../../message/sse-encoder.ts'
import { MessageWriter } from '../../message/writer.ts'
import { networkError } from '../../upstream/network-error.ts'
import type { ReplyContext } from './context.ts'
import { receive } from './receive.ts'

/**
 * Answers with an event stream.
 * @throws {ApiError} when the reply failed before the client saw anything of it; later failures are events
 */
export async function streamReply (context: ReplyContext): Promise<void> {
  const { request, reply, asked, exchange, call, config, running } = context
  const { provider } = exchange.target
  const encoder = new SseEncoder(newMessageId(), asked.model, request.id)
  const writer = exchange.account = new MessageWriter(encoder, asked.maxCalls)
  const client = new EventStream(reply.raw, exchange.headers, config.timeout)
  const heartbeat = new Heartbeat({
    ...config.stream,
    ping: () => client.beat(PING_EVENT),
    content: () => {
      writer.keepAlive(expectsThinking(context) ? 'thinking' : 'text')
      client.beat(encoder.take())
    }
  })
  const done = running.add(error => {
    writer.fail(error)
    call?.abort(error)
    client.drop()
  })
  const flush = (): Promise<void> | undefined => {
    const events = encoder.take()
    if (events === '') return undefined
    heartbeat.sentContent()
    exchange.sentContent()
    return client.write(events)
  }

  try {
    await receive(context, writer, flush)
  } catch (error) {
    writer.fail(networkError(error, provider.name))
  } finally {
    heartbeat.stop()
    done()
  }
  if (writer.failure !== null && !client.opened && !client.closed) throw writer.failure
  if (writer.failure !== null && !exchange.left) exchange.failed(writer.failure)
  reply.hijack()
  client.end(encoder.take())
}

function expectsThinking ({ asked }: ReplyContext): boolean {
  return asked.thinking ? asked.thinking.type !== 'disabled' : false
}
