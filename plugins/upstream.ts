import type { FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'
import { Agent, type Dispatcher, EnvHttpProxyAgent } from 'undici'
import { ApiError } from '../src/errors.ts'
import type { Provider, Target, UpstreamRequest } from '../src/provider.ts'
import { UpstreamCall } from '../src/upstream/call.ts'

declare module 'fastify' {
  interface FastifyInstance {
    upstream: {
      /** Sends a request to a provider. */
      send (request: UpstreamRequest, target: Target): UpstreamCall
      /** Asks a provider's server for something, by the same way. */
      get (url: URL, headers: Record<string, string>): UpstreamCall
    }
  }
}

const CONNECT_TIMEOUT = 10_000
/** Longer than the pause between two turns of a conversation, shorter than what load balancers allow. */
const KEEP_ALIVE = 30_000
/** What no proxy is asked for unless NO_PROXY says otherwise: a model server on this machine. */
const LOCAL = 'localhost,127.0.0.1,::1'

/**
 * One pool of connections per origin, kept for the life of the configuration. The time-outs bound silence, not the
 * whole: a long answer takes as long as it takes.
 */
function createAgent (app: FastifyInstance): Dispatcher {
  const { timeout, proxyUrl } = app.config.current
  const options: Agent.Options = {
    connect: { timeout: CONNECT_TIMEOUT, noDelay: true },
    keepAliveTimeout: KEEP_ALIVE,
    headersTimeout: timeout,
    bodyTimeout: timeout,
    pipelining: 1
  }
  if (proxyUrl === undefined) return new Agent(options)
  return new EnvHttpProxyAgent({ ...options, httpProxy: proxyUrl, httpsProxy: proxyUrl, noProxy: app.processEnv['NO_PROXY'] ?? app.processEnv['no_proxy'] ?? LOCAL })
}

const addresses = new WeakMap<URL, { origin: string, path: string }>()

/** A URL in undici's terms. Each part that is asked of a URL is built anew, so the answer is kept with it. */
function addressOf (url: URL): { origin: string, path: string } {
  let address = addresses.get(url)
  if (address === undefined) addresses.set(url, address = { origin: url.origin, path: url.pathname + url.search })
  return address
}

/** @throws {ApiError} that names the users' files that had the body in hand: what is built in makes none that cannot be written */
function print (body: object, { pair, adapters }: Provider): string {
  try {
    return JSON.stringify(body)
  } catch (error) {
    const own = [pair, ...adapters].flatMap(({ name, file }) => file === undefined ? [] : [`${name} (${file})`])
    if (own.length === 0) throw error
    throw new ApiError('api_error', `The transformer ${own.join(' or ')} failed: its body cannot be written as JSON: ${(error as Error).message}`, { cause: error, retryable: false })
  }
}

/** The way to the providers. */
async function upstream (app: FastifyInstance): Promise<void> {
  const agent = createAgent(app)

  app.decorate('upstream', {
    send ({ url, headers, body }: UpstreamRequest, { provider }: Target): UpstreamCall {
      const call = new UpstreamCall()
      const dispatcher = provider.pair.dispatcher ?? agent
      const { origin, path } = addressOf(url)
      dispatcher.dispatch({ origin, path, method: 'POST', headers, body: Buffer.isBuffer(body) ? body : print(body, provider) }, call)
      return call
    },

    get (url: URL, headers: Record<string, string>): UpstreamCall {
      const call = new UpstreamCall()
      const { origin, path } = addressOf(url)
      agent.dispatch({ origin, path, method: 'GET', headers }, call)
      return call
    }
  })
  app.addHook('onClose', () => agent.close())
}

export default fp(upstream, { name: 'upstream', fastify: '5.x', dependencies: ['config'] })
