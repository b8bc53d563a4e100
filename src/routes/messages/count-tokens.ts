import type { FastifyInstance } from 'fastify'
import { ApiError } from '../../errors.ts'
import { callerOf } from '../../http/caller.ts'
import { countTokensSchema } from '../../ingress/anthropic/schema.ts'
import type { Relay, Target } from '../../provider.ts'
import { isSuccess } from '../../upstream/check-status.ts'
import { type Lane, settle } from '../../upstream/provider-lanes.ts'
import { networkError } from '../../upstream/network-error.ts'
import { readBytes } from '../../upstream/read-bytes.ts'
import { RelayObserver } from '../../upstream/relay-observer.ts'
import { verdictOf } from '../../upstream/verdict.ts'
import type { MessagesRequest } from '../../wire/anthropic.ts'
import { isJsonObject, parseJson } from '../../wire/json.ts'
import { allow } from './admission.ts'
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
  app.post('/v1/messages/count_tokens', { schema: { body: countTokensSchema, summary: 'Count the tokens of a request', tags: ['models'] } }, async (request, reply) => {
    const routed = allow(request.identity, await app.router.route(request.body as MessagesRequest, callerOf(request), request.url))
    const [target] = routed.route.targets
    const estimate = { input_tokens: app.router.tokensFor(target, routed.traits) }
    const relay = relayOf(target)
    return relay === undefined ? estimate : passCount(takeWork(app, request, reply, routed, null), target, relay, estimate)
  })
}

async function passCount (work: Work, target: Target, relay: Relay, estimate: object): Promise<unknown> {
  const { app, reply, exchange, interruption } = work
  const lanes = app.lanes.of(target.provider)
  onLeave(reply, () => {
    exchange.left = true
    interruption.interrupt(new ApiError('api_error', 'The client left.', { status: 499 }))
  })
  const done = app.running.add(error => interruption.interrupt(error))
  try {
    for (let keys = Math.max(1, target.provider.apiKeys.length); keys > 0; keys--) {
      const lane = lanes.enter(target)
      if (!('breaker' in lane)) break
      const result = await count(work, lane, relay).finally(() => lane.breaker.left())
      if (result === 'counted') return
      if (result === 'cannot') break
      if (!isRefusedKey(result)) throw result
      // Of its limits nothing is learned: Anthropic has others for counts (https://docs.claude.com/en/docs/build-with-claude/token-counting).
      if (result.status !== 429) settle(lane, lanes, result)
    }
    return estimate
  } finally {
    done()
  }
}

/** Whether another key may count all the same. */
function isRefusedKey (error: ApiError): boolean {
  return error.status === 429 || verdictOf(error) === 'key'
}

/**
 * Has a target count, and sends the client what it says. Whether a server can count tells nothing of its models, so their
 * breakers hear nothing of it.
 */
async function count (work: Work, { target }: Lane, relay: Relay): Promise<'counted' | 'cannot' | ApiError> {
  const { app, exchange, interruption, routed: { traits, config } } = work
  if (interruption.reason !== null) return interruption.reason
  const { upstream, adjustment } = prepare(work, target, relay, traits, config.systemPrompt, '/count_tokens')
  const attempt = exchange.begin(target, upstream.dropped, adjustment.told)
  const call = app.upstream.send(upstream, target)
  interruption.begin(reason => call.abort(reason))
  const observer = new RelayObserver({ memory: target.provider.memory, family: relay.family(target) }, data => relay.decodeEvent(data, target))
  let failure: ApiError | null = null
  try {
    const head = await call.head()
    if (isSuccess(head.status)) {
      const { bytes } = await readBytes(call, MAX_COUNT)
      if (!isCount(bytes)) return 'cannot'
      sendDocument(work, bytes, exchange.pass(attempt, head.headers))
      return 'counted'
    }
    if (NOT_THERE.has(head.status)) {
      call.release()
      return 'cannot'
    }
    failure = await failedReply(call, head, { attempt, observer }, exchange)
  } catch (error) {
    failure = networkError(error, target.provider.name)
  } finally {
    interruption.end()
    exchange.end(attempt, failure)
  }
  return interruption.reason ?? failure
}

function isCount (bytes: Buffer): boolean {
  const document = parseJson(bytes.toString())
  return isJsonObject(document) && typeof document['input_tokens'] === 'number'
}
