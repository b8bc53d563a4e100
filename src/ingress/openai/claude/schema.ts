import type { MessagesRequest } from '../../../wire/anthropic.ts'
import { type JsonObject, type JsonValue, isJsonObject } from '../../../wire/json.ts'

/** Keywords that stay as they are (https://platform.claude.com/docs/en/build-with-claude/structured-outputs, JSON Schema limitations). */
const PLAIN = new Set(['type', 'title', 'description', 'enum', 'const', 'default', 'required', '$ref'])
/** Keywords with schemas by name. */
const NAMED = new Set(['properties', '$defs', 'definitions'])
const FORMATS = new Set<JsonValue | undefined>(['date-time', 'time', 'date', 'duration', 'email', 'hostname', 'uri', 'ipv4', 'ipv6', 'uuid'])
/** Keywords that say nothing of the value. */
const SILENT = new Set(['$schema', '$id', 'additionalProperties'])

/** The schemas that the answer and strict calls are held to, in the part of JSON Schema that Anthropic's grammars know. */
export function fitSchemas (request: MessagesRequest): void {
  const { output_config: config, tools } = request
  if (config?.format) request.output_config = { ...config, format: { ...config.format, schema: fitSchema(config.format.schema) } }
  if (tools?.some(isStrict)) request.tools = tools.map(tool => isStrict(tool) ? { ...tool, input_schema: fitSchema(tool.input_schema) } : tool)
}

function isStrict <Tool extends { strict?: unknown, input_schema?: unknown }> (tool: Tool): tool is Tool & { input_schema: JsonObject } {
  return tool.strict === true && isJsonObject(tool.input_schema)
}

/** A schema without what is refused: the model reads of that in the description, as with Anthropic's own SDKs. */
function fitSchema (schema: JsonObject): JsonObject {
  const fitted: [string, JsonValue][] = []
  const told: string[] = []
  for (const [keyword, value] of Object.entries(schema)) {
    if (value === undefined || SILENT.has(keyword)) continue
    const known = fitKeyword(keyword, value)
    if (known === undefined) told.push(`${keyword}: ${JSON.stringify(value)}`)
    else fitted.push([known.keyword, known.value])
  }
  if (isOfObjects(schema)) fitted.push(['additionalProperties', false])
  // Defined and not assigned: nothing here is a name of JavaScript's.
  const result = Object.fromEntries(fitted)
  const { description } = schema
  if (told.length > 0) result['description'] = `${typeof description === 'string' ? `${description}\n\n` : ''}{${told.join(', ')}}`
  return result
}

/** @returns undefined for what must be said in words */
function fitKeyword (keyword: string, value: JsonValue): { keyword: string, value: JsonValue } | undefined {
  if (PLAIN.has(keyword)) return { keyword, value }
  if (NAMED.has(keyword) && isJsonObject(value)) return { keyword, value: Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, fitInner(inner)])) }
  if (keyword === 'items' && isJsonObject(value)) return { keyword, value: fitSchema(value) }
  if ((keyword === 'anyOf' || keyword === 'allOf' || keyword === 'oneOf') && Array.isArray(value)) return { keyword: keyword === 'allOf' ? keyword : 'anyOf', value: value.map(fitInner) }
  if (keyword === 'format' && FORMATS.has(value)) return { keyword, value }
  if (keyword === 'minItems' && (value === 0 || value === 1)) return { keyword, value }
  return undefined
}

function fitInner (value: JsonValue | undefined): JsonValue {
  return isJsonObject(value) ? fitSchema(value) : value ?? null
}

function isOfObjects ({ type, properties }: JsonObject): boolean {
  return type === 'object' || (Array.isArray(type) && type.includes('object')) || isJsonObject(properties)
}
