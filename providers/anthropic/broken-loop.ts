import { type ForeignPart, foreignBlocks } from '../../src/message/splice.ts'
import { thinkingOff } from '../../src/message/thinking-off.ts'
import type { MessagesRequest } from '../../src/wire/anthropic.ts'

/**
 * Fields that have to change where a conversation comes to this provider in the middle of a tool loop. With thinking
 * enabled the API wants the last assistant message to begin with thinking ("Expected `thinking` or `redacted_thinking`,
 * but found `tool_use`"), and that was another provider's and is gone: the rest of this loop goes without. Adaptive
 * thinking has no such rule.
 * @returns undefined where nothing has to change
 */
export function withoutThinking (request: MessagesRequest, foreignPart: ForeignPart): ReturnType<typeof thinkingOff> | undefined {
  if (request.thinking?.type !== 'enabled') return undefined
  const last = request.messages.findLast(({ role }) => role === 'assistant')
  if (last === undefined || typeof last.content === 'string') return undefined
  const foreign = foreignBlocks(last, foreignPart)
  const kept = last.content.filter((_, i) => !foreign.includes(i))
  const begins = kept[0]?.type
  if (begins === 'thinking' || begins === 'redacted_thinking' || !kept.some(({ type }) => type === 'tool_use')) return undefined
  return thinkingOff(request)
}
