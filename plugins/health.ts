import type { FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'
import type { Logger } from 'pino'
import { providersOf } from '../src/config/providers-of.ts'
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

/** The providers whose pairs can look at them. */
function watchedOf (config: Config): Provider[] {
  const own = [...config.providers.values()].flatMap(targets => [...targets.values()].map(({ provider }) => provider))
  const able = [...own, ...providersOf(config)].filter(({ pair }) => pair.probe !== undefined)
  // The last of a server is that of its own `use`, where it can.
  return [...new Map(able.map(provider => [provider.facts, provider])).values()]
}

/** Whether a provider that was looked at is still there. */
function isWatched (config: Config, { facts }: Provider): boolean {
  return watchedOf(config).some(provider => provider.facts === facts)
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
  /** Servers that are being looked at: many changes in a row are one look. */
  const looking = new Set<ProviderFacts>()
  let timer: NodeJS.Timeout | undefined
  let round = 0
  app.decorate('health', state)

  async function lookAround (): Promise<void> {
    const own = ++round
    const watched = watchedOf(app.config.current)
    try {
      await Promise.all(watched.filter(({ facts }) => !looking.has(facts) && (due.get(facts) ?? 0) <= performance.now()).map(async provider => {
        looking.add(provider.facts)
        const result = await look(provider, app.upstream.get, closing.signal).finally(() => looking.delete(provider.facts))
        if (closing.signal.aborted || !isWatched(app.config.current, provider)) return
        state.found(provider, result)
        if ('facts' in result) due.set(provider.facts, performance.now() + (provider.pair.probePause ?? 0))
      }))
    } finally {
      // One that began since goes on in its place.
      if (own === round && watched.length > 0 && !closing.signal.aborted) timer = setTimeout(start, PAUSE).unref()
    }
  }

  function start (): void {
    lookAround().catch((error: unknown) => app.log.error({ err: error }, 'looking at the providers failed'))
  }

  let listening = false
  app.addHook('onListen', done => {
    listening = true
    start()
    done()
  })
  // A provider that is new, or new in part, is not left unknown until the next look is due.
  app.config.onChange(now => {
    state.keep(providersOf(now))
    clearTimeout(timer)
    if (listening && !closing.signal.aborted) start()
  })
  // Not onClose: the connections are waited for there.
  app.addHook('preClose', done => {
    closing.abort()
    clearTimeout(timer)
    done()
  })
}

export default fp(health, { name: 'health', fastify: '5.x', dependencies: ['config', 'upstream'] })
