/**
 * Finds where values stand in the bytes of a JSON document, so that one can be replaced and all others stay as they
 * are. The document is known to be valid: it was parsed before.
 */

/** Where a value stands: from its first byte up to, not including, `end`. */
export interface Span { start: number, end: number }

const QUOTE = 0x22
const BACKSLASH = 0x5C
const COMMA = 0x2C
const COLON = 0x3A
const OPEN_BRACE = 0x7B
const OPEN_BRACKET = 0x5B
const MARK = Buffer.from('\uFEFF')

/** The values of an object's members by these names; more than one where a name is repeated. */
export function memberSpans (bytes: Buffer, object: Span, name: string): Span[] {
  const found: Span[] = []
  for (let at = skipBlanks(bytes, object.start + 1); bytes[at] === QUOTE; at = nextItem(bytes, at)) {
    const key = { start: at, end: skipString(bytes, at) }
    const start = skipBlanks(bytes, skipBlanks(bytes, key.end) + 1)
    at = skipValue(bytes, start)
    if (isNamed(bytes, key, name)) found.push({ start, end: at })
  }
  return found
}

/** The items of an array. */
export function itemSpans (bytes: Buffer, array: Span): Span[] {
  const found: Span[] = []
  for (let start = skipBlanks(bytes, array.start + 1); start < array.end - 1; start = nextItem(bytes, found.at(-1)?.end ?? array.end)) {
    found.push({ start, end: skipValue(bytes, start) })
  }
  return found
}

/** The span of the document itself, behind the byte order mark that some servers put before it. */
export function documentSpan (bytes: Buffer): Span {
  return { start: skipBlanks(bytes, bytes.subarray(0, MARK.length).equals(MARK) ? MARK.length : 0), end: bytes.length }
}

/** Behind an item and its comma, if it has one. */
function nextItem (bytes: Buffer, end: number): number {
  const at = skipBlanks(bytes, end)
  return bytes[at] === COMMA ? skipBlanks(bytes, at + 1) : at
}

function isNamed (bytes: Buffer, { start, end }: Span, name: string): boolean {
  const key = bytes.toString('utf8', start, end)
  return key === `"${name}"` || (key.includes('\\') && JSON.parse(key) === name)
}

function skipBlanks (bytes: Buffer, at: number): number {
  while (at < bytes.length && (bytes[at] as number) <= 0x20) at++
  return at
}

/** Behind the string that begins here. Looking for the next quotation mark is native, and most of a request is text. */
function skipString (bytes: Buffer, start: number): number {
  for (let end = bytes.indexOf(QUOTE, start + 1); end !== -1; end = bytes.indexOf(QUOTE, end + 1)) {
    let slashes = 0
    while (bytes[end - 1 - slashes] === BACKSLASH) slashes++
    if (slashes % 2 === 0) return end + 1
  }
  return bytes.length
}

/** Behind the value that begins here. Without recursion: a client chooses how deep it nests. */
function skipValue (bytes: Buffer, start: number): number {
  let depth = 0
  for (let at = start; at < bytes.length;) {
    const byte = bytes[at] as number
    if (byte === QUOTE) at = skipString(bytes, at)
    else if (byte === OPEN_BRACE || byte === OPEN_BRACKET) {
      depth++
      at++
    } else if (isClosing(byte)) {
      depth--
      at++
    } else if (byte <= 0x20 || byte === COMMA || byte === COLON) {
      at++
      continue
    } else at = skipWord(bytes, at)
    if (depth === 0) return at
  }
  return bytes.length
}

/** `]` or `}` */
function isClosing (byte: number): boolean {
  return byte === 0x5D || byte === 0x7D
}

/** Behind a number, `true`, `false` or `null`. */
function skipWord (bytes: Buffer, at: number): number {
  while (at < bytes.length && !isEnd(bytes[at] as number)) at++
  return at
}

function isEnd (byte: number): boolean {
  return byte <= 0x20 || byte === COMMA || isClosing(byte)
}
