import { type JsonObject, type JsonValue, isJsonObject } from '../../src/wire/json.ts'
import { mergeAllOf } from './merge-schemas.ts'

/** Keywords that Gemini takes as they are (https://ai.google.dev/api/generate-content, responseJsonSchema); others are refused, or change their form below. */
const PLAIN = new Set(['$id', '$anchor', 'type', 'title', 'description', 'minItems', 'maxItems', 'minimum', 'maximum', 'propertyOrdering'])
/** Forms of a string that are known (https://ai.google.dev/gemini-api/docs/structured-output). */
const FORMATS = new Set(['date-time', 'date', 'time'])

/**
 * A JSON Schema with the keywords that Gemini knows. What can be said in them is, what cannot is left out: a schema that allows
 * more than it should does less harm than a request that is refused.
 */
export function cleanSchema (schema: JsonObject): JsonObject {
  const whole = Array.isArray(schema['allOf']) ? mergeAllOf(schema) : schema
  const refers = typeof whole['$ref'] === 'string'
  const clean: JsonObject = {}
  for (const keyword in whole) {
    const value = whole[keyword]
    // Beside a reference only keywords that begin like it are allowed.
    if (value === undefined || (refers && !keyword.startsWith('$') && keyword !== 'definitions')) continue
    if (PLAIN.has(keyword)) clean[keyword] = value
    else CONVERT.get(keyword)?.(clean, value, whole)
  }
  if (!refers) finish(clean, whole)
  return clean
}

type Convert = (clean: JsonObject, value: JsonValue, schema: JsonObject) => void

const list = (keyword: string): Convert => (clean, value) => {
  if (Array.isArray(value)) clean[keyword] = value.map(cleanAny)
}

const map = (keyword: string): Convert => (clean, value) => {
  // Defined one by one and not assigned: a property may be called `__proto__`.
  if (isJsonObject(value)) clean[keyword] = Object.fromEntries(Object.entries(value).map(([name, schema]) => [name, cleanAny(schema)]))
}

const CONVERT = new Map<string, Convert>(Object.entries({
  $ref: (clean, value) => { clean['$ref'] = String(value).replace(/^#\/definitions\//, '#/$defs/') },
  $defs: map('$defs'),
  definitions: map('$defs'),
  properties: map('properties'),
  additionalProperties: (clean, value) => { clean['additionalProperties'] = isJsonObject(value) ? cleanSchema(value) : value },
  items: (clean, value) => { clean[Array.isArray(value) ? 'prefixItems' : 'items'] = Array.isArray(value) ? value.map(cleanAny) : cleanAny(value) },
  prefixItems: list('prefixItems'),
  anyOf: list('anyOf'),
  oneOf: list('oneOf'),
  enum: encodeEnum,
  const: (clean, value) => { if (isListable(value)) clean['enum'] = [value] },
  exclusiveMinimum: (clean, value, { type, minimum }) => { if (typeof value === 'number' && minimum === undefined) clean['minimum'] = type === 'integer' ? Math.floor(value) + 1 : value },
  exclusiveMaximum: (clean, value, { type, maximum }) => { if (typeof value === 'number' && maximum === undefined) clean['maximum'] = type === 'integer' ? Math.ceil(value) - 1 : value }
} satisfies Record<string, Convert>))

function isListable (value: unknown): value is string | number {
  return typeof value === 'string' || typeof value === 'number'
}

/** A list without what cannot be listed would forbid it; only `null` is left out. */
function encodeEnum (clean: JsonObject, values: JsonValue): void {
  const listed = Array.isArray(values) ? values.filter(value => value !== null) : []
  if (listed.length > 0 && listed.every(isListable)) clean['enum'] = listed
}

/** `true` allows anything, as the empty schema does; what is no schema at all is taken for it too. */
function cleanAny (schema: JsonValue | undefined): JsonObject {
  return isJsonObject(schema) ? cleanSchema(schema) : {}
}

/** What depends on several keywords. */
function finish (clean: JsonObject, { type, format, description, nullable, required, patternProperties }: JsonObject): void {
  if (typeof format === 'string') {
    if (type !== 'string' || FORMATS.has(format)) clean['format'] = format
    else clean['description'] = description ? `${String(description)} (format: ${format})` : `Format: ${format}`
  }
  if (nullable === true && typeof type === 'string') clean['type'] = [type, 'null']
  if (Array.isArray(required)) encodeRequired(clean, required)
  // Names by a pattern cannot be said, so others must not be forbidden.
  if (isJsonObject(patternProperties)) delete clean['additionalProperties']
}

/** Gemini refuses a required property that is not defined beside it. */
function encodeRequired (clean: JsonObject, required: JsonValue[]): void {
  const { properties } = clean
  const known = isJsonObject(properties) ? required.filter(name => typeof name === 'string' && Object.hasOwn(properties, name)) : []
  if (known.length > 0) clean['required'] = known
}
