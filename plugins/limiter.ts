import type { FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'
import { Limiter } from '../src/limits/limiter.ts'
import { LEASE, SharedLimits } from '../src/limits/shared-limits.ts'
import { repeat } from '../src/repeat.ts'

declare module 'fastify' {
  interface FastifyInstance {
    /** Tokens a minute, and requests at once, of each key. */
    limiter: Limiter
  }
}

/** Twice may a renewal fail before a lease ends. */
const RENEWAL = LEASE / 3

/** Lets requests in as far as the limits of their key allow. */
async function limiter (app: FastifyInstance): Promise<void> {
  const { redisLink: link } = app
  const limits = new Limiter({ defaults: () => app.config.current.limits, shared: link === null ? null : new SharedLimits(link) })
  app.decorate('limiter', limits)
  if (link === null) return
  const closing = new AbortController()
  const failed = (error: unknown): void => app.log.error({ err: error }, 'renewing the places of running requests failed')
  // What began without Redis counts there as soon as it is back.
  link.onBack(() => { limits.renew().catch(failed) })
  repeat(() => limits.renew(), RENEWAL, closing.signal, failed)
  app.addHook('onClose', async () => closing.abort())
}

export default fp(limiter, { name: 'limiter', fastify: '5.x', dependencies: ['config', 'redis'] })
