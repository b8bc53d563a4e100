import { ApiError } from '../../../errors.ts'
import { EventStream } from '../../../http/event-stream.ts'
import { Heartbeat } from '../../../http/heartbeat.ts'
import { PING_EVENT, errorEvent } from '../../../message/sse-encoder.ts'
import { isSuccess } from '../../../upstream/check-status.ts'
import { EventRelay } from '../../../upstream/event-relay.ts'
import { networkError } from '../../../upstream/network-error.ts'
import type { RelayContext } from './context.ts'
import { passError } from './pass-error.ts'

/**
 * Answers with the upstream's own events.
 * @param other answers where the upstream sent no events
 * @throws {ApiError} when the reply failed before the client saw anything of it; later failures are events
 */
export async function passStream (context: RelayContext, other: () => Promise<void>): Promise<void> {
  const { request, reply, exchange, call, config, running, observer, target } = context
  const client = new EventStream(reply.raw, exchange.headers, config.timeout)
  const heartbeat = new Heartbeat({
    ...config.stream,
    ping: () => client.beat(PING_EVENT),
    content: () => client.beat(observer.emptyDelta() ?? PING_EVENT)
  })
  const done = running.add(error => {
    observer.error ??= error
    call.abort(error)
    client.drop()
  })
  try {
    const head = await call.head()
    if (!isSuccess(head.status)) return await passError(context, head)
    if (!String(head.headers['content-type']).includes('event-stream')) {
      heartbeat.stop()
      return await other()
    }
    client.addHeaders(exchange.pass(head.headers))
    await pass(context, client, heartbeat)
  } catch (error) {
    if (!client.opened && !client.closed) throw networkError(observer.error ?? error, target.provider.name)
    observer.error ??= networkError(error, target.provider.name)
    await client.write(errorEvent(observer.error, request.id))
  } finally {
    heartbeat.stop()
    done()
  }
  if (observer.error !== null && !exchange.left) exchange.failed(observer.error)
  reply.hijack()
  client.end('')
}

/** The loop of a reply that passes: read, look, write, until the message is whole. */
async function pass ({ call, observer, asked, target: { provider }, exchange }: RelayContext, client: EventStream, heartbeat: Heartbeat): Promise<void> {
  const relay = new EventRelay(observer, asked.model, provider)
  const send = (events: Buffer): Promise<void> | undefined => {
    if (events.length === 0) return undefined
    heartbeat.sentContent()
    exchange.sentContent()
    return client.write(events)
  }
  for (let bytes = await call.read(); bytes !== null; bytes = await call.read()) {
    const caughtUp = send(relay.push(bytes))
    if (caughtUp !== undefined) await caughtUp
    if (observer.error !== null) {
      call.abort(observer.error)
      if (relay.bareError) throw observer.error
      return
    }
    if (observer.finished) {
      call.release()
      return
    }
  }
  await send(relay.end())
  if (!observer.finished && observer.error === null) throw new ApiError('api_error', `${provider.name} ended the reply before it was complete.`, { status: 502 })
}
