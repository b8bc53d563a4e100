import { type Span, documentSpan, memberSpans } from '../../src/message/json-spans.ts'
import { applyEdits, spliceMember } from '../../src/message/splice.ts'
import { type JsonObject, isJsonObject, parseJson } from '../../src/wire/json.ts'
import type { RequestField } from '../../src/wire/request-fields.ts'

/**
 * A request in its own bytes, with thinking switched off as DeepSeek knows it, in the place of other servers' forms of it. An effort
 * beside it is refused ("thinking options type cannot be disabled when reasoning_effort is set",
 * https://github.com/lobehub/lobehub/issues/14173).
 * @param lost gets the effort, where one was asked for
 */
export function switchOff (raw: Buffer, lost: RequestField[]): Buffer {
  const effort = memberOf(raw, 'reasoning_effort')
  if (typeof effort === 'string' && effort !== 'none') lost.push('output_config.effort')
  const told = memberOf(raw, 'thinking')
  const off = isJsonObject(told) && told['type'] === 'disabled' ? raw : spliceMember(raw, 'thinking', { type: 'disabled' })
  return ['reasoning_effort', 'reasoning'].reduce(withoutMember, off)
}

/** Where a name is repeated the last one counts, as for JSON.parse. */
function memberOf (raw: Buffer, name: string): unknown {
  const span = memberSpans(raw, documentSpan(raw), name).at(-1)
  return span && parseJson(raw.toString('utf8', span.start, span.end))
}

/** Takes the member of the name out, with the comma that parts it from what stays. */
function withoutMember (raw: Buffer, name: string): Buffer {
  const [value, another] = memberSpans(raw, documentSpan(raw), name)
  if (value === undefined) return raw
  if (another === undefined) return applyEdits(raw, [{ ...memberOfValue(raw, value), text: '' }])
  // Nobody repeats a name who means well: printed anew, it costs the same however often.
  const document = JSON.parse(raw.toString()) as JsonObject
  delete document[name]
  return Buffer.from(JSON.stringify(document))
}

const QUOTE = '"'
const COMMA = 0x2C

function memberOfValue (raw: Buffer, { start, end }: Span): Span {
  // The name holds no quotation mark.
  const name = raw.lastIndexOf(QUOTE, raw.lastIndexOf(QUOTE, start - 1) - 1)
  const before = skipBlanks(raw, name - 1, -1)
  if (raw[before] === COMMA) return { start: before, end }
  const behind = skipBlanks(raw, end, 1)
  return { start: name, end: raw[behind] === COMMA ? behind + 1 : end }
}

function skipBlanks (raw: Buffer, from: number, step: 1 | -1): number {
  let at = from
  while ((raw[at] ?? COMMA) <= 0x20) at += step
  return at
}
