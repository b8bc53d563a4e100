import { isDeepStrictEqual } from 'node:util'
import { type JsonObject, type JsonValue, isJsonObject } from '../../wire/json.ts'
import { joinPath } from '../path.ts'
import { identityOf, matchItems } from './identity.ts'
import { maskSecrets } from './secrets.ts'

/** What is different in one place of a document. */
export interface Difference {
  /** `Providers[0].models[1]`; what was taken away is told by where it was. */
  readonly path: string
  readonly op: 'added' | 'removed' | 'changed'
  /** Secrets masked; so are both where a secret was changed. */
  readonly before?: JsonValue
  readonly after?: JsonValue
}

/** The most that are told. */
const MAX = 500

/** A value, and what is shown of it. */
interface Shown { readonly value: JsonValue, readonly shown: JsonValue }

/**
 * What is different between two documents. Items of lists that have a name are compared by that; one that is not told in full
 * says how many more there are.
 */
export function differences (before: JsonValue, after: JsonValue): Difference[] {
  const found: Difference[] = []
  compare({ value: before, shown: maskSecrets(before) }, { value: after, shown: maskSecrets(after) }, '', found)
  if (found.length <= MAX) return found
  return [...found.slice(0, MAX - 1), { path: '', op: 'changed', after: `and ${found.length - MAX + 1} more` }]
}

function compare (before: Shown, after: Shown, path: string, found: Difference[]): void {
  if (isDeepStrictEqual(before.value, after.value)) return
  if (isJsonObject(before.value) && isJsonObject(after.value)) return compareObjects(before, after, path, found)
  if (Array.isArray(before.value) && Array.isArray(after.value) && isNamed(before.value) && isNamed(after.value)) return compareLists(before, after, path, found)
  found.push({ path, op: 'changed', before: before.shown, after: after.shown })
}

function isNamed (list: readonly JsonValue[]): boolean {
  return list.every(item => isJsonObject(item) && identityOf(item) !== undefined)
}

function compareObjects (before: Shown, after: Shown, path: string, found: Difference[]): void {
  const [known, now] = [before.value as JsonObject, after.value as JsonObject]
  for (const name of new Set([...Object.keys(known), ...Object.keys(now)])) {
    pair(memberOf(before, known, name), memberOf(after, now, name), joinPath(path, name), found)
  }
}

function memberOf ({ shown }: Shown, object: JsonObject, name: string): Shown | undefined {
  return Object.hasOwn(object, name) ? { value: object[name] as JsonValue, shown: (shown as JsonObject)[name] as JsonValue } : undefined
}

function compareLists (before: Shown, after: Shown, path: string, found: Difference[]): void {
  const [known, now] = [itemsOf(before), itemsOf(after)]
  const matches = matchItems(now, known, ({ value }) => value)
  const order = matches.filter(match => match !== undefined)
  now.forEach((item, i) => pair(matches[i], item, joinPath(path, i), found))
  known.forEach((item, i) => { if (!matches.includes(item)) pair(item, undefined, joinPath(path, i), found) })
  const moved = !isDeepStrictEqual(order, known.filter(item => order.includes(item)))
  if (moved) found.push({ path, op: 'changed', before: known.map(({ shown }) => identityOf(shown) ?? null), after: now.map(({ shown }) => identityOf(shown) ?? null) })
}

function itemsOf ({ value, shown }: Shown): Shown[] {
  return (value as JsonValue[]).map((item, i) => ({ value: item, shown: (shown as JsonValue[])[i] as JsonValue }))
}

function pair (before: Shown | undefined, after: Shown | undefined, path: string, found: Difference[]): void {
  if (before === undefined && after !== undefined) found.push({ path, op: 'added', after: after.shown })
  else if (before !== undefined && after === undefined) found.push({ path, op: 'removed', before: before.shown })
  else if (before !== undefined && after !== undefined) compare(before, after, path, found)
}
