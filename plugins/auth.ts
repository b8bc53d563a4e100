import type { FastifyInstance, FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import type { Identity, Role } from '../src/account/identity.ts'
import { createIdentity } from '../src/account/key-settings.ts'
import { ApiError } from '../src/errors.ts'
import { isLoopbackAddress, isLoopbackHost, isSameOrigin } from '../src/http/loopback.ts'

/**
 * What a route is for: to ask models, to see usage (plain keys see their own), to be watched (by this machine also without a
 * key), or to manage the gateway.
 */
type Access = 'inference' | 'usage' | 'metrics' | 'admin'

declare module 'fastify' {
  interface FastifyRequest {
    /** Whose key was sent; {@link LOCAL} where none is needed. */
    identity: Identity
  }
  interface FastifyContextConfig {
    /** Served without a key: health and the probes that clients send before they have one. */
    public?: boolean
    /** Whom it serves; without it, routes of `/v1/` are for asking models and all others for admins. */
    access?: Access
  }
}

/** Who asks where no key is needed: the user of this machine. */
const LOCAL = createIdentity('', 'local', {}, 'admin')

/** Whoever sends a key of Anthropic's, where that is enough: the gateway cannot tell them apart. */
const ANTHROPIC = createIdentity('anthropic', 'anthropic')
const ANTHROPIC_KEY = /^sk-ant-/

const SERVED: Record<Access, readonly Role[]> = {
  inference: ['inference', 'admin'],
  usage: ['inference', 'viewer', 'admin'],
  metrics: ['viewer', 'admin'],
  admin: ['admin']
}

const PURPOSE: Record<Role, string> = {
  inference: 'asking models, and seeing its own usage',
  viewer: 'seeing usage',
  admin: 'everything'
}

/** The client's keys: `x-api-key`, a bearer token, or both, as Claude Code's key helper sends them. */
function credentialsOf ({ headers }: FastifyRequest): string[] {
  const [scheme, token] = (headers.authorization ?? '').split(' ')
  const bearer = scheme?.toLowerCase() === 'bearer' ? token : undefined
  return [headers['x-api-key'], bearer].filter(key => typeof key === 'string' && key !== '') as string[]
}

/** Headers of proxies: what came by one did not come from this machine, whatever its address. */
const FORWARDED = ['forwarded', 'x-forwarded-for', 'x-real-ip']

/** The header by which a request says that it came by a proxy. */
function forwardedBy ({ headers }: FastifyRequest): string | undefined {
  return FORWARDED.find(name => headers[name] !== undefined)
}

/**
 * Without a key the gateway serves the programs of this machine only. A proxy or a tunnel is on this machine too, and asks for
 * others. So is a browser: a request that a web page of another origin made, or one that came by a foreign host name (DNS
 * rebinding), is refused.
 */
function checkLocal (request: FastifyRequest): void {
  const { host = '', origin, 'sec-fetch-site': site } = request.headers
  const forwarded = forwardedBy(request)
  if (forwarded !== undefined) throw new ApiError('permission_error', `Without a key this gateway answers only to programs of this machine, and by its ${forwarded} header this request came through a proxy; set APIKEY to serve others.`)
  if (!isLoopbackHost(host)) throw new ApiError('permission_error', 'Without a key this gateway answers only to localhost; set APIKEY to serve other hosts.')
  const foreign = (origin !== undefined && !isSameOrigin(origin, host)) || site === 'cross-site'
  if (foreign) throw new ApiError('permission_error', 'Without a key this gateway does not answer to web pages; set APIKEY and send it.')
}

/** Whether a request came from this machine, and from someone who has no key. */
function isKeylessNeighbour (request: FastifyRequest): boolean {
  return credentialsOf(request).length === 0 && isLoopbackAddress(request.socket.remoteAddress) && forwardedBy(request) === undefined
}

/** @throws {ApiError} 401 where no valid key was sent */
function identityOf (request: FastifyRequest, { keys, config }: FastifyInstance): Identity {
  const credentials = credentialsOf(request)
  if (credentials.length === 0) throw new ApiError('authentication_error', 'A key is required: send it as `x-api-key` or as `Authorization: Bearer`.')
  let stale: 'expired' | 'revoked' | undefined
  for (const credential of credentials) {
    const found = keys.find(credential)
    if (typeof found === 'object') return found
    stale ??= found
  }
  // Behind the keys that are known: one of them beside it says more about who asks.
  if (config.current.acceptAnthropicKeys && credentials.some(credential => ANTHROPIC_KEY.test(credential))) return ANTHROPIC
  throw new ApiError('authentication_error', stale === undefined ? 'The key is not valid for this gateway.' : `The key is ${stale}; ask for a new one.`)
}

/** @throws {ApiError} 403 where a key is not for such a route */
function checkRole ({ name, role }: Identity, access: Access): void {
  if (SERVED[access].includes(role)) return
  throw new ApiError('permission_error', `The key ${name} is for ${PURPOSE[role]}; this takes one with the role ${SERVED[access].join(' or ')}.`)
}

/** Who may ask: holders of a key where there is one, else this machine only; and what they may ask for. */
async function auth (app: FastifyInstance): Promise<void> {
  // Set before anything reads it: no request needs to be told apart from one without an identity.
  app.decorateRequest('identity', null as unknown as Identity)

  app.addHook('onRequest', (request, _reply, done) => {
    const { url = '', config } = request.routeOptions
    const access = config.access ?? (url.startsWith('/v1/') ? 'inference' : 'admin')
    const keyless = !app.keys.needed && !app.config.current.acceptAnthropicKeys
    request.identity = LOCAL
    if (keyless || (access === 'metrics' && isKeylessNeighbour(request))) checkLocal(request)
    else if (config.public !== true) {
      request.identity = identityOf(request, app)
      if (!request.is404) checkRole(request.identity, access)
    }
    done()
  })
}

export default fp(auth, { name: 'auth', fastify: '5.x', dependencies: ['config', 'keys'] })
