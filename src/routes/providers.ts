import type { FastifyInstance } from 'fastify'
import { shownUrl, withoutKey } from '../provider-error.ts'
import type { Provider, Target } from '../provider.ts'
import { laneStates } from './lane-states.ts'

/** `GET /api/providers`: how each provider is: what looking at it found, its lanes, its queue, how long it takes, what failed last. */
export default async function providers (app: FastifyInstance): Promise<void> {
  app.get('/api/providers', { schema: { summary: 'How each provider is', tags: ['gateway'] } }, async () => {
    const all = [...app.config.current.providers.values()].flatMap(targets => {
      const [first] = targets.values()
      return first === undefined ? [] : [{ provider: first.provider, targets: [...targets.values()] }]
    })
    return { providers: all.map(({ provider, targets }) => describeProvider(app, provider, targets)) }
  })
}

function describeProvider ({ lanes, health }: FastifyInstance, provider: Provider, targets: readonly Target[]): object {
  const { queue, latency, lastError } = lanes.of(provider)
  const { limit, maxWaiting } = provider.concurrency
  return {
    name: provider.name,
    transformer: provider.pair.name,
    url: shownUrl(provider.url, provider),
    health: health.providers.get(provider.name) ?? null,
    queue: { running: queue.running, waiting: queue.waiting, limit: limit === Infinity ? null : limit, maxWaiting },
    firstContentMs: latency.quantiles(),
    lastError: lastError && { ...lastError, message: withoutKey(lastError.message, provider) },
    models: targets.map(target => ({ model: target.model, capabilities: { ...target.capabilities }, lanes: laneStates(target, lanes) }))
  }
}
