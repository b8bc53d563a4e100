import { documentSpan, itemSpans, memberSpans } from '../../src/message/json-spans.ts'
import { applyEdits, spliceMember } from '../../src/message/splice.ts'
import { type JsonObject, isJsonObject, parseJson } from '../../src/wire/json.ts'
import type { ChatMessage } from '../../src/wire/openai-chat.ts'

/** What a server is asked for that knows no JSON Schemas. */
export const JSON_OBJECT = { type: 'json_object' }

/** Tells the model of a schema, in the system prompt. */
export function addSchema (messages: ChatMessage[], schema: JsonObject): void {
  const [first] = messages
  if (first?.role === 'system' && typeof first.content === 'string') first.content += `\n\n${instruction(schema)}`
  else messages.unshift({ role: 'system', content: instruction(schema) })
}

/**
 * The same in the bytes of a client's own request.
 * @param schema undefined where it may have asked for JSON of any form by the same name
 */
export function withSchemaInPrompt (raw: Buffer, schema: JsonObject | undefined): Buffer {
  if (schema === undefined && formatOf(raw) !== 'json_schema') return raw
  const asked = spliceMember(raw, 'response_format', JSON_OBJECT)
  const list = memberSpans(asked, documentSpan(asked), 'messages').at(-1)
  const first = list === undefined ? undefined : itemSpans(asked, list)[0]
  if (first === undefined) return asked
  const message = parseJson(asked.toString('utf8', first.start, first.end))
  if (!isJsonObject(message) || message['role'] !== 'system' || typeof message['content'] !== 'string') {
    return applyEdits(asked, [{ start: first.start, end: first.start, text: `${JSON.stringify({ role: 'system', content: instruction(schema) })},` }])
  }
  const content = `${message['content']}\n\n${instruction(schema)}`
  return applyEdits(asked, memberSpans(asked, first, 'content').map(span => ({ ...span, text: JSON.stringify(content) })))
}

function formatOf (raw: Buffer): unknown {
  // Where a name is repeated the last one counts, as for JSON.parse.
  const span = memberSpans(raw, documentSpan(raw), 'response_format').at(-1)
  const format = span && parseJson(raw.toString('utf8', span.start, span.end))
  return isJsonObject(format) ? format['type'] : undefined
}

function instruction (schema: JsonObject | undefined): string {
  const asked = 'Answer with one JSON object and nothing else.'
  return schema === undefined ? asked : `${asked} It must be valid against this JSON Schema:\n${JSON.stringify(schema)}`
}
