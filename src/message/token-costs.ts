/**
 * What pieces of text cost, in hundredths of a token: means over some million characters of code, prose, JSON, tool
 * output and eight languages, counted with o200k. The words that a piece may be are not known here, only their form;
 * over a text of some size that evens out.
 */

export const TOKEN = 100

/** The kinds of characters that o200k's pre-tokeniser, or the cost of what it cuts, tells apart. Letters come first. */
export const LOWER = 0
export const UPPER = 1
export const LATIN = 2
export const HAN = 3
const HIRAGANA = 4
const KATAKANA = 5
export const HANGUL = 6
const CYRILLIC = 7
const OTHER_LETTER = 8
export const DIGIT = 9
export const BLANK = 10
const SPACE = 11
export const NEWLINE = 12
export const MARK = 13
export const WIDE_MARK = 14
const EAST_ASIAN_MARK = 15
const SURROGATE = 16
/** The kind of what follows the last character, and the unit that stands for it: no text has it, Unicode keeps it free. */
export const END = 17
export const END_UNIT = 0xffff

/** What is of which kind, the later before the earlier. */
const RUNS: ReadonlyArray<[RegExp, number]> = [
  [/[\p{L}\p{M}]+/gu, OTHER_LETTER], [/[a-z]+/g, LOWER], [/[A-Z]+/g, UPPER], [/\p{N}+/gu, DIGIT], [/\s+/g, SPACE],
  [/ /g, BLANK], [/[\r\n]+/g, NEWLINE]
]

/** The kind of each UTF-16 code unit. */
export const KINDS = kinds()

function kinds (): Uint8Array {
  const table = new Uint8Array(0x10000).fill(MARK, 0, 0x80).fill(WIDE_MARK, 0x80, 0x3000).fill(EAST_ASIAN_MARK, 0x3000)
  const all = Buffer.from(new Uint16Array(0x10000).map((_, unit) => unit).buffer).toString('utf16le')
  // A run at a time: to ask the expressions about each unit takes 50 ms.
  for (const [runs, kind] of RUNS) for (const run of all.matchAll(runs)) table.fill(kind, run.index, run.index + run[0].length)
  for (let unit = 0x80; unit < 0x10000; unit++) if (table[unit] === OTHER_LETTER) table[unit] = letterKind(unit)
  table.fill(SURROGATE, 0xd800, 0xe000)
  table[END_UNIT] = END
  return table
}

function letterKind (unit: number): number {
  if (unit < 0x250 || (unit >= 0x1e00 && unit < 0x1f00)) return LATIN
  if (unit >= 0x370 && unit < 0x530) return CYRILLIC
  if (unit >= 0x3041 && unit < 0x30a0) return HIRAGANA
  if (unit >= 0x30a0 && unit < 0x3100) return KATAKANA
  if (unit >= 0xac00 && unit < 0xd7a4) return HANGUL
  return unit === 0x3005 || (unit >= 0x3400 && unit < 0xa000) || (unit >= 0xf900 && unit < 0xfb00) ? HAN : OTHER_LETTER
}

/** What stands before a word, as far as it matters to its cost. */
export const NOTHING = 0
export const AFTER_BLANK = 1
const AFTER_SOFT_MARK = 2
const AFTER_HALF_MARK = 3
const AFTER_HARD_MARK = 4
export const AFTER_DIGIT = 5
export const AFTER_LETTER = 6
const PREFIXES = 7

/** How well a mark goes into one token with the word behind it: of `.name` the vocabulary has many, of `"name` few. */
export function markBefore (unit: number): number {
  if (unit < 0x80) return MARKS_BEFORE[unit]!
  return AFTER_HARD_MARK
}

const MARKS_BEFORE = Uint8Array.from({ length: 0x80 }, (_, unit) => {
  const character = String.fromCharCode(unit)
  return '._(<\\\t'.includes(character) ? AFTER_SOFT_MARK : '/-=#@'.includes(character) ? AFTER_HALF_MARK : AFTER_HARD_MARK
})

/** The shapes of a word of ASCII letters: `word`, `Word`, `WORD`, `WORDword`. */
export const SMALL = 0
export const CAPITALISED = 1
export const CAPITALS = 2
export const MIXED = 3

const LONGEST = 31
/** Word lengths for which the rows below give the cost; between them it rises evenly, behind the last as before it. */
const LENGTHS = [1, 2, 3, 4, 6, 8, 11, 15, 20]
/** By shape, then by what stands before the word. */
const WORDS = [
  [100, 101, 105, 112, 112, 187, 187, 383, 478],
  [100, 100, 101, 102, 105, 118, 138, 215, 378],
  [100, 103, 108, 112, 114, 149, 186, 310, 424],
  [104, 141, 134, 143, 169, 194, 248, 416, 486],
  [134, 170, 183, 190, 210, 250, 250, 351, 473],
  [100, 108, 155, 209, 297, 374, 415, 536, 644],
  [101, 111, 110, 115, 121, 156, 176, 309, 453],

  [100, 100, 105, 112, 125, 152, 198, 310, 561],
  [100, 100, 102, 106, 113, 138, 161, 259, 546],
  [116, 120, 125, 124, 136, 174, 212, 325, 609],
  [187, 189, 192, 190, 188, 214, 223, 270, 424],
  [201, 212, 222, 224, 232, 247, 247, 304, 519],
  [100, 129, 192, 228, 256, 294, 333, 453, 745],
  [104, 122, 140, 121, 108, 110, 118, 183, 408],

  [100, 107, 126, 135, 165, 208, 339, 341, 385],
  [100, 101, 115, 123, 138, 156, 236, 300, 420],
  [103, 111, 125, 131, 146, 187, 328, 375, 467],
  [116, 157, 198, 223, 252, 287, 409, 438, 506],
  [166, 200, 238, 262, 293, 326, 432, 432, 456],
  [100, 122, 180, 234, 342, 458, 693, 870, 1123],
  [100, 114, 168, 219, 336, 463, 712, 908, 1183],

  [100, 121, 150, 180, 250, 285, 300, 340, 440],
  [100, 110, 126, 153, 219, 254, 275, 320, 420],
  [110, 130, 158, 194, 279, 320, 330, 360, 460],
  [164, 208, 253, 297, 392, 433, 440, 480, 560],
  [189, 237, 284, 332, 443, 514, 520, 550, 600],
  [112, 157, 202, 247, 363, 469, 533, 668, 841],
  [127, 165, 204, 242, 350, 431, 450, 500, 600]
]

const WORD_COSTS = Uint16Array.from(WORDS.flatMap(row => Array.from({ length: LONGEST + 1 }, (_, length) => interpolate(row, length))))

function interpolate (row: readonly number[], length: number): number {
  let right = LENGTHS.findIndex(known => known >= length)
  if (right === -1) right = LENGTHS.length - 1
  if (right === 0) return row[0]!
  const slope = (row[right]! - row[right - 1]!) / (LENGTHS[right]! - LENGTHS[right - 1]!)
  return Math.round(row[right]! + slope * (length - LENGTHS[right]!))
}

/** What a word of ASCII letters costs. Very long ones are data: they cost by length. */
export function wordCost (shape: number, before: number, length: number): number {
  const row = (shape * PREFIXES + before) * (LONGEST + 1)
  if (length <= LONGEST) return WORD_COSTS[row + length]!
  const last = WORD_COSTS[row + LONGEST]!
  return last + (length - LONGEST) * (last - WORD_COSTS[row + LONGEST - 1]!)
}

/** Rows of ASCII punctuation, by how often the mark changes within: `);` once. */
const MARKS = Uint16Array.from([99, 102, 125, 163, 176, 250, 322, 368, 475])
const FURTHER_CHANGE = 60
/** For each mark that repeats the one before it, in a row of more than one kind. */
const REPEATED_MARK = 13
const REPEATED_WIDE_MARK = 28
/** Of one mark, tokens are as long as this, or so: rules across the page. */
const RULE = 64
/** For each mark beyond ASCII, over the token that a row costs: by kind, from `WIDE_MARK` on. */
export const WIDE_MARKS = Uint8Array.from([31, 24, 95])

/** What a row of punctuation costs. `wide` is the sum for its marks beyond ASCII, `newline` whether one ends it. */
export function marksCost (changes: number, repeated: number, wide: number, newline: boolean): number {
  if (wide !== 0) return TOKEN + wide + Math.min(repeated, 20) * REPEATED_WIDE_MARK + Math.floor(repeated / RULE * 4) * TOKEN
  // A newline goes into the token of one or two marks, not into that of a rule.
  if (changes === 0) return MARKS[0]! + Math.floor(repeated / RULE) * TOKEN + (newline && repeated >= 2 ? TOKEN : 0)
  const further = Math.max(0, changes - MARKS.length + 1)
  return MARKS[changes - further]! + further * FURTHER_CHANGE + Math.min(repeated, 3) * REPEATED_MARK
}

/** Of Han, kana and Hangul, a piece that is a token, and a character that is none. */
export const EAST_ASIAN_PIECE = 106
export const RARE_CHARACTER = 220

/** Beside the letters themselves, if a word of another script has a mark before it. */
export const MARK_BEFORE_LETTERS = 58
/** Per kind of letter: what the first, the second, the third and each further of a row costs. */
export const LETTERS = Uint8Array.from([
  10, 27, 35, 13, // ASCII letters of a word with some beyond ASCII
  110, 4, 12, 5, // ASCII letters of a clause in another script
  86, 42, 53, 60, // Latin beyond ASCII
  0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, // East Asian: by piece
  97, 3, 4, 18, // Cyrillic, Greek
  100, 20, 25, 30 // the rest
])
