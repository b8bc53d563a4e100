import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { ApiError } from '../../errors.ts'
import { Exchange } from '../../http/exchange.ts'
import { countTokensSchema } from '../../ingress/anthropic/schema.ts'
import { estimateTokens } from '../../message/estimate.ts'
import type { Relay } from '../../provider.ts'
import { type Route, decide } from '../../routing/decide.ts'
import { describe } from '../../routing/traits.ts'
import { isSuccess } from '../../upstream/check-status.ts'
import { networkError } from '../../upstream/network-error.ts'
import { readBytes } from '../../upstream/read-bytes.ts'
import type { MessagesRequest } from '../../wire/anthropic.ts'
import { onLeave } from './on-leave.ts'
import { sendRaw } from './relay/index.ts'
import { sendDocument } from './relay/pass-document.ts'
import { passError } from './relay/pass-error.ts'

const MAX_COUNT = 64 * 1024
/** How servers say that they cannot count: OpenRouter's Anthropic address has no such path. */
const NOT_THERE = new Set([404, 405, 501])

/**
 * `POST /v1/messages/count_tokens`: by the provider that would serve, where it speaks the client's wire, else an estimate.
 * Without it Claude Code counts by paid requests.
 */
export default async function countTokens (app: FastifyInstance): Promise<void> {
  app.post('/v1/messages/count_tokens', { schema: { body: countTokensSchema } }, async (request, reply) => {
    const body = request.body as MessagesRequest
    const route = decide(describe(body), app.config.current)
    const { relay } = route.targets[0].provider.pair
    if (relay !== undefined) return passCount(app, request, reply, route, relay)
    return estimate(body)
  })
}

function estimate (body: MessagesRequest): { input_tokens: number } {
  return { input_tokens: estimateTokens(body) }
}

async function passCount (app: FastifyInstance, request: FastifyRequest, reply: FastifyReply, route: Route, relay: Relay): Promise<unknown> {
  const [target] = route.targets
  const exchange = request.exchange = new Exchange(route, target, [], request.id, false)
  const { call } = sendRaw(app, request, target, relay, '/count_tokens')
  onLeave(reply, () => {
    exchange.left = true
    call.abort(new ApiError('api_error', 'The client left.', { status: 499 }))
  })
  const done = app.running.add(error => call.abort(error))
  try {
    const head = await call.head()
    if (NOT_THERE.has(head.status)) return reply.send(estimate(request.body as MessagesRequest))
    if (!isSuccess(head.status)) return await passError({ call, reply, exchange, target }, head)
    const { bytes } = await readBytes(call, MAX_COUNT)
    sendDocument(reply, exchange, bytes, exchange.pass(head.headers))
  } catch (error) {
    throw networkError(error, target.provider.name)
  } finally {
    done()
  }
}
