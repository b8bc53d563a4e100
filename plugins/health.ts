import type { FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'
import type { Logger } from 'pino'
import type { Config } from '../src/config/snapshot.ts'
import { Health } from '../src/upstream/health.ts'
import { look } from '../src/upstream/look.ts'
import type { Provider, ProviderFacts } from '../src/provider.ts'

declare module 'fastify' {
  interface FastifyInstance {
    /** What is known of the providers that can be looked at. */
    health: Health
  }
}

/** Milliseconds between two looks: a model server that was started takes minutes to load, and is found within one of these. */
const PAUSE = 30_000

/** The providers whose pairs can look at them, each once: models with a `use` of their own share the server and its facts. */
function watchedOf ({ providers }: Config): Provider[] {
  const all = [...providers.values()].flatMap(targets => [...targets.values()].map(({ provider }) => provider))
  return [...new Map(all.filter(({ pair }) => pair.probe !== undefined).map(provider => [provider.facts, provider])).values()]
}

/**
 * Looks at the providers once the service listens, and from time to time. What is found never keeps the service from
 * starting: a model server may be started later, and the others serve meanwhile.
 */
async function health (app: FastifyInstance): Promise<void> {
  const state = new Health(app.log as Logger)
  const closing = new AbortController()
  /** When the next look at a server is due, where that is later than the usual. */
  const due = new WeakMap<ProviderFacts, number>()
  let timer: NodeJS.Timeout | undefined
  app.decorate('health', state)

  async function lookAround (): Promise<void> {
    const watched = watchedOf(app.config.current)
    try {
      await Promise.all(watched.filter(({ facts }) => (due.get(facts) ?? 0) <= performance.now()).map(async provider => {
        const result = await look(provider, app.upstream.get, closing.signal)
        if (closing.signal.aborted) return
        state.found(provider, result)
        if ('facts' in result) due.set(provider.facts, performance.now() + (provider.pair.probePause ?? 0))
      }))
    } finally {
      if (watched.length > 0 && !closing.signal.aborted) timer = setTimeout(start, PAUSE).unref()
    }
  }

  function start (): void {
    lookAround().catch((error: unknown) => app.log.error({ err: error }, 'looking at the providers failed'))
  }

  app.addHook('onListen', done => {
    start()
    done()
  })
  // Not onClose: the connections are waited for there.
  app.addHook('preClose', done => {
    closing.abort()
    clearTimeout(timer)
    done()
  })
}

export default fp(health, { name: 'health', fastify: '5.x', dependencies: ['config', 'upstream'] })
