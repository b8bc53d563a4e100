import { hashOf, isToken } from './east-asian-pieces.ts'
import {
  AFTER_BLANK, AFTER_DIGIT, AFTER_LETTER, BLANK, CAPITALISED, CAPITALS, DIGIT, EAST_ASIAN_PIECE, END, END_UNIT, HAN, HANGUL,
  KINDS, LATIN, LETTERS, LOWER, MARK, MARK_BEFORE_LETTERS, MIXED, NEWLINE, NOTHING, RARE_CHARACTER, SMALL, TOKEN, UPPER,
  WIDE_MARK, WIDE_MARKS, markBefore, marksCost, wordCost
} from './token-costs.ts'

const SPACE = 0x20
const SLASH = 0x2f
const APOSTROPHE = 0x27
/** Texts are walked in parts of this length; the piece that a cut goes through counts as two. */
const PART = 32768
const LONGEST_PIECE = 3
/**
 * A part's UTF-16 code units, and the end twice behind them, for who looks ahead. Reading a typed array is several times
 * as fast as `charCodeAt`.
 */
const units = new Uint16Array(PART + 2)
const bytes = Buffer.from(units.buffer)

/**
 * About how many tokens a text has. It is cut as o200k's pre-tokeniser would
 * (https://github.com/openai/tiktoken/blob/main/tiktoken_ext/openai_public.py), in one pass and without its regular
 * expression, and each piece costs what pieces of its form cost on average.
 */
export function textTokens (text: string): number {
  let cost = 0
  for (let start = 0; start < text.length; start += PART) {
    const part = text.length <= PART ? text : text.slice(start, start + PART)
    bytes.write(part, 'utf16le')
    units.fill(END_UNIT, part.length, part.length + 2)
    cost += new Scanner(part.length).scan()
  }
  return cost === 0 ? 0 : Math.max(1, Math.round(cost / TOKEN))
}

function kindAt (at: number): number {
  return KINDS[units[at]!]!
}

/** How long what o200k leaves at its word is, from the apostrophe before `at`: `'s 't 'm 'd 're 've 'll`. */
function ending (at: number): number {
  const [first, second] = [units[at]! | 32, units[at + 1]! | 32]
  if (first === 0x73 || first === 0x74 || first === 0x6d || first === 0x64) return 2
  return (first === 0x6c && second === 0x6c) || (second === 0x65 && (first === 0x72 || first === 0x76)) ? 3 : 0
}

/** Walks `units` piece by piece. Each method takes one piece off and returns its cost. */
class Scanner {
  readonly #length: number
  #at = 0
  /** What stands before the next piece, if that is a word without a blank or a mark of its own. */
  #before = NOTHING

  constructor (length: number) {
    this.#length = length
  }

  scan (): number {
    let cost = 0
    while (this.#at < this.#length) {
      const kind = kindAt(this.#at)
      if (kind < DIGIT) cost += this.#word(this.#before)
      else if (kind === DIGIT) cost += this.#digits()
      else if (kind < MARK) cost += this.#whiteSpace(kind)
      else cost += this.#marks(kind)
    }
    return cost
  }

  /** Capitals, then small letters: `word`, `Word`, `HTTPServer`; but `readFile` is two. */
  #word (before: number): number {
    const start = this.#at
    let at = start
    let next = kindAt(at)
    while (next === UPPER) next = kindAt(++at)
    const capitals = at - start
    while (next === LOWER) next = kindAt(++at)
    if (next < DIGIT && next > UPPER) return this.#letters(before, next > LATIN ? UPPER : LOWER)
    const small = at - start - capitals
    if (next === MARK && units[at] === APOSTROPHE) at += ending(at + 1)
    this.#at = at
    this.#before = AFTER_LETTER
    const shape = capitals === 0 ? SMALL : small === 0 ? CAPITALS : capitals === 1 ? CAPITALISED : MIXED
    return wordCost(shape, before, at - start)
  }

  /** A word that is not of ASCII letters alone. Scripts without capitals and blanks make one of a whole clause. */
  #letters (before: number, ascii: number): number {
    let cost = before > AFTER_BLANK && before < AFTER_DIGIT ? MARK_BEFORE_LETTERS : 0
    let last = END
    let run = 0
    let kind = kindAt(this.#at)
    while (kind < DIGIT && !(kind === UPPER && last === LOWER)) {
      if (kind >= HAN && kind <= HANGUL) {
        cost += this.#eastAsian(before === AFTER_BLANK && last === END)
        last = kind
        kind = kindAt(this.#at)
        continue
      }
      run = kind === last || (kind <= UPPER && last <= UPPER) ? run + 1 : 0
      cost += LETTERS[(kind > UPPER ? kind : ascii) * 4 + (run < 3 ? run : 3)]!
      last = kind
      kind = kindAt(++this.#at)
    }
    this.#before = AFTER_LETTER
    return cost
  }

  /** The longest piece here that is a token, of up to three characters. */
  #eastAsian (blank: boolean): number {
    let hash = blank ? hashOf(0, SPACE) : 0
    let length = 0
    for (let next = 0; next < LONGEST_PIECE; next++) {
      const kind = kindAt(this.#at + next)
      if (kind < HAN || kind > HANGUL) break
      hash = hashOf(hash, units[this.#at + next]!)
      if (isToken(hash)) length = next + 1
    }
    if (length === 0 && blank) return this.#eastAsian(false)
    this.#at += length === 0 ? 1 : length
    return length === 0 ? RARE_CHARACTER : EAST_ASIAN_PIECE
  }

  #digits (): number {
    const start = this.#at
    do this.#at++; while (kindAt(this.#at) === DIGIT)
    this.#before = AFTER_DIGIT
    return Math.ceil((this.#at - start) / 3) * TOKEN
  }

  /** Blanks and newlines are one token up to the last newline, and from there up to the blank that goes with a word. */
  #whiteSpace (first: number): number {
    const start = this.#at
    const next = kindAt(start + 1)
    if (first !== NEWLINE && next < DIGIT) {
      this.#at = start + 1
      return this.#word(first === BLANK ? AFTER_BLANK : markBefore(units[start]!))
    }
    if (first === BLANK && next >= MARK && next !== END) return this.#marks(first)
    this.#before = NOTHING
    let end = start
    let newline = -1
    for (let kind = first; kind >= BLANK && kind <= NEWLINE; kind = kindAt(end)) {
      if (kind === NEWLINE) newline = end
      end++
    }
    const whole = newline === -1 && (end === this.#length || end === start + 1)
    this.#at = newline >= 0 ? newline + 1 : whole ? end : end - 1
    return TOKEN + (end - start >> 7) * TOKEN
  }

  /** A row of punctuation with the blank before it and the newlines behind, or the one mark that goes with a word. */
  #marks (first: number): number {
    const start = this.#at
    let at = first === BLANK ? start + 1 : start
    if (at === start && kindAt(at + 1) < DIGIT) {
      this.#at = start + 1
      return this.#word(markBefore(units[start]!))
    }
    let changes = 0
    let repeated = 0
    let wide = 0
    let last = -1
    for (let kind = kindAt(at); kind >= MARK && kind !== END; kind = kindAt(++at)) {
      const unit = units[at]!
      if (unit === last) repeated++
      else if (last !== -1) changes++
      if (kind >= WIDE_MARK && unit !== last) wide += WIDE_MARKS[kind - WIDE_MARK]!
      last = unit
    }
    const end = at
    while (kindAt(at) === NEWLINE || units[at] === SLASH) at++
    // U+FFFF itself, where it does stand in a text, must not hold the walk.
    this.#at = at === start ? at + 1 : at
    this.#before = NOTHING
    return marksCost(changes, repeated, wide, at > end)
  }
}
