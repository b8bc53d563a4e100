import { Ajv } from 'ajv'
import type { OptionSchemas } from '../provider.ts'
import { QUICK_AJV } from '../quick-ajv.ts'
import type { JsonObject, JsonValue } from '../wire/json.ts'

/** Two files, or a file that is read anew, may give their schemas the same `$id`. */
const ajv = new Ajv({ allErrors: true, strict: false, addUsedSchema: false, ...QUICK_AJV })

/** What a transformer has of its own to say of its options. */
interface Described { readonly name: string, readonly options?: OptionSchemas }

/**
 * The options that stand behind a transformer's name in `use`.
 * @param problems gets a line for each that it does not have, or not in this form
 * @returns undefined where there was one
 */
export function readOptions ({ name, options: schemas }: Described, given: JsonObject, path: string, problems: string[]): JsonObject | undefined {
  if (schemas === undefined) return given
  const before = problems.length
  const options = Object.fromEntries(Object.entries(given).map(([option, value]) => {
    const schema = Object.hasOwn(schemas, option) ? schemas[option] : undefined
    if (schema === undefined) problems.push(`${path}: ${name} has no option ${option}; it has ${Object.keys(schemas).join(', ') || 'none'}`)
    const meant = valueOf(value, schema)
    // The errors are those of the last value only.
    if (schema !== undefined && meant !== undefined && !ajv.validate(schema, meant)) problems.push(`${path}: the option ${option} of ${name} ${ajv.errorsText(ajv.errors, { dataVar: '' }).trim()}`)
    return [option, meant]
  }))
  return problems.length === before ? options : undefined
}

/** The editor of claude-code-router writes every value as a text. */
function valueOf (value: JsonValue | undefined, schema: JsonObject | undefined): JsonValue | undefined {
  if (typeof value !== 'string') return value
  switch (schema?.['type']) {
    case 'integer': case 'number': return /^-?\d+(\.\d+)?$/.test(value) ? Number(value) : value
    case 'boolean': return value === 'true' || (value === 'false' ? false : value)
    default: return value
  }
}

/** What is wrong with the schemas that a user's transformer has for its options. */
export function schemaProblem (schemas: OptionSchemas): string | undefined {
  for (const [option, schema] of Object.entries(schemas)) {
    try {
      ajv.compile(schema)
    } catch (error) {
      return `has an option ${option} whose JSON Schema cannot be used: ${(error as Error).message}`
    }
  }
  return undefined
}
