import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Config } from '../../../config/snapshot.ts'
import { ApiError } from '../../../errors.ts'
import { clientHead } from '../../../http/client-head.ts'
import { Exchange } from '../../../http/exchange.ts'
import type { Relay, Target } from '../../../provider.ts'
import type { Route } from '../../../routing/decide.ts'
import type { UpstreamCall } from '../../../upstream/call.ts'
import { isSuccess } from '../../../upstream/check-status.ts'
import { networkError } from '../../../upstream/network-error.ts'
import { RelayObserver } from '../../../upstream/relay-observer.ts'
import type { MessagesRequest } from '../../../wire/anthropic.ts'
import { askedOf } from '../asked.ts'
import { checkLosses } from '../check-losses.ts'
import { onLeave } from '../on-leave.ts'
import { plainReply } from '../plain-reply.ts'
import { streamReply } from '../stream-reply.ts'
import type { RelayContext } from './context.ts'
import { passDocument } from './pass-document.ts'
import { passError } from './pass-error.ts'
import { passStream } from './pass-stream.ts'

/** How a target takes requests as they are; undefined where they must be written anew. */
export function relayOf ({ provider: { pair, adapters } }: Target): Relay | undefined {
  return adapters.length === 0 ? pair.relay : undefined
}

/** How a request is routed, and by which configuration. */
export interface Passage { config: Config, route: Route, relay: Relay }

/** Sends a request on in its own bytes, and its reply back in its own. */
export async function passThrough (app: FastifyInstance, request: FastifyRequest, reply: FastifyReply, passage: Passage): Promise<void> {
  const context = send(app, request, reply, passage)
  const { exchange, call } = context
  onLeave(reply, () => {
    exchange.left = true
    call.abort(new ApiError('api_error', 'The client left.', { status: 499 }))
  })
  if (context.asked.stream === true) return passStream(context, () => streamReply(context))
  await passPlain(context)
}

async function passPlain (context: RelayContext): Promise<void> {
  const { call, running, target: { provider } } = context
  const done = running.add(error => call.abort(error))
  try {
    const head = await call.head()
    if (!isSuccess(head.status)) await passError(context, head)
    else if (String(head.headers['content-type']).includes('event-stream')) await plainReply(context)
    else await passDocument(context, head)
  } catch (error) {
    throw networkError(error, provider.name)
  } finally {
    done()
  }
}

/** As in the messages route: the body goes out of reach when this returns. */
function send (app: FastifyInstance, request: FastifyRequest, reply: FastifyReply, { config, route, relay }: Passage): RelayContext {
  const [target] = route.targets
  const { memory } = target.provider
  const body = request.body as MessagesRequest
  const { call, dropped } = sendRaw(app, request, target, relay, '')
  const observer = new RelayObserver({ memory, family: relay.family(target) }, data => relay.decodeEvent(data, target))
  const exchange = request.exchange = new Exchange(route, target, dropped, request.id, body.stream === true)
  exchange.account = observer
  const context = { request, reply, asked: askedOf(body), exchange, call, answer: undefined, config, running: app.running, target, observer }
  request.body = undefined
  request.rawBody = null
  return context
}

/** Sends the bytes of a request to a target of the client's own wire. */
export function sendRaw (app: FastifyInstance, request: FastifyRequest, target: Target, relay: Relay, path: string): { call: UpstreamCall, dropped: string[] } {
  const { rawBody: raw, body } = request
  const upstream = relay.request({ ...clientHead(request), raw: raw ?? Buffer.from(JSON.stringify(body)), body: body as MessagesRequest, path }, target)
  checkLosses(upstream, target.provider)
  return { call: app.upstream.send(upstream, target), dropped: upstream.dropped }
}
