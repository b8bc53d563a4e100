import { type JsonObject, isJsonObject } from '../../src/wire/json.ts'

/** The keywords of OpenAI's strict schemas (https://platform.openai.com/docs/guides/structured-outputs#supported-schemas). */
const KEYWORDS = new Set(['$schema', '$id', '$defs', 'definitions', 'title', 'description', 'type', 'enum', 'const', 'anyOf', 'properties', 'required', 'additionalProperties', 'items',
  'pattern', 'format', 'multipleOf', 'minimum', 'maximum', 'exclusiveMinimum', 'exclusiveMaximum', 'minItems', 'maxItems'])

const FORMATS = new Set(['date-time', 'time', 'date', 'duration', 'email', 'hostname', 'ipv4', 'ipv6', 'uuid'])

/**
 * Whether OpenAI would take a schema as strict: an object at the root, every object closed and its properties all
 * required, nothing that may be anything, and no other keywords. One that is declared strict and is not gets the whole
 * request refused.
 */
export function isStrictSchema (schema: JsonObject): boolean {
  return schema['type'] === 'object' && isStrict(schema)
}

function isStrict (schema: unknown): boolean {
  if (!isJsonObject(schema)) return false
  const keywords = Object.keys(schema)
  // A reference takes nothing beside it.
  if (schema['$ref'] !== undefined) return keywords.length === 1
  if (!keywords.every(keyword => KEYWORDS.has(keyword))) return false
  if (schema['format'] !== undefined && !FORMATS.has(String(schema['format']))) return false
  const { anyOf, type } = schema
  if (type === undefined ? !Array.isArray(anyOf) : !isStrictOfType(schema, Array.isArray(type) ? type : [type])) return false
  return (!Array.isArray(anyOf) || anyOf.every(isStrict)) && areStrict(schema['$defs']) && areStrict(schema['definitions'])
}

function isStrictOfType (schema: JsonObject, types: readonly unknown[]): boolean {
  if (types.includes('object') && !isClosed(schema)) return false
  return !types.includes('array') || isStrict(schema['items'])
}

function isClosed ({ properties, required, additionalProperties }: JsonObject): boolean {
  return additionalProperties === false && isJsonObject(properties) && Array.isArray(required) &&
    Object.keys(properties).every(name => required.includes(name)) && areStrict(properties)
}

function areStrict (schemas: unknown): boolean {
  return schemas === undefined || (isJsonObject(schemas) && Object.values(schemas).every(isStrict))
}
