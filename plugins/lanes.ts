import type { FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'
import { providersOf } from '../src/config/providers-of.ts'
import type { Config, FailoverSettings } from '../src/config/snapshot.ts'
import type { BreakerSettings } from '../src/upstream/breaker.ts'
import { Lanes } from '../src/upstream/lanes.ts'

declare module 'fastify' {
  interface FastifyInstance {
    /** Breakers, keys and queues of the providers. */
    lanes: Lanes
  }
}

/** Read whenever something fails, so that another configuration holds for breakers that are there already. */
class Settings implements BreakerSettings {
  readonly #failover: () => FailoverSettings

  constructor (failover: () => FailoverSettings) {
    this.#failover = failover
  }

  get failures (): number { return this.#failover().breakAfter }
  get coolDown (): number { return this.#failover().coolDown }
  get maxCoolDown (): number { return this.#failover().maxCoolDown }
  get patience (): number { return this.#failover().maxWait }
}

/** What is known of the ways to the providers. */
async function lanes (app: FastifyInstance): Promise<void> {
  const { config } = app
  const lanes = new Lanes(new Settings(() => config.current.failover))
  const configure = (now: Config): void => lanes.configure(providersOf(now))
  configure(config.current)
  config.onChange(configure)
  app.decorate('lanes', lanes)
}

export default fp(lanes, { name: 'lanes', fastify: '5.x', dependencies: ['config'] })
