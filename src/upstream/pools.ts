import { Agent, type Dispatcher, EnvHttpProxyAgent } from 'undici'

/** How providers are reached. */
export interface WaySettings {
  /** Milliseconds of silence that are carried. */
  readonly timeout: number
  readonly proxyUrl: string | undefined
  /** Hosts that no proxy is asked for. */
  readonly noProxy: string
}

const CONNECT_TIMEOUT = 10_000
/** Longer than the pause between two turns of a conversation, shorter than what load balancers allow. */
const KEEP_ALIVE = 30_000

/** The time-outs bound silence, not the whole: a long answer takes as long as it takes. */
function createDispatcher ({ timeout, proxyUrl, noProxy }: WaySettings): Dispatcher {
  const options: Agent.Options = {
    connect: { timeout: CONNECT_TIMEOUT, noDelay: true },
    keepAliveTimeout: KEEP_ALIVE,
    headersTimeout: timeout,
    bodyTimeout: timeout,
    pipelining: 1
  }
  return proxyUrl === undefined ? new Agent(options) : new EnvHttpProxyAgent({ ...options, httpProxy: proxyUrl, httpsProxy: proxyUrl, noProxy })
}

/**
 * Connections to providers, in a pool for each origin. A pool lives as long as the configuration names its origin and the way
 * there is the same; then it takes no more requests, lets those that run come to their end, and closes.
 */
export class Pools {
  #settings: WaySettings
  readonly #pools = new Map<string, Dispatcher>()
  readonly #closing = new Set<Promise<void>>()

  constructor (settings: WaySettings) {
    this.#settings = settings
  }

  /** The pool of an origin. */
  of (origin: string): Dispatcher {
    let pool = this.#pools.get(origin)
    if (pool === undefined) this.#pools.set(origin, pool = createDispatcher(this.#settings))
    return pool
  }

  /** How many there are, and how many of others still have requests. */
  get size (): { open: number, closing: number } {
    return { open: this.#pools.size, closing: this.#closing.size }
  }

  /** Takes in another configuration. A request of an older one that asks for an origin that is gone gets a pool anew. */
  configure (settings: WaySettings, origins: ReadonlySet<string>): void {
    const { timeout, proxyUrl, noProxy } = this.#settings
    const same = timeout === settings.timeout && proxyUrl === settings.proxyUrl && noProxy === settings.noProxy
    this.#settings = settings
    for (const origin of this.#pools.keys()) {
      if (!same || !origins.has(origin)) this.#retire(origin)
    }
  }

  /** Resolves when the last request is over. */
  async close (): Promise<void> {
    for (const origin of this.#pools.keys()) this.#retire(origin)
    await Promise.all(this.#closing)
  }

  #retire (origin: string): void {
    const pool = this.#pools.get(origin)
    this.#pools.delete(origin)
    // A pool that fails to close has nothing left that could be lost.
    const closing = Promise.resolve(pool?.close()).catch(() => {}).finally(() => this.#closing.delete(closing))
    this.#closing.add(closing)
  }
}
