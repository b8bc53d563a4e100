import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { adaptRequest } from '../../adapt.ts'
import { ApiError, invalidRequest } from '../../errors.ts'
import { Exchange } from '../../http/exchange.ts'
import { messagesSchema } from '../../ingress/anthropic/schema.ts'
import { toolIdsOf } from '../../message/turns.ts'
import type { Asked, Target, UpstreamRequest } from '../../provider.ts'
import { decide } from '../../routing/decide.ts'
import { describe } from '../../routing/traits.ts'
import type { MessagesRequest } from '../../wire/anthropic.ts'
import type { ReplyContext } from './context.ts'
import { plainReply } from './plain-reply.ts'
import { streamReply } from './stream-reply.ts'

/** `POST /v1/messages`; Claude Code sends it as `/v1/messages?beta=true`. */
export default async function messages (app: FastifyInstance): Promise<void> {
  app.post('/v1/messages', { schema: { body: messagesSchema } }, async (request, reply) => {
    const context = send(app, request, reply)
    const { exchange, call } = context
    onLeave(reply, () => {
      exchange.left = true
      call?.abort(new ApiError('api_error', 'The client left.', { status: 499 }))
    })
    await (context.asked.stream === true ? streamReply : plainReply)(context)
  })
}

/**
 * Routes a request and sends it. Its body, and what was made of it, go out of reach when this returns: a request of
 * megabytes that waits for its model would otherwise be carried through every garbage collection.
 */
function send (app: FastifyInstance, request: FastifyRequest, reply: FastifyReply): ReplyContext {
  const body = request.body as MessagesRequest
  const config = app.config.current
  const route = decide(describe(body), config)
  const [target] = route.targets
  const upstream = encode(body, target)
  request.body = undefined
  const exchange = request.exchange = new Exchange(route, target, upstream.dropped, request.id, body.stream === true)
  const asked: Asked = { model: body.model, stream: body.stream === true, thinking: body.thinking ?? null, stop_sequences: body.stop_sequences ?? null, toolIds: toolIdsOf(body.messages) }
  const call = upstream.answer === undefined ? app.upstream.send(upstream, target) : null
  return { request, reply, asked, exchange, call, answer: upstream.answer, config, running: app.running }
}

/** @throws {ApiError} when the request cannot be carried, or not without a loss that the provider's configuration forbids */
function encode (body: MessagesRequest, target: Target): UpstreamRequest {
  const { provider } = target
  const upstream = provider.pair.encodeRequest(body, target)
  if (provider.strict && upstream.dropped.length > 0) throw invalidRequest(`${upstream.dropped.join(', ')}: cannot be carried to ${provider.name}, which is configured as strict`)
  adaptRequest(upstream, target, body)
  return upstream
}

/** Calls `left` when the connection closes before the reply is complete. (Fastify's `request.signal` fires too early.) */
function onLeave (reply: FastifyReply, left: () => void): void {
  reply.raw.on('close', () => {
    if (!reply.raw.writableFinished) left()
  })
}
