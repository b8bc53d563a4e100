import { type JsonObject, type JsonValue, isJsonObject, objectsOf } from '../../src/wire/json.ts'
import type { References } from './schema-references.ts'

/** A schema without `allOf`, and with nothing beside a reference. */
export interface Flat {
  schema: JsonObject
  /** What the schema refers to; all else it says is of no account then. */
  reference?: { definition: JsonObject, name: string }
  open: Open
  /** The same for each property, where they come from several places. */
  around?: ReadonlyMap<JsonObject, Open>
}

/** Definitions that a schema stands in, be it as a copy: another copy of them inside of it would never end. */
export type Open = ReadonlySet<JsonObject>

interface Part { schema: JsonObject, open: Open }

/** What says nothing about a value: it gives way to a reference, beside which Gemini takes no other keyword. */
const ANNOTATIONS = new Set(['$schema', '$id', '$anchor', '$comment', '$defs', 'definitions', 'title', 'description', 'default', 'examples', 'deprecated', 'readOnly', 'writeOnly'])

/**
 * Joins what a schema demands in several places, its `$ref` and its `allOf`: a reference stays one where it stands alone, else
 * what it refers to is copied in.
 */
export function flatten (schema: JsonObject, references: References, open: Open): Flat {
  const name = loneReference(schema) ?? schema['$ref']
  const definition = references.find(name)
  if (definition !== undefined && typeof name === 'string' && (loneReference(schema) !== undefined || open.has(definition))) return { schema, reference: { definition, name }, open }
  return merge(schema, references, open)
}

/** The same without leaving a reference: for the whole schema, which must be an object with its own properties. */
export function merge (schema: JsonObject, references: References, open: Open): Flat {
  if (schema['$ref'] === undefined && !Array.isArray(schema['allOf'])) return { schema, open }
  const all = new Set(open)
  const parts = partsOf({ schema, open }, references, all)
  const around = new Map<JsonObject, Open>()
  for (const part of parts) for (const property of objectsOf(Object.values(part.schema['properties'] ?? {}))) around.set(property, part.open)
  const [own, ...others] = parts
  const merged = own?.schema ?? {}
  for (const part of others) add(part.schema, merged)
  return { schema: merged, open: all, around }
}

/** The only thing that a schema says, if that is a reference. */
function loneReference ({ $ref: reference, allOf, ...others }: JsonObject): string | undefined {
  for (const keyword in others) if (!ANNOTATIONS.has(keyword)) return undefined
  if (allOf === undefined) return typeof reference === 'string' ? reference : undefined
  const [only, ...more] = Array.isArray(allOf) ? allOf : []
  return reference === undefined && more.length === 0 && isJsonObject(only) ? loneReference(only) : undefined
}

/** All that together make the schema; what is its own comes first. Nothing is copied twice. */
function partsOf ({ schema: { $ref: reference, allOf, ...own }, open }: Part, references: References, copied: Set<JsonObject>): Part[] {
  const parts = [{ schema: own, open }, ...objectsOf(allOf).flatMap(schema => partsOf({ schema, open }, references, copied))]
  const definition = references.find(reference)
  if (definition === undefined || copied.has(definition) || !references.copy()) return parts
  copied.add(definition)
  return parts.concat(partsOf({ schema: definition, open: new Set([...open, definition]) }, references, copied))
}

/** The properties and required names of all parts together; of other keywords the first that is there. */
function add ({ properties, required, ...others }: JsonObject, merged: JsonObject): void {
  if (isJsonObject(properties)) merged['properties'] = isJsonObject(merged['properties']) ? join(merged['properties'], properties) : properties
  if (Array.isArray(required)) merged['required'] = [...new Set([...listOf(merged['required']), ...required])]
  for (const keyword in others) merged[keyword] ??= others[keyword]
}

function join (some: JsonObject, more: JsonObject): JsonObject {
  return Object.fromEntries([...Object.entries(some), ...Object.entries(more).filter(([name]) => !Object.hasOwn(some, name))])
}

function listOf (value: JsonValue | undefined): JsonValue[] {
  return Array.isArray(value) ? value : []
}
