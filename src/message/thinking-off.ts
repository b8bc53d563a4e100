import type { MessagesRequest } from '../wire/anthropic.ts'
import { isJsonObject, objectsOf } from '../wire/json.ts'

/** The members of a request that change where it has to go without thinking: the API takes no edits of thinking then. */
export function thinkingOff ({ context_management: management }: MessagesRequest): Pick<MessagesRequest, 'thinking'> & { context_management?: object } {
  return {
    thinking: { type: 'disabled' },
    ...(isJsonObject(management) && { context_management: { ...management, edits: objectsOf(management['edits']).filter(({ type }) => !String(type).startsWith('clear_thinking')) } })
  }
}
