import { type ReasoningEnvelope, openReasoning, sealReasoning } from '../../src/message/envelope.ts'
import type { TextMark } from '../../src/message/text-mark.ts'
import type { ConversationMemory } from '../../src/message/reasoning-memory.ts'
import type { ContentBlock } from '../../src/wire/anthropic.ts'
import type { JsonObject } from '../../src/wire/json.ts'

/** All models of this wire read one another's signatures. */
const FAMILY = 'gemini'
const FIELD = 'thoughtSignature'

/**
 * Where a signature belongs, as the details of an envelope say it:
 * - `{call}`: the call of this id (the client's);
 * - `{next}`: so many characters of text that follow the envelope;
 * - `{from, length}`: a piece of the text block that stands before the envelope;
 * - any other detail is a part itself, which stands where the envelope stands.
 */
export type Placed = JsonObject & ({ call: string } | { next: number } | { from: number, length: number } | { thoughtSignature?: string })

function envelope (details: JsonObject[]): ReasoningEnvelope {
  return { family: FAMILY, field: FIELD, ...(details.length > 0 && { details }) }
}

/** What travels through the client, in a thinking block (its text is `thinking`) or one of its own. */
export function seal (details: Placed[], thinking: string): string {
  return sealReasoning(envelope(details), thinking)
}

/** What a block carries of Gemini's; undefined for any other block. */
export function unseal (block: ContentBlock): JsonObject[] | undefined {
  if (block.type !== 'thinking' && block.type !== 'redacted_thinking') return undefined
  const [signature, thinking] = block.type === 'thinking' ? [block.signature ?? '', block.thinking] : [block.data, '']
  const opened = openReasoning(signature, thinking)
  return opened?.family === FAMILY ? opened.details ?? [] : undefined
}

/** Keeps a call's signature for clients that do not send it back. */
export function rememberCall (memory: ConversationMemory, toolId: string, thoughtSignature: string): void {
  memory.remember(toolId, { envelope: envelope([{ call: toolId, thoughtSignature }]), text: '' })
}

/** The signature of a call whose envelope the client left out. */
export function recallCall (memory: ConversationMemory, toolId: string): string | undefined {
  const signature = memory.recall(toolId, FAMILY)?.envelope.details?.[0]?.['thoughtSignature']
  return typeof signature === 'string' ? signature : undefined
}

/** Keeps what was signed in a text that no envelope could follow. */
export function rememberText (memory: ConversationMemory, text: TextMark, details: Placed[]): void {
  memory.rememberText(text, { envelope: envelope(details), text: '' })
}

export function recallText (memory: ConversationMemory, text: string): JsonObject[] {
  return memory.recallText(text, FAMILY)?.envelope.details ?? []
}
