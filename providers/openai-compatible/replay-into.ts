import { legalToolId } from '../../src/message/ids.ts'
import { type Span, documentSpan, itemSpans, memberSpans } from '../../src/message/json-spans.ts'
import type { ConversationMemory } from '../../src/message/reasoning-memory.ts'
import { type Edit, applyEdits } from '../../src/message/splice.ts'
import { type JsonObject, isJsonObject, objectsOf, parseJson, textOf } from '../../src/wire/json.ts'

const FIELD = 'reasoning_content'

/**
 * A request in its own bytes, with `reasoning_content` in every answer of the model's that came without: what is remembered of it by
 * its calls, else nothing. Official clients do not send it back.
 */
export function replayInto (raw: Buffer, memory: ConversationMemory, family: string): Buffer {
  const list = memberSpans(raw, documentSpan(raw), 'messages').at(-1)
  if (list === undefined) return raw
  const edits = itemSpans(raw, list).flatMap(span => {
    const message = isAnswer(raw, span) ? parseJson(raw.toString('utf8', span.start, span.end)) : undefined
    return isJsonObject(message) && typeof message[FIELD] !== 'string' ? [editOf(raw, span, reasoningOf(message, memory, family))] : []
  })
  return applyEdits(raw, edits)
}

function isAnswer (raw: Buffer, span: Span): boolean {
  return memberSpans(raw, span, 'role').some(({ start, end }) => raw.toString('utf8', start, end) === '"assistant"')
}

function reasoningOf (message: JsonObject, memory: ConversationMemory, family: string): string {
  const remembered = new Set(objectsOf(message['tool_calls']).flatMap(({ id }) => memory.recall(legalToolId(textOf(id)), family) ?? []))
  return [...remembered].map(({ text }) => text).join('')
}

/** Puts the field in, or something in its place. */
function editOf (raw: Buffer, message: Span, reasoning: string): Edit {
  const given = memberSpans(raw, message, FIELD).at(-1)
  if (given !== undefined) return { ...given, text: JSON.stringify(reasoning) }
  return { start: message.start + 1, end: message.start + 1, text: `"${FIELD}":${JSON.stringify(reasoning)},` }
}
