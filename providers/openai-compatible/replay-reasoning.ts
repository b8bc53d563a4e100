import { openReasoning } from '../../src/message/envelope.ts'
import type { Reasoning, ConversationMemory } from '../../src/message/reasoning-memory.ts'
import type { ContentBlock } from '../../src/wire/anthropic.ts'
import type { JsonObject } from '../../src/wire/json.ts'
import type { ChatAssistantMessage } from '../../src/wire/openai-chat.ts'

/**
 * Gives a provider its own reasoning back, in the field and the form that it came in. Reasoning of another family, or
 * without an envelope, is left out: no provider can read another's.
 * @returns whether there was any
 */
export function replayReasoning (blocks: readonly ContentBlock[], family: string, memory: ConversationMemory, message: ChatAssistantMessage): boolean {
  let text = ''
  let field = ''
  const details: JsonObject[] = []
  for (const reasoning of reasoningOf(blocks, family, memory)) {
    text += reasoning.text
    field = reasoning.envelope.field
    for (const detail of reasoning.envelope.details ?? []) details.push(detail)
  }
  if (details.length > 0) message.reasoning_details = details
  else if (field === 'reasoning' || field === 'reasoning_content') message[field] = text
  return field !== ''
}

/** The turn's own reasoning; what the client left out, or could not carry, is looked up by the calls or the words that it led to. */
function reasoningOf (blocks: readonly ContentBlock[], family: string, memory: ConversationMemory): Iterable<Reasoning> {
  const sent = blocks.map(block => openBlock(block)).filter(reasoning => reasoning?.envelope.family === family) as Reasoning[]
  const calls = blocks.filter(block => block.type === 'tool_use')
  if (calls.length === 0) {
    const behind = memory.recallText(blocks.map(block => block.type === 'text' ? block.text : '').join(''), family)
    return behind === undefined ? sent : [...sent, behind]
  }
  return sent.length > 0 ? sent : new Set(calls.flatMap(({ id }) => memory.recall(id, family) ?? []))
}

function openBlock (block: ContentBlock): Reasoning | undefined {
  const [signature, text] = block.type === 'thinking' ? [block.signature ?? '', block.thinking] : block.type === 'redacted_thinking' ? [block.data, ''] : ['', '']
  const envelope = openReasoning(signature, text)
  return envelope && { envelope, text }
}
