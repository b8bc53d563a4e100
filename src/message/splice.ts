import type { ContentBlock, MessageParam, MessagesRequest } from '../wire/anthropic.ts'
import { type Span, documentSpan, itemSpans, memberSpans } from './json-spans.ts'

/** A piece of a document and what stands in its place. */
export interface Edit extends Span { text: string }

/** What of a block was made by others than the receiver, who would refuse it: the whole block, the citations of its text, or nothing. */
export type ForeignPart = (block: ContentBlock) => 'block' | 'citations' | undefined

/**
 * A request in its own bytes, but for some of its members, and for what others made, which is taken out. A message that
 * holds nothing else goes with it, as the API takes none without content.
 * @param raw the body's bytes; @param body the same, parsed
 * @param members values that stand in the place of those that came, by name
 */
export function spliceRequest (raw: Buffer, body: MessagesRequest, members: Readonly<Record<string, unknown>>, foreignPart: ForeignPart): Buffer {
  const document = documentSpan(raw)
  const edits = Object.entries(members).flatMap(([name, value]) => memberEdits(raw, document, name, value))
  if (body.messages.some(message => holdsForeign(message, foreignPart))) edits.push(...blockEdits(raw, document, body, foreignPart))
  return applyEdits(raw, edits)
}

/**
 * An object in its own bytes, but for some of its members.
 * @param members values that stand in the place of those that came, by name
 * @param added members that it is given beside them
 */
export function spliceMembers (raw: Buffer, members: Readonly<Record<string, unknown>>, added: Readonly<Record<string, unknown>> = {}): Buffer {
  const document = documentSpan(raw)
  const edits = Object.entries(members).flatMap(([name, value]) => memberEdits(raw, document, name, value))
  const begin = document.start + 1
  for (const [name, value] of Object.entries(added)) edits.push({ start: begin, end: begin, text: `${JSON.stringify(name)}:${JSON.stringify(value)},` })
  return applyEdits(raw, edits)
}

/** An object in its own bytes with a member of this value, in the place of the one that came, or beside the others. */
export function spliceMember (raw: Buffer, name: string, value: unknown): Buffer {
  return memberSpans(raw, documentSpan(raw), name).length > 0 ? spliceMembers(raw, { [name]: value }) : spliceMembers(raw, {}, { [name]: value })
}

/** A plain reply, or any document with a `model` of its own, under another model name; other bytes stay. */
export function spliceModel (raw: Buffer, model: string): Buffer {
  return applyEdits(raw, memberEdits(raw, documentSpan(raw), 'model', model))
}

/** The first event's data, `{type: "message_start", message: {model, …}}`, under another model name. */
export function spliceStart (raw: Buffer, model: string): Buffer {
  return applyEdits(raw, memberSpans(raw, documentSpan(raw), 'message').flatMap(message => memberEdits(raw, message, 'model', model)))
}

/** Every member of the name: of two, readers differ in which they take. */
function memberEdits (raw: Buffer, object: Span, name: string, value: unknown): Edit[] {
  return memberSpans(raw, object, name).map(span => ({ ...span, text: JSON.stringify(value) }))
}

/** Which blocks of a message are others'. */
export function foreignBlocks ({ content }: MessageParam, foreignPart: ForeignPart): number[] {
  if (typeof content === 'string') return []
  return content.flatMap((block, i) => foreignPart(block) === 'block' ? [i] : [])
}

function holdsForeign ({ content }: MessageParam, foreignPart: ForeignPart): boolean {
  return typeof content !== 'string' && content.some(block => foreignPart(block) !== undefined)
}

function blockEdits (raw: Buffer, document: Span, { messages }: MessagesRequest, foreignPart: ForeignPart): Edit[] {
  // Where a name is repeated the last one counts, as for JSON.parse.
  const list = memberSpans(raw, document, 'messages').at(-1)
  if (list === undefined) return []
  const spans = itemSpans(raw, list)
  const foreign = messages.map(message => foreignBlocks(message, foreignPart))
  const gone = new Set(messages.flatMap(({ content }, i) => content.length > 0 && foreign[i]?.length === content.length ? [i] : []))
  const edits = removals(raw, list, spans, gone)
  for (const [i, blocks] of foreign.entries()) {
    const message = spans[i]
    const parsed = messages[i]
    if (message === undefined || parsed === undefined || gone.has(i) || !holdsForeign(parsed, foreignPart)) continue
    const content = memberSpans(raw, message, 'content').at(-1)
    if (content === undefined) continue
    const items = itemSpans(raw, content)
    edits.push(...removals(raw, content, items, new Set(blocks)), ...citationEdits(raw, items, parsed, foreignPart))
  }
  return edits
}

function citationEdits (raw: Buffer, items: readonly Span[], { content }: MessageParam, foreignPart: ForeignPart): Edit[] {
  if (typeof content === 'string') return []
  return content.flatMap((block, i) => {
    const item = items[i]
    return item !== undefined && foreignPart(block) === 'citations' ? memberEdits(raw, item, 'citations', null) : []
  })
}

/** Takes items out of a list, each with the comma that parts it from what stays. */
function removals (raw: Buffer, list: Span, items: readonly Span[], gone: ReadonlySet<number>): Edit[] {
  if (gone.size === 0) return []
  if (gone.size === items.length) return [{ ...list, text: '[]' }]
  const kept = items.findIndex((_, i) => !gone.has(i))
  return Array.from(gone, i => {
    // What stands before the first kept item is taken with the comma behind it, every other with the one before it.
    const start = i < kept ? items[i]?.start ?? 0 : items[i - 1]?.end ?? 0
    const end = i < kept ? items[i + 1]?.start ?? 0 : items[i]?.end ?? 0
    return { start, end, text: '' }
  })
}

/** A document with pieces of it replaced; they may come in any order, and do not overlap. */
export function applyEdits (raw: Buffer, edits: Edit[]): Buffer {
  if (edits.length === 0) return raw
  const pieces: Buffer[] = []
  let at = 0
  for (const { start, end, text } of edits.toSorted((a, b) => a.start - b.start)) {
    pieces.push(raw.subarray(at, start), Buffer.from(text))
    at = end
  }
  return Buffer.concat([...pieces, raw.subarray(at)])
}
