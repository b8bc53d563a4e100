import { type JsonObject, type JsonValue, isJsonObject } from '../../wire/json.ts'

/**
 * A JSON merge patch (RFC 7396): members of the patch take the place of those there, null takes one away, and anything but an
 * object takes the place of all.
 * @returns a new value; neither of the given ones is changed
 */
export function mergePatch (target: JsonValue | undefined, patch: JsonValue): JsonValue {
  if (!isJsonObject(patch)) return patch
  const merged = new Map(Object.entries(isJsonObject(target) ? target : {}))
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) merged.delete(name)
    else merged.set(name, mergePatch(merged.get(name), value as JsonValue))
  }
  // Not by assignment: a member named __proto__ is one like all others.
  return Object.fromEntries(merged) as JsonObject
}
