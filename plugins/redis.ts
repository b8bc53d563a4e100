import type { FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'
import type { Redis } from 'ioredis'
import type { Logger } from 'pino'
import { redisAddress } from '../src/limits/redis-address.ts'
import type { RedisLink } from '../src/limits/redis-link.ts'

declare module 'fastify' {
  interface FastifyInstance {
    /** What replicas share; null where the environment names none. Whatever is asked of it may fail, at once. */
    redis: Redis | null
    /** The same for limits, which go on without it. */
    redisLink: RedisLink | null
  }
}

/** Limits should hold over all replicas from the first request on, but no start waits longer for it. Milliseconds. */
const PATIENCE = 500

/** Connects to Redis, if there is one; the service starts and runs without it as well. */
async function redis (app: FastifyInstance): Promise<void> {
  if (app.env.REDIS_URL === undefined) {
    app.decorate('redis', null).decorate('redisLink', null)
    return
  }
  const address = redisAddress(app.env.REDIS_URL)
  // Loaded only where it is used: the client takes memory and time.
  const { RedisLink, createRedis } = await import('../src/limits/redis-link.ts')
  const client = createRedis(address)
  const link = new RedisLink(client, { host: address.host, port: address.port }, app.log as Logger)
  app.decorate('redis', client).decorate('redisLink', link)
  app.addHook('onClose', () => link.close())
  await link.open(PATIENCE)
}

export default fp(redis, { name: 'redis', fastify: '5.x', dependencies: ['env'] })
