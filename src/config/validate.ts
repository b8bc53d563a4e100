import { Ajv, type ErrorObject } from 'ajv'
import { QUICK_AJV } from '../quick-ajv.ts'
import { joinPath, shortened } from './path.ts'
import { type ConfigDocument, configSchema } from './schema.ts'

const ajv = new Ajv({ allErrors: true, verbose: true, allowUnionTypes: true, strictTypes: false, ...QUICK_AJV })
const check = ajv.compile<ConfigDocument>(configSchema)

/** What is wrong with the form of a document, one line a problem; empty for a good one. */
export function formProblems (document: unknown): string[] {
  if (check(document)) return []
  const errors = (check.errors ?? []).filter(({ keyword }) => keyword !== 'anyOf' && keyword !== 'propertyNames')
  return [...new Set(errors.map(problem))]
}

function problem (error: ErrorObject): string {
  const path = pathOf(error.instancePath)
  const { params, propertyName } = error
  if (propertyName !== undefined) return `${path}: the name "${shortened(propertyName)}" ${error.message}`
  switch (error.keyword) {
    case 'required': return `${joinPath(path, String(params['missingProperty']))}: is missing`
    case 'additionalProperties': return `${joinPath(path, String(params['additionalProperty']))}: there is no such key${suggestion(error)}`
    case 'enum': return `${path}: must be one of ${(params['allowedValues'] as unknown[]).join(', ')}`
    case 'pattern': return `${path}: ${PATTERNS[String(params['pattern'])] ?? error.message}`
    default: return `${path || 'the document'}: ${error.message}`
  }
}

const PATTERNS: Record<string, string> = {
  '^[^,]+,.+$': 'must be "provider,model"',
  '^https?://': 'must be a URL that begins with http:// or https://',
  '^[^,\\s]+$': 'must be a name without commas and spaces',
  '^[0-9]+$': 'must be a whole number'
}

/** `/Providers/0/name` as `Providers[0].name`. */
function pathOf (pointer: string): string {
  return pointer.split('/').slice(1).map(step => step.replaceAll('~1', '/').replaceAll('~0', '~')).reduce(joinPath, '')
}

/** The key that was probably meant: one that differs in case only. */
function suggestion ({ params, parentSchema }: ErrorObject): string {
  const wrong = String(params['additionalProperty']).toLowerCase()
  const known = Object.keys((parentSchema?.['properties'] ?? {}) as object).find(key => key.toLowerCase() === wrong)
  return known === undefined ? '' : `; did you mean ${known}?`
}
