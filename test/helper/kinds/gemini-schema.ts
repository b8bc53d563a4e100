import { type JsonObject, isJsonObject } from '../../../src/wire/json.ts'

/** What `parametersJsonSchema` and `responseJsonSchema` know (https://ai.google.dev/api/generate-content, responseJsonSchema). */
const KEYWORDS = new Set(['$id', '$defs', '$ref', '$anchor', 'type', 'format', 'title', 'description', 'enum', 'items', 'prefixItems', 'minItems', 'maxItems', 'minimum', 'maximum', 'anyOf', 'oneOf', 'properties', 'additionalProperties', 'required', 'propertyOrdering'])
const FORMATS = { string: ['date-time', 'date', 'time'], other: ['int32', 'int64', 'float', 'double'] }

/** What Gemini would refuse in a whole schema. */
export function schemaProblems (schema: unknown): string[] {
  if (!isJsonObject(schema)) return [`a schema that is none: ${JSON.stringify(schema)}`]
  const definitions = isJsonObject(schema['$defs']) ? Object.entries(schema['$defs']) : []
  const named = new Map<string, unknown>([['#', schema], ...definitions.map(([name, definition]): [string, unknown] => [`#/$defs/${name}`, definition])])
  return [
    ...('$ref' in schema ? ['the schema itself is a mere $ref'] : []),
    ...problems(schema, named),
    ...[...named].flatMap(([name, definition]) => endless(definition, [name], named) ? [`a cyclic reference that is not within a non-required property: ${name}`] : [])
  ]
}

function problems (schema: unknown, named: ReadonlyMap<string, unknown>): string[] {
  if (typeof schema === 'boolean') return []
  if (!isJsonObject(schema)) return [`a schema that is none: ${JSON.stringify(schema)}`]
  const { $ref: reference, $defs: definitions, properties, required = [], format, enum: values = [] } = schema
  return [
    ...Object.keys(schema).filter(keyword => !KEYWORDS.has(keyword)).map(keyword => `Invalid JSON payload received. Unknown name "${keyword}" at 'parameters_json_schema'`),
    ...(reference !== undefined && Object.keys(schema).some(keyword => !keyword.startsWith('$')) ? ['a $ref with other keywords beside it'] : []),
    ...(reference !== undefined && !named.has(String(reference)) ? [`a $ref to nothing: ${String(reference)}`] : []),
    ...(Array.isArray(values) && values.every(value => typeof value === 'string' || typeof value === 'number') ? [] : ['enum: strings or numbers only']),
    ...(Array.isArray(required) && required.every(name => isJsonObject(properties) && Object.hasOwn(properties, String(name))) ? [] : [`required: ${JSON.stringify(required)} are not all defined`]),
    ...(format === undefined || formatsOf(schema).includes(String(format)) ? [] : [`format: ${String(format)}`]),
    ...[...mapped(properties), ...mapped(definitions), ...unnamed(schema)].flatMap(inner => problems(inner, named))
  ]
}

function formatsOf ({ type = 'string' }: JsonObject): string[] {
  return [type].flat().includes('string') ? FORMATS.string : FORMATS.other
}

/** Whether a value must hold another of a definition that it stands in. */
function endless (schema: unknown, open: readonly string[], named: ReadonlyMap<string, unknown>): boolean {
  if (!isJsonObject(schema)) return false
  const { $ref: reference, properties, required = [] } = schema
  if (typeof reference === 'string') return open.includes(reference) || endless(named.get(reference), [...open, reference], named)
  const demanded = isJsonObject(properties) ? Object.entries(properties).filter(([name]) => Array.isArray(required) && required.includes(name)).map(([, inner]) => inner) : []
  return [...demanded, ...unnamed(schema)].some(inner => endless(inner, open, named))
}

/** The schemas of what has no name in it. */
function unnamed ({ items, additionalProperties, prefixItems = [], anyOf = [], oneOf = [] }: JsonObject): unknown[] {
  return [items, additionalProperties, ...[prefixItems, anyOf, oneOf].flat()].filter(inner => inner !== undefined)
}

function mapped (map: unknown): unknown[] {
  return isJsonObject(map) ? Object.values(map) : []
}
