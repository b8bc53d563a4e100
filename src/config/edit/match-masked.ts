import type { JsonValue } from '../../wire/json.ts'

/**
 * For each text of a list, the one of the current list that it stands for: the one in its place if that is shown so, else one that
 * is, else the one in its place, if it was changed around its secret and is no copy of another. Undefined where nobody knows which.
 * @param shown what is shown of a text of the current list; undefined for what is no text
 */
export function matchMasked (list: readonly JsonValue[], current: readonly JsonValue[], shown: (item: JsonValue) => string | undefined): (JsonValue | undefined)[] {
  const known = current.map(shown)
  const isShorter = list.length < current.length
  const wanted = countsOf(list)
  const there = countsOf(known)
  // Of several that are shown alike, nobody knows which one was taken away.
  const isUnclear = (text: string): boolean => isShorter && (there.get(text) ?? 0) > Math.max(1, wanted.get(text) ?? 0)
  const inPlace = list.map((item, i) => known[i] !== undefined && known[i] === item)
  const free = new Map<string, number[]>()
  known.forEach((text, i) => { if (text !== undefined && inPlace[i] !== true) listOf(free, text).push(i) })
  for (const places of free.values()) places.reverse()
  const moved = list.map((item, i) => inPlace[i] === true || typeof item !== 'string' ? undefined : free.get(item)?.pop())
  const left = new Set([...free.values()].flat())
  return list.map((item, i) => {
    if (typeof item !== 'string' || isUnclear(item)) return undefined
    const at = inPlace[i] === true ? i : moved[i] ?? (!isShorter && !there.has(item) && left.has(i) ? i : undefined)
    return at === undefined ? undefined : current[at]
  })
}

function countsOf (texts: readonly (JsonValue | undefined)[]): Map<string, number> {
  const counts = new Map<string, number>()
  for (const text of texts) if (typeof text === 'string') counts.set(text, (counts.get(text) ?? 0) + 1)
  return counts
}

function listOf (lists: Map<string, number[]>, name: string): number[] {
  const list = lists.get(name) ?? []
  lists.set(name, list)
  return list
}
