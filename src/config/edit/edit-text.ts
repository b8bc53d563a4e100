import { isDeepStrictEqual } from 'node:util'
import { type ArrayNode, type MemberNode, type ObjectNode, type ValueNode, evaluate, parse } from '@humanwhocodes/momoa'
import JSON5 from 'json5'
import { type JsonObject, type JsonValue, isJsonObject } from '../../wire/json.ts'
import { matchItems } from './identity.ts'
import { type Piece, type Pieces, putTogether, takeApart } from './json5-list.ts'
import { type Layout, layoutOf, printName, printValue } from './print-json5.ts'

const BYTE_ORDER_MARK = '\ufeff'

/**
 * Changes the text of a document as little as possible: what stays keeps its layout, its quotes and the comments around it; comments
 * of what goes, go with it. A text that cannot be changed so is written anew.
 * @param text JSON5
 * @returns a text that is read as `document`
 */
export function editText (text: string, document: JsonObject): string {
  // What cannot be taken apart, may be as it shall be.
  if (isRead(text, document)) return text
  const changed = tryEdit(text, document)
  return changed !== undefined && isRead(changed, document) ? changed : `${JSON.stringify(document, null, 2)}\n`
}

function tryEdit (text: string, document: JsonObject): string | undefined {
  try {
    const bare = text.startsWith(BYTE_ORDER_MARK) ? text.slice(1) : text
    const { body, range, tokens = [] } = parse(bare, { mode: 'json5', ranges: true, tokens: true, allowTrailingCommas: true })
    const [from, to] = body.range ?? range ?? [0, bare.length]
    const quotes = tokens.filter(({ type }) => type === 'String').map(token => bare.charAt(rangeOf(token)[0]))
    const names = body.type === 'Object' ? quoteOf(body.members, bare) : '"'
    const edited = new TextEditor(bare, layoutOf(bare, quotes, names)).value(body, document, '')
    return text.slice(0, text.length - bare.length) + bare.slice(0, from) + edited + bare.slice(to)
  } catch {
    // Whatever it is that cannot be taken apart, it can be written anew.
    return undefined
  }
}

function isRead (text: string, document: JsonObject): boolean {
  try {
    return isDeepStrictEqual(JSON5.parse(text), document)
  } catch {
    return false
  }
}

/** An item of a list: one that is there, or one that shall be. */
type Entry = { readonly value: JsonValue, readonly at?: number }

class TextEditor {
  readonly #text: string
  readonly #layout: Layout

  constructor (text: string, layout: Layout) {
    this.#text = text
    this.#layout = layout
  }

  /** The text of a value once it is what it shall be. @param indent of the line that it begins in */
  value (node: ValueNode, wanted: JsonValue, indent: string): string {
    if (isDeepStrictEqual(evaluate(node), wanted)) return this.#text.slice(...rangeOf(node))
    if (node.type === 'Object' && isJsonObject(wanted)) return this.#object(node, wanted, indent)
    if (node.type === 'Array' && Array.isArray(wanted)) return this.#list(node, wanted, indent)
    return printValue(wanted, this.#layout, indent)
  }

  #object (node: ObjectNode, wanted: JsonObject, indent: string): string {
    const names = node.members.map(nameOf)
    const apart = takeApart(this.#text, rangeOf(node), node.members.map(rangeOf))
    const kept = node.members.flatMap((member, i): Piece[] => {
      const { [i]: piece } = apart.pieces
      const name = names[i] as string
      // Of two with one name the last counts, and the others say nothing.
      if (piece === undefined || !Object.hasOwn(wanted, name) || names.lastIndexOf(name) !== i) return []
      const [from] = rangeOf(member)
      const before = this.#text.slice(from, rangeOf(member.value)[0])
      return [{ ...piece, body: before + this.value(member.value, wanted[name] as JsonValue, indentOf(piece.lead, indent)) }]
    })
    const quote = quoteOf(node.members, this.#text)
    const added = Object.keys(wanted).filter(name => !names.includes(name)).map(name => (inner: string) => `${printName(name, quote, this.#layout)}: ${printValue(wanted[name] as JsonValue, this.#layout, inner)}`)
    return this.#join(apart, kept, added, indent)
  }

  #list (node: ArrayNode, wanted: readonly JsonValue[], indent: string): string {
    const apart = takeApart(this.#text, rangeOf(node), node.elements.map(({ value }) => rangeOf(value)))
    const there = node.elements.map(({ value }, at): Entry => ({ value: evaluate(value) as JsonValue, at }))
    const matches = matchEntries(wanted, there)
    const pieces = wanted.map((value, i): Piece | ((inner: string) => string) => {
      const at = matches[i]?.at
      const [element, piece] = [node.elements[at ?? -1], apart.pieces[at ?? -1]]
      if (element === undefined || piece === undefined) return inner => printValue(value, this.#layout, inner)
      return { ...piece, body: this.value(element.value, value, indentOf(piece.lead, indent)) }
    })
    return this.#join(apart, pieces, [], indent)
  }

  /** @param added bodies of what comes behind, given the indent of their lines */
  #join (apart: Pieces, pieces: readonly (Piece | ((indent: string) => string))[], added: readonly ((indent: string) => string)[], indent: string): string {
    const { head, trailing } = apart
    const all = [...pieces, ...added]
    const { newline, unit } = this.#layout
    // The layout is that of the last one there; the first of a line may differ.
    const { lead: model } = apart.pieces.at(-1) ?? {}
    const lead = model === undefined ? `${newline}${indent}${unit}` : lastLine(model)
    const tail = apart.pieces.length === 0 && all.length > 0 && !/[\r\n]/.test(apart.tail) ? `${apart.tail.slice(0, -1).trimEnd()}${newline}${indent}${apart.tail.slice(-1)}` : apart.tail
    const inner = indentOf(lead, indent)
    return putTogether({ head, trailing, tail }, all.map(piece => typeof piece === 'function' ? { lead, body: piece(inner), gap: '', trail: '' } : piece), newline)
  }
}

/** What is there as it shall be, first; of the others, what has the name of one that shall be, or stands in its place. */
function matchEntries (wanted: readonly JsonValue[], there: readonly Entry[]): (Entry | undefined)[] {
  const byText = new Map<string, Entry[]>()
  for (const entry of there) {
    const text = JSON.stringify(entry.value)
    byText.set(text, [...byText.get(text) ?? [], entry])
  }
  const same = wanted.map(value => byText.get(JSON.stringify(value))?.shift())
  const rest = wanted.flatMap((value, i): Entry[] => same[i] === undefined ? [{ value, at: i }] : [])
  const matches = matchItems<Entry>(rest, [...byText.values()].flat().sort((a, b) => (a.at ?? 0) - (b.at ?? 0)), ({ value }) => value)
  const found = new Map(rest.map(({ at }, i) => [at, matches[i]]))
  return same.map((entry, i) => entry ?? found.get(i))
}

function rangeOf ({ range }: { range?: readonly number[] }): [number, number] {
  if (range === undefined) throw new TypeError('a part of the text has no place')
  return [range[0] as number, range[1] as number]
}

function nameOf ({ name }: MemberNode): string {
  return name.type === 'Identifier' ? name.name : name.value
}

/** The end of a line and the indent behind it, or what else stands between two on one line; no comments. */
function lastLine (lead: string): string {
  return (/\r?\n[^\r\n]*$/.exec(lead)?.[0] ?? lead).replace(/\S.*/s, '')
}

/** The white space that a line begins with, where there is a line. */
function indentOf (lead: string, otherwise: string): string {
  return /\n([^\S\r\n]*)[^\r\n]*$/.exec(lead)?.[1] ?? otherwise
}

/** How names are written here: not quoted at all, or with which quotes. */
function quoteOf ([first]: readonly MemberNode[], text: string): string {
  if (first === undefined) return '"'
  return first.name.type === 'Identifier' ? '' : text[rangeOf(first.name)[0]] ?? '"'
}
