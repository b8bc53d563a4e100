import { createHash, timingSafeEqual } from 'node:crypto'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import type { Identity } from '../src/account/identity.ts'
import { createIdentity } from '../src/account/key-settings.ts'
import { ApiError } from '../src/errors.ts'
import { isLoopbackHost, isSameOrigin } from '../src/http/loopback.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** Whose key was sent; {@link LOCAL} where none is needed. */
    identity: Identity
  }
  interface FastifyContextConfig {
    /** Served without a key: health and the probes that clients send before they have one. */
    public?: boolean
  }
}

function digest (key: string): Buffer {
  return createHash('sha256').update(key).digest()
}

/** The client's keys: `x-api-key`, a bearer token, or both, as Claude Code's key helper sends them. */
function credentialsOf ({ headers }: FastifyRequest): string[] {
  const [scheme, token] = (headers.authorization ?? '').split(' ')
  const bearer = scheme?.toLowerCase() === 'bearer' ? token : undefined
  return [headers['x-api-key'], bearer].filter(key => typeof key === 'string' && key !== '') as string[]
}

/** Who asks where no key is needed: the user of this machine. */
const LOCAL = createIdentity('', 'local', {}, 'admin')

interface KnownKey { identity: Identity, digest: Buffer }

/** All keys are compared, each in constant time, so that an answer's time tells nothing of them. */
function find (credential: string, keys: readonly KnownKey[]): Identity | undefined {
  const given = digest(credential)
  return keys.reduce<Identity | undefined>((found, known) => timingSafeEqual(known.digest, given) ? known.identity : found, undefined)
}

/**
 * Without a key the gateway serves the programs of this machine only. A browser is on this machine too: a request that
 * a web page of another origin made, or one that came by a foreign host name (DNS rebinding), is refused.
 */
function checkLocal (request: FastifyRequest): void {
  const { host = '', origin, 'sec-fetch-site': site } = request.headers
  if (!isLoopbackHost(host)) throw new ApiError('permission_error', 'Without a key this gateway answers only to localhost; set APIKEY to serve other hosts.')
  const foreign = (origin !== undefined && !isSameOrigin(origin, host)) || site === 'cross-site'
  if (foreign) throw new ApiError('permission_error', 'Without a key this gateway does not answer to web pages; set APIKEY and send it.')
}

/** @throws {ApiError} 401 where no valid key was sent */
function identityOf (request: FastifyRequest, keys: readonly KnownKey[]): Identity {
  const credentials = credentialsOf(request)
  if (credentials.length === 0) throw new ApiError('authentication_error', 'A key is required: send it as `x-api-key` or as `Authorization: Bearer`.')
  for (const credential of credentials) {
    const identity = find(credential, keys)
    if (identity !== undefined) return identity
  }
  throw new ApiError('authentication_error', 'The key is not valid for this gateway.')
}

/** Who may ask: holders of a key where one is configured, else this machine only. */
async function auth (app: FastifyInstance): Promise<void> {
  const keys = app.config.current.keys.map(({ identity, secret }): KnownKey => ({ identity, digest: digest(secret) }))
  // Set before anything reads it: no request needs to be told apart from one without an identity.
  app.decorateRequest('identity', null as unknown as Identity)

  app.addHook('onRequest', (request, _reply, done) => {
    request.identity = LOCAL
    if (keys.length === 0) checkLocal(request)
    else if (request.routeOptions.config.public !== true) request.identity = identityOf(request, keys)
    done()
  })
}

export default fp(auth, { name: 'auth', fastify: '5.x', dependencies: ['config'] })
