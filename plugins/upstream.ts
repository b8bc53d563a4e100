import type { FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'
import type { Logger } from 'pino'
import type { Config } from '../src/config/snapshot.ts'
import { ApiError } from '../src/errors.ts'
import type { Provider, Target, UpstreamRequest } from '../src/provider.ts'
import { UpstreamCall } from '../src/upstream/call.ts'
import { LoggedCall } from '../src/upstream/logged-call.ts'
import { Pools, type WaySettings } from '../src/upstream/pools.ts'

declare module 'fastify' {
  interface FastifyInstance {
    upstream: {
      /** Sends a request to a provider. @param requestId the client's request that it belongs to, for the log */
      send (request: UpstreamRequest, target: Target, requestId?: string): UpstreamCall
      /** Asks a provider's server for something, by the same way. */
      get (url: URL, headers: Record<string, string>): UpstreamCall
    }
  }
}

/** What no proxy is asked for unless NO_PROXY says otherwise: a model server on this machine. */
const LOCAL = 'localhost,127.0.0.1,::1'

function wayOf ({ processEnv }: FastifyInstance, { timeout, proxyUrl }: Config): WaySettings {
  return { timeout, proxyUrl, noProxy: processEnv['NO_PROXY'] ?? processEnv['no_proxy'] ?? LOCAL }
}

/** Where the providers of a configuration are. */
function originsOf ({ providers }: Config): Set<string> {
  return new Set([...providers.values()].flatMap(targets => [...targets.values()].map(({ provider }) => provider.url.origin)))
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
  const { config } = app
  const log = app.log as Logger
  const pools = new Pools(wayOf(app, config.current))
  config.onChange(now => pools.configure(wayOf(app, now), originsOf(now)))

  app.decorate('upstream', {
    send ({ url, headers, body }: UpstreamRequest, target: Target, requestId?: string): UpstreamCall {
      const { provider } = target
      const call = log.isLevelEnabled('debug') ? new LoggedCall(log, { requestId, target: target.name }) : new UpstreamCall()
      const { origin, path } = addressOf(url)
      const dispatcher = provider.pair.dispatcher ?? pools.of(origin)
      const payload = Buffer.isBuffer(body) ? body : print(body, provider)
      if (call instanceof LoggedCall) call.logSent(url, payload)
      dispatcher.dispatch({ origin, path, method: 'POST', headers, body: payload }, call)
      return call
    },

    get (url: URL, headers: Record<string, string>): UpstreamCall {
      const call = new UpstreamCall()
      const { origin, path } = addressOf(url)
      pools.of(origin).dispatch({ origin, path, method: 'GET', headers }, call)
      return call
    }
  })
  app.addHook('onClose', () => pools.close())
}

export default fp(upstream, { name: 'upstream', fastify: '5.x', dependencies: ['config'] })
