import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { adaptRequest } from '../../adapt.ts'
import type { Config } from '../../config/snapshot.ts'
import { ApiError } from '../../errors.ts'
import { clientHead } from '../../http/client-head.ts'
import { Exchange } from '../../http/exchange.ts'
import { checkKnownValues } from '../../ingress/anthropic/known-values.ts'
import { messagesSchema } from '../../ingress/anthropic/schema.ts'
import type { ClientHead, Target, UpstreamRequest } from '../../provider.ts'
import { type Route, decide } from '../../routing/decide.ts'
import { describe } from '../../routing/traits.ts'
import type { MessagesRequest } from '../../wire/anthropic.ts'
import { askedOf } from './asked.ts'
import { checkLosses } from './check-losses.ts'
import type { ReplyContext } from './context.ts'
import { inlineMedia } from './inline-media.ts'
import { onLeave } from './on-leave.ts'
import { plainReply } from './plain-reply.ts'
import { passThrough, relayOf } from './relay/index.ts'
import { streamReply } from './stream-reply.ts'

/** `POST /v1/messages`; Claude Code sends it as `/v1/messages?beta=true`. */
export default async function messages (app: FastifyInstance): Promise<void> {
  app.post('/v1/messages', { schema: { body: messagesSchema } }, async (request, reply) => {
    const config = app.config.current
    const route = decide(describe(request.body as MessagesRequest), config)
    const relay = relayOf(route.targets[0])
    if (relay !== undefined) return passThrough(app, request, reply, { config, route, relay })
    const loaded = inlineMedia(app, request, reply, route.targets[0])
    if (loaded !== undefined) await loaded
    const context = send(app, request, reply, config, route)
    const { exchange, call } = context
    onLeave(reply, () => {
      exchange.left = true
      call?.abort(new ApiError('api_error', 'The client left.', { status: 499 }))
    })
    await (context.asked.stream === true ? streamReply : plainReply)(context)
  })
}

/**
 * Sends a request in its target's wire. Its body, and what was made of it, go out of reach when this returns: a request
 * of megabytes that waits for its model would otherwise be carried through every garbage collection.
 */
function send (app: FastifyInstance, request: FastifyRequest, reply: FastifyReply, config: Config, route: Route): ReplyContext {
  const [target] = route.targets
  const body = request.body as MessagesRequest
  const upstream = encode(body, target, clientHead(request))
  const exchange = request.exchange = new Exchange(route, target, upstream.dropped, request.id, body.stream === true)
  const call = upstream.answer === undefined ? app.upstream.send(upstream, target) : null
  const context = { request, reply, asked: askedOf(body), exchange, call, answer: upstream.answer, config, running: app.running }
  request.body = undefined
  request.rawBody = null
  return context
}

/** @throws {ApiError} when the request cannot be carried, or not without a loss that the provider's configuration forbids */
function encode (body: MessagesRequest, target: Target, client: ClientHead): UpstreamRequest {
  const { provider } = target
  checkKnownValues(body)
  const upstream = provider.pair.encodeRequest(body, target, client)
  adaptRequest(upstream, target, body)
  checkLosses(upstream, provider)
  return upstream
}
