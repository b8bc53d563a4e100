import { textTokens } from './text-tokens.ts'

/**
 * Of a text so many code units are looked at in each of three places: head, middle and tail. What lies side by side comes
 * from memory together; spread over the text they would cost as much as the walk.
 */
const PIECE = 8
const LIMIT = 20_000

/**
 * What lengths and pieces mix to: 53 bits, so that a number can hold them. Two texts of one length that agree in all
 * pieces are taken for one; they are nearly always alike, and the price is an estimate that is a bit wrong.
 */
export class Fingerprint {
  #high = 0
  #low = 0

  /** Mixes a number in. */
  add (value: number): this {
    this.#high = mixHigh(this.#high, value)
    this.#low = mixLow(this.#low, value)
    return this
  }

  /** Mixes a text in by its length and some of its code units: what it costs does not depend on the length. */
  addText (text: string): this {
    const { length } = text
    this.add(length)
    if (length <= 3 * PIECE) return this.#addPiece(text, 0, length)
    const middle = length >> 1
    return this.#addPiece(text, 0, PIECE).#addPiece(text, middle, middle + PIECE).#addPiece(text, length - PIECE, length)
  }

  #addPiece (text: string, start: number, end: number): this {
    let high = this.#high
    let low = this.#low
    for (let at = start; at < end; at++) {
      const unit = text.charCodeAt(at)
      high = mixHigh(high, unit)
      low = mixLow(low, unit)
    }
    this.#high = high
    this.#low = low
    return this
  }

  get value (): number {
    return (this.#high >>> 0) * 0x200000 + (this.#low >>> 11)
  }
}

function mixHigh (hash: number, value: number): number {
  return Math.imul(hash ^ value, 0x9e3779b1) ^ (hash >>> 15)
}

function mixLow (hash: number, value: number): number {
  return Math.imul(hash ^ (value + 0x7f4a), 0x85ebca6b) ^ (hash >>> 13)
}

/**
 * Counts of what came before. Each request is parsed anew, so what it repeats is known by its look and not as an
 * object. Only numbers are kept, and no more than `limit` of them: the oldest go first.
 */
export class TokenMemo {
  readonly #counts = new Map<number, number>()
  readonly #limit: number

  constructor (limit = LIMIT) {
    this.#limit = limit
  }

  /** The count for this fingerprint: the one remembered, else what `count` says. */
  tokens (fingerprint: number, count: () => number): number {
    const known = this.#counts.get(fingerprint)
    if (known !== undefined) return known
    const tokens = count()
    if (this.#counts.size >= this.#limit) this.#counts.delete(this.#counts.keys().next().value!)
    this.#counts.set(fingerprint, tokens)
    return tokens
  }
}

/** Shorter texts are counted as fast as looked up. */
const SHORT = 80

/** The tokens of texts, of which long ones are walked once. */
export class TextMemo {
  /** How many characters have been walked so far: what tests of "no work twice" can look at. */
  scanned = 0
  readonly #memo = new TokenMemo()

  tokens (text: string): number {
    if (text.length < SHORT) return this.#scan(text)
    return this.#memo.tokens(new Fingerprint().addText(text).value, () => this.#scan(text))
  }

  #scan (text: string): number {
    this.scanned += text.length
    return textTokens(text)
  }
}

/** The process's own. It changes no result, so it is no state that anyone has to hand on. */
export const textMemo = new TextMemo()
