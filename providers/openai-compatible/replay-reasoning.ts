import { type ReasoningEnvelope, openReasoning } from '../../src/message/envelope.ts'
import type { ContentBlock } from '../../src/wire/anthropic.ts'
import type { JsonObject } from '../../src/wire/json.ts'
import type { ChatAssistantMessage } from '../../src/wire/openai-chat.ts'

/**
 * Gives a provider its own reasoning back, in the field and the form that it came in. Reasoning of another family, or
 * without an envelope, is left out: no provider can read another's.
 * @returns whether there was any
 */
export function replayReasoning (blocks: readonly ContentBlock[], family: string, message: ChatAssistantMessage): boolean {
  let text = ''
  let field = ''
  const details: JsonObject[] = []
  for (const block of blocks) {
    const thinking = block.type === 'thinking' ? block.thinking : ''
    const envelope = envelopeOf(block, thinking)
    if (envelope?.family !== family) continue
    text += thinking
    field = envelope.field
    if (envelope.details !== undefined) details.push(...envelope.details)
  }
  if (details.length > 0) message.reasoning_details = details
  else if (field === 'reasoning' || field === 'reasoning_content') message[field] = text
  return field !== ''
}

function envelopeOf (block: ContentBlock, thinking: string): ReasoningEnvelope | undefined {
  if (block.type === 'thinking') return openReasoning(block.signature ?? '', thinking)
  return block.type === 'redacted_thinking' ? openReasoning(block.data, '') : undefined
}
