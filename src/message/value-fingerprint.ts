import type { Fingerprint } from './token-memo.ts'

/** As deep as values are counted (src/message/json-tokens.ts): what lies deeper makes no difference there. */
const MAX_DEPTH = 64
/** Marks for what is no text: no length of one is negative, so that `["a"]` and `"a"` differ. */
const LIST = -1
const OBJECT = -2
const END = -3
const NUMBER = -4
const OTHER = -5

/**
 * Mixes a value of JSON into a fingerprint, texts by their length and some of their code units: a text of any length costs
 * the same, so this is a small part of what counting the value would take.
 */
export function addValue (fingerprint: Fingerprint, value: unknown, depth = 0): Fingerprint {
  if (typeof value === 'string') return fingerprint.addText(value)
  if (typeof value === 'number') return fingerprint.add(NUMBER).addText(String(value))
  if (typeof value !== 'object' || value === null || depth === MAX_DEPTH) return fingerprint.add(OTHER)
  if (Array.isArray(value)) {
    fingerprint.add(LIST)
    for (const item of value) addValue(fingerprint, item, depth + 1)
  } else {
    fingerprint.add(OBJECT)
    for (const key in value) addValue(addName(fingerprint, key), (value as Record<string, unknown>)[key], depth + 1)
  }
  return fingerprint.add(END)
}

/** Names are many and short, and those of one length cost about the same. */
function addName (fingerprint: Fingerprint, name: string): Fingerprint {
  return fingerprint.add((name.length << 16) | name.charCodeAt(0))
}
