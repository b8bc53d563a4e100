import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { ApiError } from '../../../errors.ts'
import { callerOf } from '../../../http/caller.ts'
import { countTokensSchema } from '../../../ingress/anthropic/schema.ts'
import type { MessagesRequest } from '../../../wire/anthropic.ts'
import { allow } from '../admission.ts'
import { sendDocument } from '../document.ts'
import { onLeave } from '../on-leave.ts'
import { PREFIXES } from '../paths.ts'
import { takeWork } from '../work.ts'
import { countBy } from './count.ts'
import { CountMemory } from './memory.ts'

/** Tells clients whose count it is. */
const COUNTED_BY = 'x-router-count'

/**
 * `POST /v1/messages/count_tokens`: by the counter of the provider that would serve, where it has one, else an estimate.
 * Without it Claude Code counts by paid requests. It is no use of a model: it has no limit, no budget and no entry.
 */
export default async function countTokens (app: FastifyInstance): Promise<void> {
  const memory = new CountMemory()

  const count = async (request: FastifyRequest, reply: FastifyReply): Promise<unknown> => {
    const routed = allow(request.identity, await app.router.route(request.body as MessagesRequest, callerOf(request), request.url))
    const [target] = routed.route.targets
    const estimate = app.router.tokensFor(target, routed.traits)
    const work = takeWork(app, request, reply, routed, null)
    const { exchange, interruption } = work
    onLeave(reply, () => {
      exchange.left = true
      interruption.interrupt(new ApiError('api_error', 'The client left.', { status: 499 }))
    })
    const done = app.running.add(error => interruption.interrupt(error))
    try {
      if (interruption.reason !== null) throw interruption.reason
      const counted = await countBy(work, target, memory)
      const bytes = counted?.bytes ?? Buffer.from(JSON.stringify({ input_tokens: estimate }))
      sendDocument(work, bytes, { ...counted?.headers, [COUNTED_BY]: counted === undefined ? 'estimate' : 'provider' })
      return reply
    } finally {
      work.body.letGo()
      done()
    }
  }
  for (const prefix of PREFIXES) {
    app.post(`${prefix}/v1/messages/count_tokens`, { config: { access: 'inference' }, schema: { body: countTokensSchema, summary: 'Count the tokens of a request', tags: ['models'], hide: prefix !== '' } }, count)
  }
}
