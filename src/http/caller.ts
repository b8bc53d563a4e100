import type { FastifyRequest } from 'fastify'
import type { Caller } from '../routing/traits.ts'

/** Who asks, as routing sees it. */
export function callerOf ({ headers, identity: { id, name, profile } }: FastifyRequest): Caller {
  return { headers, key: id === '' ? undefined : name, profile }
}
