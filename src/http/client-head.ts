import type { FastifyRequest } from 'fastify'
import type { ConversationKey } from '../message/reasoning-memory.ts'
import type { ClientHead } from '../provider.ts'

/** What a request has beside its body. */
export function clientHead ({ headers, url }: FastifyRequest, conversation: ConversationKey): ClientHead {
  const query = url.indexOf('?')
  return { headers, search: query === -1 ? '' : url.slice(query), conversation }
}
