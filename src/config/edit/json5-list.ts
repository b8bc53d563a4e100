/** A member or an item in the text of its object or list. */
export interface Piece {
  /** From the end of what stands before: white space, and comments above it. */
  readonly lead: string
  readonly body: string
  /** Between it and its comma. */
  readonly gap: string
  /** Behind the comma, on the same line. */
  readonly trail: string
}

/** The text of an object or a list, in parts that can be put together anew. */
export interface Pieces {
  /** The bracket, and a comment behind it on the same line. */
  readonly head: string
  readonly pieces: readonly Piece[]
  /** Whether there is a comma behind the last one. */
  readonly trailing: boolean
  /** From the end of the last one to the bracket, and that. */
  readonly tail: string
}

type Range = readonly [from: number, to: number]

const SAME_LINE = /(?:[^\S\r\n\u2028\u2029]|\/\*(?:(?!\*\/)[^\r\n])*\*\/)*(?:\/\/[^\r\n\u2028\u2029]*)?/y
const TRIVIA = /(?:\s|\/\*[^]*?\*\/|\/\/[^\r\n\u2028\u2029]*)*/y

/** Where what an expression takes ends. */
function endOf (expression: RegExp, text: string, from: number): number {
  expression.lastIndex = from
  return from + (expression.exec(text)?.[0].length ?? 0)
}

/** Where the same line's comment ends; without one, where it began: white space alone belongs to what follows. */
function sameLine (text: string, from: number): number {
  const end = endOf(SAME_LINE, text, from)
  return text.slice(from, end).trim() === '' ? from : end
}

/** Takes an object or a list apart. @param range of it, brackets included; @param bodies of its members or items, in their order */
export function takeApart (text: string, range: Range, bodies: readonly Range[]): Pieces {
  let at = sameLine(text, range[0] + 1)
  const head = text.slice(range[0], at)
  let trailing = false
  const pieces = bodies.map(([from, to]): Piece => {
    const comma = endOf(TRIVIA, text, to)
    trailing = text[comma] === ','
    const piece = { lead: text.slice(at, from), body: text.slice(from, to), gap: trailing ? text.slice(to, comma) : '' }
    const behind = trailing ? comma + 1 : to
    at = sameLine(text, behind)
    return { ...piece, trail: text.slice(behind, at) }
  })
  return { head, pieces, trailing, tail: text.slice(at, range[1]) }
}

/** What a comment at the end of a text goes on to; block comments that look so lose nothing by a line end. */
const OPEN_COMMENT = /\/\/[^\r\n]*$/

/** The text of an object or a list that has these pieces now. @param newline what ends a comment whose line was taken away */
export function putTogether ({ head, trailing, tail }: Omit<Pieces, 'pieces'>, pieces: readonly Piece[], newline: string): string {
  const parts = pieces.map(({ lead, body, gap, trail }, i) => {
    const comma = i < pieces.length - 1 || trailing
    return { text: `${lead}${body}${comma ? `${gap},` : ''}${trail}`, end: trail }
  })
  return [...parts, { text: tail, end: '' }].reduce(({ text, end }, next) => {
    const closed = OPEN_COMMENT.test(end) && !/^\r?\n/.test(next.text)
    return { text: text + (closed ? newline : '') + next.text, end: next.end }
  }, { text: head, end: head }).text
}
