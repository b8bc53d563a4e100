import type { FastifyInstance, FastifyRequest } from 'fastify'
import { ApiError, invalidRequest } from '../../errors.ts'
import type { Store } from '../../store/store.ts'
import { type KeyName, keyNames } from '../../usage/names.ts'
import type { UsageQuery } from './parameters.ts'

/** Seconds after which a client may ask again when the store does not answer. */
const RETRY_AFTER = 5

/** What a request may see, and the names of what it sees. */
export interface Scope {
  readonly store: Store
  /** Ids of the keys that it may see, and asks for; undefined for all. */
  readonly keys: readonly string[] | undefined
  /** Of an id that is not known any more, the id. */
  nameOf (id: string): KeyName
}

/**
 * Asks the store for what a request may see: a plain key sees its own usage only.
 * @throws {ApiError} 400 where there is no account, 404 for a key or team that nobody knows, 529 where the store does not answer
 */
export async function withScope<Result> (app: FastifyInstance, request: FastifyRequest, query: UsageQuery, work: (scope: Scope) => Promise<Result>): Promise<Result> {
  const { store } = app
  if (store === null) throw invalidRequest('This gateway keeps no account: Usage.enabled is false in its configuration.')
  try {
    const names = await keyNames(store.reader, app.config.current.keys.map(({ identity }) => identity))
    const nameOf = (id: string): KeyName => names.get(id) ?? { name: id, team: null }
    return await work({ store, keys: keysOf(request, query, names), nameOf })
  } catch (error) {
    if (error instanceof ApiError) throw error
    request.log.error({ err: error, requestId: request.id }, 'the usage cannot be read')
    throw new ApiError('overloaded_error', 'The store does not answer.', { status: 503, retryAfter: RETRY_AFTER, cause: error })
  }
}

function keysOf ({ identity }: FastifyRequest, { key, team }: UsageQuery, names: ReadonlyMap<string, KeyName>): readonly string[] | undefined {
  const own = identity.role === 'inference' ? [identity.id] : undefined
  if (key === undefined && team === undefined) return own
  const found = [...names].filter(([id, { name, team: of }]) => (key === undefined || id === key || name === key) && (team === undefined || of === team)).map(([id]) => id)
  if (found.length === 0) throw new ApiError('not_found_error', key === undefined ? `team: no key is of a team ${team}` : `key: there is no key ${key}`)
  return own === undefined ? found : own.filter(id => found.includes(id))
}
