import fastifyRateLimit from '@fastify/rate-limit'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import { requestsExceeded } from '../src/limits/exceeded.ts'
import { MINUTE } from '../src/limits/minutes.ts'
import { RequestStore } from '../src/limits/request-store.ts'

/** What a reply costs where nothing is wrong: no header. Those of a refusal are its error's. */
const NO_HEADERS = { 'x-ratelimit-limit': false, 'x-ratelimit-remaining': false, 'x-ratelimit-reset': false, 'retry-after': false }

/**
 * Requests a minute of each key. Routes take part by `config: { rateLimit: {} }`, and are counted together; the check runs
 * behind the hooks of the service, authentication among them, and before the body is read.
 */
async function rateLimit (app: FastifyInstance): Promise<void> {
  class Store extends RequestStore {
    constructor () { super(app.redisLink) }
  }
  await app.register(fastifyRateLimit, {
    global: false,
    timeWindow: MINUTE,
    store: Store,
    keyGenerator: ({ identity }: FastifyRequest) => identity.id,
    // Who needs no key has no limits: he is at his own machine.
    allowList: ({ identity }: FastifyRequest) => identity.id === '',
    max: ({ identity }: FastifyRequest) => identity.limits.requestsPerMinute ?? app.config.current.limits.requestsPerMinute,
    addHeaders: NO_HEADERS,
    addHeadersOnExceeding: NO_HEADERS,
    onExceeded: () => { app.limiter.refused.requests++ },
    errorResponseBuilder: ({ identity }, { max, ttl }) => requestsExceeded(identity.name, { limit: max, used: max, left: ttl })
  })
}

export default fp(rateLimit, { name: 'rate-limit', fastify: '5.x', dependencies: ['config', 'auth', 'redis', 'limiter'] })
