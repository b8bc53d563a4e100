import { createHash } from 'node:crypto'
import type { MessagesRequest } from '../wire/anthropic.ts'
import type { ConversationKey } from './reasoning-memory.ts'

/** How much of a text is looked at: it may be megabytes. */
const HEAD = 500
/** A first message of more blocks than this is told by these. */
const BLOCKS = 8

/** Tells conversations apart: by who speaks (in Claude Code's `metadata.user_id` the session, too) and by how it began. */
export function conversationKey ({ metadata, messages }: Pick<MessagesRequest, 'metadata' | 'messages'>): ConversationKey {
  const begin = messages.find(({ role }) => role === 'user')?.content ?? ''
  const texts = typeof begin === 'string' ? [begin] : begin.slice(0, BLOCKS).map(block => block.type === 'text' ? block.text : '')
  // Printed now: whatever is taken of a text as it is would hold on to all of it for as long as the reply takes.
  const told = JSON.stringify([metadata?.user_id, ...texts.map(text => [text.length, text.slice(0, HEAD)])])
  let key: string | undefined
  return () => {
    key ??= createHash('sha256').update(told).digest('base64')
    return key
  }
}

/**
 * By what a conversation is known in a provider's memory: by the client's own request, as its reply is remembered.
 * @param request as it is written for the target: pictures and turns may have been changed in it
 * @param client as it came; undefined for callers that have none
 */
export function conversationOf (request: Pick<MessagesRequest, 'metadata' | 'messages'>, client: { readonly conversation?: ConversationKey } | undefined): ConversationKey {
  return client?.conversation ?? conversationKey(request)
}
