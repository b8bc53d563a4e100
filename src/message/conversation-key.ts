import { createHash } from 'node:crypto'
import type { MessagesRequest } from '../wire/anthropic.ts'
import type { ConversationKey } from './reasoning-memory.ts'

/**
 * Tells conversations apart: by who speaks (in Claude Code's `metadata.user_id` the session, too) and by how it began. The
 * result holds on to no more of the request than that.
 */
export function conversationKey ({ metadata, messages }: Pick<MessagesRequest, 'metadata' | 'messages'>): ConversationKey {
  const speaker = metadata?.user_id ?? ''
  const begin = messages.find(({ role }) => role === 'user')?.content ?? ''
  const words = typeof begin === 'string' ? [begin] : begin.map(block => block.type === 'text' ? block.text : '')
  let key: string | undefined
  return () => {
    key ??= createHash('sha256').update(JSON.stringify([speaker, ...words])).digest('base64')
    return key
  }
}
