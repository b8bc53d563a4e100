import { type JsonValue, isJsonObject } from '../../wire/json.ts'

/**
 * What an item of a list is known by, wherever it stands: providers, keys and rules by their name, files by their path, what a
 * `use` list names by that; undefined for all others, which are known by their place.
 */
export function identityOf (item: JsonValue | undefined): string | undefined {
  if (isJsonObject(item)) {
    const name = item['name'] ?? item['path']
    return typeof name === 'string' ? name : undefined
  }
  return Array.isArray(item) && typeof item[0] === 'string' ? item[0] : undefined
}

/** For each item of a list, the one of another list that it is; undefined where there is none. Each is taken once. */
export function matchItems<T> (items: readonly T[], others: readonly T[], value: (item: T) => JsonValue): (T | undefined)[] {
  const free = new Set(others)
  const known = new Map<string, T[]>()
  for (const other of others) {
    const identity = identityOf(value(other))
    if (identity !== undefined) known.set(identity, [...known.get(identity) ?? [], other])
  }
  const byIdentity = items.map(item => {
    const identity = identityOf(value(item))
    const other = identity === undefined ? undefined : known.get(identity)?.shift()
    if (other !== undefined) free.delete(other)
    return other
  })
  // What has another name now, or none, is what stands in its place, if that is not another's.
  return items.map((_item, i) => {
    const other = byIdentity[i] ?? others[i]
    if (other === undefined || (byIdentity[i] === undefined && !free.has(other))) return undefined
    free.delete(other)
    return other
  })
}
