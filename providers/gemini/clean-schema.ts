import { type JsonObject, type JsonValue, isJsonObject } from '../../src/wire/json.ts'
import { breakCycles } from './break-cycles.ts'
import { type Flat, type Open, flatten, merge } from './merge-schemas.ts'
import { References } from './schema-references.ts'

/** Keywords that Gemini takes as they are (https://ai.google.dev/api/generate-content, responseJsonSchema); others are refused, or change their form below. */
const PLAIN = new Set(['type', 'title', 'description', 'minItems', 'maxItems', 'minimum', 'maximum', 'propertyOrdering'])
/** Forms of texts and numbers that are known (https://ai.google.dev/gemini-api/docs/structured-output). */
const TEXT_FORMATS = new Set(['date-time', 'date', 'time'])
const NUMBER_FORMATS = new Set(['int32', 'int64', 'float', 'double'])

/**
 * A JSON Schema with the keywords that Gemini knows. What can be said in them is, what cannot is left out: a schema that allows
 * more than it should does less harm than a request that is refused.
 */
export function cleanSchema (schema: JsonObject): JsonObject {
  const references = new References(schema)
  const cleaner = new Cleaner(references)
  const clean = cleaner.flat(merge(schema, references, new Set([schema])))
  if (!references.used) return clean
  const definitions: [string, JsonObject][] = []
  // The names grow meanwhile: a definition may refer to others.
  for (const [definition, name] of references.names) definitions.push([name, cleaner.schema(definition, new Set([definition]))])
  if (definitions.length > 0) clean['$defs'] = Object.fromEntries(definitions)
  breakCycles(clean)
  return clean
}

class Cleaner {
  readonly #references: References

  constructor (references: References) {
    this.#references = references
  }

  schema (schema: JsonObject, open: Open): JsonObject {
    return this.flat(flatten(schema, this.#references, open))
  }

  flat (flat: Flat): JsonObject {
    const { schema, reference } = flat
    if (reference !== undefined) return { $ref: this.#references.refer(reference.definition, reference.name) }
    const clean: JsonObject = {}
    for (const keyword in schema) {
      const value = schema[keyword]
      if (value === undefined) continue
      if (PLAIN.has(keyword)) clean[keyword] = value
      else if (INNER.has(keyword)) this.#inner(clean, keyword, value, flat)
      else CONVERT.get(keyword)?.(clean, value, schema)
    }
    finish(clean, schema)
    return clean
  }

  #inner (clean: JsonObject, keyword: string, value: JsonValue, { open, around }: Flat): void {
    if (keyword === 'properties') {
      // Defined one by one and not assigned: a property may be called `__proto__`.
      if (isJsonObject(value)) clean[keyword] = Object.fromEntries(Object.entries(value).map(([name, schema]) => [name, this.#any(schema, around?.get(schema as JsonObject) ?? open)]))
    } else if (keyword === 'additionalProperties') clean[keyword] = isJsonObject(value) ? this.schema(value, open) : value
    else if (Array.isArray(value)) clean[keyword === 'items' ? 'prefixItems' : keyword] = value.map(schema => this.#any(schema, open))
    else if (keyword === 'items') clean[keyword] = this.#any(value, open)
  }

  /** `true` allows anything, as the empty schema does; what is no schema at all is taken for it too. */
  #any (schema: JsonValue | undefined, open: Open): JsonObject {
    return isJsonObject(schema) ? this.schema(schema, open) : {}
  }
}

/** Keywords that hold schemas. */
const INNER = new Set(['properties', 'additionalProperties', 'items', 'prefixItems', 'anyOf', 'oneOf'])

type Convert = (clean: JsonObject, value: JsonValue, schema: JsonObject) => void

const CONVERT = new Map<string, Convert>(Object.entries({
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

/** What depends on several keywords. */
function finish (clean: JsonObject, { type, format, description, nullable, required, patternProperties }: JsonObject): void {
  if (typeof format === 'string') {
    if ((mayBeText(type) ? TEXT_FORMATS : NUMBER_FORMATS).has(format)) clean['format'] = format
    else clean['description'] = description ? `${String(description)} (format: ${format})` : `Format: ${format}`
  }
  if (nullable === true && typeof type === 'string') clean['type'] = [type, 'null']
  if (Array.isArray(required)) encodeRequired(clean, required)
  // Names by a pattern cannot be said, so others must not be forbidden.
  if (isJsonObject(patternProperties)) delete clean['additionalProperties']
}

function mayBeText (type: JsonValue | undefined): boolean {
  return type === undefined || type === 'string' || (Array.isArray(type) && type.includes('string'))
}

/** Gemini refuses a required property that is not defined beside it. */
function encodeRequired (clean: JsonObject, required: JsonValue[]): void {
  const { properties } = clean
  const known = isJsonObject(properties) ? required.filter(name => typeof name === 'string' && Object.hasOwn(properties, name)) : []
  if (known.length > 0) clean['required'] = known
}
