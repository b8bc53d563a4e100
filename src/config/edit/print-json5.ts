import type { JsonValue } from '../../wire/json.ts'

/** How a document is written. */
export interface Layout {
  /** One level of indent. */
  readonly unit: string
  readonly newline: string
  /** Around texts. */
  readonly quote: '"' | "'"
  /** Around names; '' for none, where they can do without. */
  readonly names: string
}

const IDENTIFIER = /^[A-Za-z_$][\w$]*$/

/** What a parser of JSON5 takes for values, not all of them for names. */
const RESERVED = /^(?:true|false|null|NaN|Infinity)$/

/** The layout that a text is in. @param quotes those around its texts; of two in use, the one that is used more @param names those around its names */
export function layoutOf (text: string, quotes: readonly string[], names: string): Layout {
  const singles = quotes.filter(quote => quote === "'").length
  return {
    unit: /\n(\t| {1,8})(?=[^\s/*])/.exec(text)?.[1] ?? '  ',
    newline: text.includes('\r\n') ? '\r\n' : '\n',
    quote: singles > quotes.length - singles ? "'" : '"',
    names
  }
}

/** The text of a value. @param indent of the line that it begins in */
export function printValue (value: JsonValue, layout: Layout, indent: string): string {
  if (typeof value === 'string') return printText(value, layout.quote)
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  const inner = indent + layout.unit
  const bodies = Array.isArray(value)
    ? value.map(item => printValue(item, layout, inner))
    : Object.entries(value).map(([name, member]) => `${printName(name, layout.names, layout)}: ${printValue(member as JsonValue, layout, inner)}`)
  const [open, close] = Array.isArray(value) ? '[]' : '{}'
  if (bodies.length === 0) return `${open}${close}`
  const line = layout.newline + inner
  return `${open}${line}${bodies.join(`,${line}`)}${layout.newline}${indent}${close}`
}

/** The text of a name. @param quotes those around its neighbours; '' for none, where it can do without */
export function printName (name: string, quotes: string, { quote }: Layout): string {
  if (quotes === '' && IDENTIFIER.test(name) && !RESERVED.test(name)) return name
  return printText(name, quotes === '' ? quote : quotes)
}

function printText (text: string, quote: string): string {
  const double = JSON.stringify(text)
  return quote === "'" ? `'${double.slice(1, -1).replaceAll('\\"', '"').replaceAll("'", "\\'")}'` : double
}
