import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { ApiError } from '../../errors.ts'
import { Exchange } from '../../http/exchange.ts'
import { messagesSchema } from '../../ingress/anthropic/schema.ts'
import { decide } from '../../routing/decide.ts'
import { describe } from '../../routing/traits.ts'
import type { MessagesRequest } from '../../wire/anthropic.ts'
import { plainReply } from './plain-reply.ts'
import { streamReply } from './stream-reply.ts'

/** `POST /v1/messages`; Claude Code sends it as `/v1/messages?beta=true`. */
export default async function messages (app: FastifyInstance): Promise<void> {
  app.post('/v1/messages', { schema: { body: messagesSchema } }, async (request, reply) => {
    const body = request.body as MessagesRequest
    const config = app.config.current
    const route = decide(describe(body), config)
    const [target] = route.targets
    const upstream = target.provider.pair.encodeRequest(body, target)
    const exchange = request.exchange = new Exchange(route, target, upstream.dropped, request.id, body.stream === true)
    const call = app.upstream.send(upstream, target)
    onLeave(reply, () => {
      exchange.left = true
      call.abort(new ApiError('api_error', 'The client left.', { status: 499 }))
    })
    await (exchange.stream ? streamReply : plainReply)({ request, reply, body, exchange, call, config, running: app.running })
  })
}

/** Calls `left` when the connection closes before the reply is complete. (Fastify's `request.signal` fires too early.) */
function onLeave (reply: FastifyReply<{ Body?: FastifyRequest['body'] }>, left: () => void): void {
  reply.raw.on('close', () => {
    if (!reply.raw.writableFinished) left()
  })
}
