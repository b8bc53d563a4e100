import { type JsonObject, type JsonValue, isJsonObject } from '../../src/wire/json.ts'

/** An input that a tool's schema allows: its required properties, the first text being what the user gave. */
export function exampleOf (schema: JsonObject, given: string | undefined): JsonObject {
  const properties = isJsonObject(schema['properties']) ? schema['properties'] : {}
  const required = Array.isArray(schema['required']) ? schema['required'] : []
  const input: JsonObject = {}
  let text = given
  for (const name of required) {
    const property = properties[String(name)]
    const isText = isJsonObject(property) && property['type'] === 'string' && !Array.isArray(property['enum'])
    input[String(name)] = isText && text !== undefined ? text : exampleValue(property)
    if (isText) text = undefined
  }
  return input
}

function exampleValue (schema: JsonValue | undefined): JsonValue {
  if (!isJsonObject(schema)) return 'demo'
  if (Array.isArray(schema['enum'])) return schema['enum'][0] ?? null
  if (schema['const'] !== undefined) return schema['const']
  switch (schema['type']) {
    case 'integer': case 'number': return typeof schema['minimum'] === 'number' ? schema['minimum'] : 1
    case 'boolean': return false
    case 'array': return []
    case 'object': return exampleOf(schema, undefined)
    default: return 'demo'
  }
}
