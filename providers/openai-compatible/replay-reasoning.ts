import { openReasoning } from '../../src/message/envelope.ts'
import type { Reasoning, ConversationMemory } from '../../src/message/reasoning-memory.ts'
import type { ContentBlock } from '../../src/wire/anthropic.ts'
import type { JsonObject } from '../../src/wire/json.ts'
import type { ChatAssistantMessage, ChatPart } from '../../src/wire/openai-chat.ts'

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
    for (const detail of reasoning.envelope.details ?? []) addDetail(details, detail)
  }
  if (details.length > 0) message.reasoning_details = details
  else if (field === 'reasoning' || field === 'reasoning_content') message[field] = text
  else if (field === 'content' && text !== '') message.content = [{ type: 'thinking', thinking: [{ type: 'text', text }] }, ...partsOf(message.content)]
  return field !== ''
}

/** A signature that came when the thinking was over belongs to the text that it signs: alone it would stand for none. */
function addDetail (details: JsonObject[], detail: JsonObject): void {
  const late = typeof detail['signature'] === 'string' && !detail['text'] && !detail['summary'] && !detail['data']
  const at = late ? details.findLastIndex(({ type, index, signature }) => type === detail['type'] && index === detail['index'] && !signature) : -1
  const signed = details[at]
  if (signed === undefined) details.push(detail)
  else details[at] = { ...signed, signature: detail['signature'] }
}

function partsOf (content: ChatAssistantMessage['content']): ChatPart[] {
  return typeof content !== 'string' ? content ?? [] : content === '' ? [] : [{ type: 'text', text: content }]
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
