import type { FastifyInstance } from 'fastify'
import { ApiError } from '../../errors.ts'
import { callerOf } from '../../http/caller.ts'
import { countTokensSchema } from '../../ingress/anthropic/schema.ts'
import type { Relay, Target } from '../../provider.ts'
import { isSuccess } from '../../upstream/check-status.ts'
import { networkError } from '../../upstream/network-error.ts'
import { readBytes } from '../../upstream/read-bytes.ts'
import { RelayObserver } from '../../upstream/relay-observer.ts'
import type { MessagesRequest } from '../../wire/anthropic.ts'
import { sendDocument } from './document.ts'
import { failedReply } from './failed-reply.ts'
import { onLeave } from './on-leave.ts'
import { prepare, relayOf } from './send.ts'
import { type Work, takeWork } from './work.ts'

const MAX_COUNT = 64 * 1024
/** How servers say that they cannot count: OpenRouter's Anthropic address has no such path. */
const NOT_THERE = new Set([404, 405, 501])

/**
 * `POST /v1/messages/count_tokens`: by the provider that would serve, where it speaks the client's wire, else an estimate.
 * Without it Claude Code counts by paid requests.
 */
export default async function countTokens (app: FastifyInstance): Promise<void> {
  app.post('/v1/messages/count_tokens', { schema: { body: countTokensSchema } }, async (request, reply) => {
    const routed = await app.router.route(request.body as MessagesRequest, callerOf(request), request.url)
    const [target] = routed.route.targets
    const estimate = { input_tokens: app.router.tokensFor(target, routed.traits) }
    const relay = relayOf(target)
    return relay === undefined ? estimate : passCount(takeWork(app, request, reply, routed), target, relay, estimate)
  })
}

async function passCount (work: Work, target: Target, relay: Relay, estimate: object): Promise<unknown> {
  const { app, reply, exchange, interruption, routed: { traits, config } } = work
  const { upstream, adjustment } = prepare(work, target, relay, traits, config.systemPrompt, '/count_tokens')
  const attempt = exchange.begin(target, upstream.dropped, adjustment.told)
  const call = app.upstream.send(upstream, target)
  interruption.begin(reason => call.abort(reason))
  onLeave(reply, () => {
    exchange.left = true
    interruption.interrupt(new ApiError('api_error', 'The client left.', { status: 499 }))
  })
  const done = app.running.add(error => interruption.interrupt(error))
  const observer = new RelayObserver({ memory: target.provider.memory, family: relay.family(target) }, data => relay.decodeEvent(data, target))
  try {
    const head = await call.head()
    if (NOT_THERE.has(head.status)) return reply.send(estimate)
    if (!isSuccess(head.status)) throw await failedReply(call, head, { attempt, observer }, exchange)
    const { bytes } = await readBytes(call, MAX_COUNT)
    sendDocument(work, bytes, exchange.pass(attempt, head.headers))
  } catch (error) {
    throw networkError(error, target.provider.name)
  } finally {
    done()
  }
}
