import type { FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'
import { Lanes } from '../src/upstream/lanes.ts'

declare module 'fastify' {
  interface FastifyInstance {
    /** Breakers, keys and queues of the providers. */
    lanes: Lanes
  }
}

/** What is known of the ways to the providers. */
async function lanes (app: FastifyInstance): Promise<void> {
  const { breakAfter, coolDown, maxCoolDown, maxWait } = app.config.current.failover
  app.decorate('lanes', new Lanes({ failures: breakAfter, coolDown, maxCoolDown, patience: maxWait }))
}

export default fp(lanes, { name: 'lanes', fastify: '5.x', dependencies: ['config'] })
