import { type JsonObject, type JsonValue, isJsonObject } from '../../src/wire/json.ts'

/** A schema without its `allOf`: the properties and required names of all parts together; of other keywords the first that is there. */
export function mergeAllOf ({ allOf, ...schema }: JsonObject): JsonObject {
  const merged: JsonObject = schema
  for (const part of listOf(allOf)) {
    if (!isJsonObject(part)) continue
    const { properties, required, ...others } = Array.isArray(part['allOf']) ? mergeAllOf(part) : part
    if (isJsonObject(properties)) merged['properties'] = isJsonObject(merged['properties']) ? addTo(merged['properties'], properties) : properties
    if (Array.isArray(required)) merged['required'] = [...new Set([...listOf(merged['required']), ...required])]
    for (const keyword in others) merged[keyword] ??= others[keyword]
  }
  return merged
}

function addTo (some: JsonObject, more: JsonObject): JsonObject {
  return Object.fromEntries([...Object.entries(some), ...Object.entries(more).filter(([name]) => !Object.hasOwn(some, name))])
}

function listOf (value: JsonValue | undefined): JsonValue[] {
  return Array.isArray(value) ? value : []
}
