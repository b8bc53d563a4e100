import type { JsonValue } from '../wire/json.ts'
import { joinPath } from './path.ts'

const REFERENCE = /\$(?:\$|\{([A-Za-z_][A-Za-z0-9_]*)\}|([A-Z_][A-Z0-9_]*))/g

/**
 * Replaces `$VAR` and `${var}` in every string of a document by the variable; `$$` stands for a dollar sign. Without braces
 * a name is in capitals, as in claude-code-router: `$word` is a text.
 * @param env the environment; @param problems gets a line for each variable that is not set, with its path
 * @returns a new document; the one given keeps its references
 */
export function interpolate (value: JsonValue | undefined, env: NodeJS.ProcessEnv, problems: string[], path = ''): JsonValue | undefined {
  if (typeof value === 'string') return replaceIn(value, env, problems, path)
  if (Array.isArray(value)) return value.map((item, i) => interpolate(item, env, problems, joinPath(path, i)) ?? null)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, interpolate(item, env, problems, joinPath(path, key))]))
}

function replaceIn (text: string, env: NodeJS.ProcessEnv, problems: string[], path: string): string {
  return text.replace(REFERENCE, (reference, braced?: string, bare?: string) => {
    const name = braced ?? bare
    if (name === undefined) return '$'
    const value = env[name]
    if (value === undefined || value === '') problems.push(`${path}: the environment variable ${name} is not set`)
    return value ?? reference
  })
}
