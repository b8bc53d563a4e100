import { type JsonObject, type JsonValue, isJsonObject } from '../../wire/json.ts'
import { joinPath } from '../path.ts'
import { matchItems } from './identity.ts'
import { matchMasked } from './match-masked.ts'
import { MASK, type Place, maskText, placeOf } from './secret-places.ts'

export { MASK } from './secret-places.ts'

/** A copy in which secrets are masked: credentials by the name of their member, those in URLs and headers, and what looks like one. References stay. */
export function maskSecrets (document: JsonValue): JsonValue {
  return mapTexts(document, 'open', maskText)
}

/** The texts of a document that are secret, whole or in part. */
export function secretsOf (document: JsonValue): string[] {
  const found = new Set<string>()
  mapTexts(document, 'open', (text, place) => maskText(text, place, secret => found.add(secret)))
  // One that was masked before is none.
  found.delete(MASK)
  return [...found]
}

/** A mask; more stars in a row are a pattern of somebody's. */
const MASKED = /(?<!\*)\*{8}(?!\*)/

/** A line for each mask of a document: it is what is shown of a secret, and none. */
export function maskProblems (document: JsonValue): string[] {
  return unmaskSecrets(document, null).problems
}

/** What is shorter is in many a word that is none. */
const SHORTEST = 6

/**
 * Takes the secrets of documents out of what is said of them: a file of the user's may repeat in its errors what it was given.
 * @returns a function that masks them in a text
 */
export function withoutSecretsOf (...documents: readonly JsonValue[]): (text: string) => string {
  // The longest first: one may begin as another does.
  const secrets = [...new Set(documents.flatMap(secretsOf))].filter(({ length }) => length >= SHORTEST).sort((a, b) => b.length - a.length)
  return text => secrets.reduce((masked, secret) => masked.replaceAll(secret, MASK), text)
}

function mapTexts (value: JsonValue, place: Place, map: (text: string, place: Place) => string): JsonValue {
  if (typeof value === 'string') return map(value, place)
  if (Array.isArray(value)) return value.map(item => mapTexts(item, place, map))
  if (!isJsonObject(value)) return value
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, mapTexts(member as JsonValue, placeOf(name, place), map)])) as JsonObject
}

/** A document in which masks were replaced by what they stand for. */
export interface Unmasked {
  readonly document: JsonValue
  /** A line for each mask that stands for nothing. */
  readonly problems: string[]
}

/**
 * Gives masks back what they stand for: what the document in force has in the same place. Items of lists are found by their name,
 * so that a provider keeps its key wherever it is moved to.
 */
export function unmaskSecrets (document: JsonValue, current: JsonValue): Unmasked {
  const problems: string[] = []
  return { document: unmask(document, current, { path: '', place: 'open', problems }), problems }
}

interface Spot { readonly path: string, readonly place: Place, readonly problems: string[] }

function unmask (value: JsonValue, current: JsonValue | undefined, spot: Spot): JsonValue {
  if (typeof value === 'string') return unmaskText(value, current, spot)
  if (Array.isArray(value)) return unmaskList(value, Array.isArray(current) ? current : [], spot)
  if (!isJsonObject(value)) return value
  const known = isJsonObject(current) ? current : {}
  return Object.fromEntries(Object.entries(value).map(([name, member]) => {
    const there = Object.hasOwn(known, name) ? known[name] as JsonValue : undefined
    return [name, unmask(member as JsonValue, there, { ...spot, path: joinPath(spot.path, name), place: placeOf(name, spot.place) })]
  })) as JsonObject
}

function unmaskList (list: readonly JsonValue[], current: readonly JsonValue[], spot: Spot): JsonValue[] {
  const known = matchItems(list.map(item => ({ item })), current.map(item => ({ item })), ({ item }) => item)
  const texts = matchMasked(list, current, item => typeof item === 'string' ? maskText(item, spot.place) : undefined)
  return list.map((item, i) => unmask(item, typeof item === 'string' ? texts[i] : known[i]?.item, { ...spot, path: joinPath(spot.path, i) }))
}

function unmaskText (text: string, current: JsonValue | undefined, { path, place, problems }: Spot): string {
  if (!text.includes(MASK)) return text
  const secrets: string[] = []
  if (typeof current === 'string' && maskText(current, place, secret => secrets.push(secret)) === text) return current
  const parts = text.split(MASKED)
  if (parts.length === 1) return text
  if (parts.length === secrets.length + 1) {
    const whole = parts.map((part, i) => part + (secrets[i] ?? '')).join('')
    // A mask that was moved to where a secret would be shown gets none.
    if (maskText(whole, place) === text) return whole
  }
  problems.push(`${path}: is masked, and there is nothing here yet that it could stand for; write it in full, or as a reference such as $OPENROUTER_API_KEY`)
  return text
}
