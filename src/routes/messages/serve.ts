import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { ApiError } from '../../errors.ts'
import { callerOf } from '../../http/caller.ts'
import { toApiError } from '../../http/to-api-error.ts'
import type { Target } from '../../provider.ts'
import { Failover } from '../../upstream/failover.ts'
import type { Outcome } from '../../upstream/journey.ts'
import { NOTHING, admit, allow } from './admission.ts'
import type { ClientReply } from './client-reply.ts'
import { inlineMedia } from './inline-media.ts'
import { onLeave } from './on-leave.ts'
import { PlainReply } from './plain-reply.ts'
import { send } from './send.ts'
import { StreamedReply } from './streamed-reply.ts'
import { type Understood, type Work, takeWork } from './work.ts'

/** Serves a model request, on whatever wire the client speaks: routed, let in, answered, and noted. */
export async function serve (app: FastifyInstance, request: FastifyRequest, reply: FastifyReply, understood: Understood): Promise<void> {
  const received = performance.now() - reply.elapsedTime
  const routing = app.router.route(understood.body.parsed, callerOf(request), request.url)
  const routed = allow(request.identity, routing instanceof Promise ? await routing : routing)
  const admitting = admit(app, request, routed)
  const admission = admitting instanceof Promise ? await admitting : admitting
  try {
    await answer(takeWork(app, request, reply, routed, admission, understood))
  } finally {
    admission.leave(NOTHING)
    if (request.exchange !== null) app.metrics.note(request.exchange, received)
  }
}

/** Sees a request through to its end: targets are tried until one answers, or the client leaves. */
async function answer (work: Work): Promise<void> {
  const { app, request, reply, exchange, interruption, routed: { config, route, traits } } = work
  const client = exchange.stream ? new StreamedReply(work) : new PlainReply(work)
  onLeave(reply, () => {
    exchange.left = true
    interruption.interrupt(new ApiError('api_error', 'The client left.', { status: 499 }))
  })
  const done = app.running.add(error => {
    interruption.interrupt(error)
    client.drop()
  })
  try {
    // A fault of our own is told as well: whoever has the head of a stream would wait for an end that never comes.
    const failure = await new Failover({
      ...route,
      who: traits.session ?? traits.key ?? '',
      interruption,
      attempt: (target, answers) => attempt(work, client, target, answers),
      skip: (target, why) => exchange.skip(target, why)
    }, app.lanes, config.failover).run().catch((error: unknown) => toApiError(error, request))
    // What nobody settled on the way ends here, before the client is told.
    await work.finish(failure)
    if (failure !== null) client.fail(failure)
  } finally {
    client.close()
    work.body.letGo()
    done()
  }
}

/** One try of one target. */
async function attempt (work: Work, client: ClientReply, target: Target, answers: () => void): Promise<Outcome> {
  const { app, exchange, interruption, routed: { traits } } = work
  const before = exchange.current
  let sent
  try {
    const loaded = inlineMedia(work, target)
    if (loaded !== undefined) await loaded
    if (interruption.reason !== null) throw interruption.reason
    sent = send(work, target, client.mayRelay, answers)
  } catch (error) {
    if (!(error instanceof ApiError)) throw error
    // One that could not be written had begun already, and did not answer.
    if (exchange.current !== undefined && exchange.current !== before) exchange.end(exchange.current, error)
    return { error, committed: false, refused: true, firstContent: null }
  }
  const error = await client.receive(sent)
  interruption.end()
  exchange.end(sent.attempt, error)
  const { account, firstContent } = sent.attempt
  if (error !== null) app.router.outgrown(traits, error)
  else if (account !== null) app.router.learn(traits, target, account.usageCounts)
  return { error, committed: client.committed, firstContent }
}
