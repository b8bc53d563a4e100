import type { ErrorObject } from 'ajv'

type SchemaError = Pick<ErrorObject, 'keyword' | 'instancePath' | 'params' | 'message'>

/**
 * Says what is wrong with a body in the words of the Messages API: the path with dots, then what would be right.
 * @example `messages.0.role: Input should be 'user', 'assistant' or 'system'`
 */
export function validationMessage (errors: readonly SchemaError[]): string {
  const error = errors.find(({ keyword }) => keyword !== 'if' && keyword !== 'allOf' && keyword !== 'anyOf') ?? errors[0]
  if (error === undefined) return 'The request body is not valid.'
  const path = error.instancePath.slice(1).split('/').filter(step => step !== '')
  const { params } = error
  switch (error.keyword) {
    case 'required': return at([...path, String(params['missingProperty'])], 'Field required')
    case 'type': return at(path, `Input should be a valid ${[params['type'] as string | string[]].flat().filter(type => type !== 'null').join(' or ')}`)
    case 'enum': return at(path, `Input should be ${either(params['allowedValues'] as unknown[])}`)
    case 'const': return at(path, `Input should be ${either([params['allowedValue']])}`)
    case 'additionalProperties': return at([...path, String(params['additionalProperty'])], 'Extra inputs are not permitted')
    case 'minItems': return at(path, 'List should have at least one item')
    default: return at(path, error.message ?? 'Invalid value')
  }
}

function at (path: string[], text: string): string {
  return path.length === 0 ? `The body: ${text}` : `${path.join('.')}: ${text}`
}

function either (values: unknown[]): string {
  const quoted = values.map(value => `'${String(value)}'`)
  const last = quoted.pop()
  return quoted.length === 0 ? String(last) : `${quoted.join(', ')} or ${last}`
}
