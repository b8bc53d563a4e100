import type { FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'
import { Counter, Gauge, Registry, collectDefaultMetrics } from 'prom-client'
import type { Exchange } from '../src/http/exchange.ts'
import { type Instruments, createInstruments, gauge } from '../src/metrics/instruments.ts'
import { modelLabel } from '../src/metrics/model-label.ts'
import { noteExchange } from '../src/metrics/note.ts'
import type { Target } from '../src/target.ts'
import type { BreakerState } from '../src/upstream/breaker.ts'

declare module 'fastify' {
  interface FastifyInstance {
    metrics: Metrics
  }
}

interface Metrics extends Instruments {
  readonly register: Registry
  /** Takes in what a try cost. Micro-dollars. */
  spent (target: Target, cost: number): void
  /** Notes what became of a request, once it is over. @param received when its head arrived, by `performance.now()` */
  note (exchange: Exchange, received: number): void
}

const MICRO = 1_000_000

/** As numbers, so that an alert can ask for more than 0. */
const STATES: Record<BreakerState, number> = { closed: 0, 'half-open': 1, open: 2 }

/** The worst lane of each target, when someone looks. */
function watchBreakers (app: FastifyInstance, register: Registry): void {
  // eslint-disable-next-line no-new
  new Gauge({
    name: 'switchyard_breaker_state',
    help: 'Whether a model is kept from requests: 0 closed, 1 half-open, 2 open.',
    labelNames: ['gen_ai_provider_name', 'gen_ai_request_model'],
    registers: [register],
    collect () {
      this.reset()
      for (const [name, targets] of app.config.current.providers) {
        for (const [model, { provider }] of targets) {
          const lanes = app.lanes.of(provider)
          const states = lanes.keys.states.map((_state, key) => STATES[lanes.breaker(model, key).state])
          this.set({ gen_ai_provider_name: name, gen_ai_request_model: model }, Math.max(...states))
        }
      }
    }
  })
}

/** Counted where it happens; read when someone looks. */
function watchRefusals (app: FastifyInstance, register: Registry): void {
  // eslint-disable-next-line no-new
  new Counter({
    name: 'switchyard_refused_total',
    help: 'Requests that a limit refused, by limit.',
    labelNames: ['limit'],
    registers: [register],
    collect () {
      this.reset()
      for (const [limit, count] of Object.entries(app.limiter.refused)) this.inc({ limit }, count)
      if (app.budgets !== null) this.inc({ limit: 'budgets' }, app.budgets.refused)
    }
  })
}

function watch (app: FastifyInstance, register: Registry): void {
  gauge(register, 'switchyard_in_flight', 'Requests that are being answered.', () => app.running.size)
  gauge(register, 'switchyard_ledger_pending', 'Entries of the ledger that wait to be written.', () => app.account?.ledger.pending ?? 0)
  gauge(register, 'switchyard_ledger_lag_seconds', 'For how long the oldest of these waits.', () => (app.account?.ledger.lag ?? 0) / 1000)
  gauge(register, 'switchyard_store_down', 'Whether the ledger goes to a file because the store is down.', () => app.account?.sink.isDown === true ? 1 : 0)
  gauge(register, 'switchyard_limited_running', 'Requests that are being answered of keys with a limit of them.', () => app.limiter.running)
  gauge(register, 'switchyard_redis_up', 'Whether limits hold over all replicas.', () => app.redisLink?.up === true ? 1 : 0)
  watchRefusals(app, register)
  watchBreakers(app, register)
}

/** What `GET /metrics` shows. */
async function metrics (app: FastifyInstance): Promise<void> {
  const register = new Registry()
  const instruments = createInstruments(register)
  watch(app, register)
  let watched = false
  app.decorate('metrics', {
    ...instruments,
    get register () {
      // Node's own figures cost a timer and an observer each: not before someone asks.
      if (!watched) collectDefaultMetrics({ register })
      watched = true
      return register
    },
    spent: (target: Target, cost: number) => instruments.cost.inc({ gen_ai_provider_name: target.provider.name, gen_ai_request_model: modelLabel(target) }, cost / MICRO),
    note: (exchange: Exchange, received: number) => noteExchange(instruments, exchange, received)
  })
}

export default fp(metrics, { name: 'metrics', fastify: '5.x', dependencies: ['config', 'shutdown', 'lanes', 'ledger', 'limiter', 'budgets'] })
