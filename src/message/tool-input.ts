import { type JsonObject, isJsonObject } from '../wire/json.ts'

/** The arguments of a tool call; undefined while they are not a whole JSON object. */
export function parseToolInput (text: string): JsonObject | undefined {
  if (!text.trimEnd().endsWith('}')) return undefined
  try {
    const input: unknown = JSON.parse(text)
    return isJsonObject(input) ? input : undefined
  } catch {
    return undefined
  }
}

/**
 * Whether arguments stop in the middle: inside a text, or before a bracket is closed. Arguments that are merely
 * malformed do not count: a client tells the model of those.
 */
export function isCutInput (text: string): boolean {
  let depth = 0
  let quoted = false
  for (let i = 0; i < text.length; i++) {
    const char = text[i]
    if (quoted) {
      if (char === '\\') i++
      else if (char === '"') quoted = false
    } else if (char === '"') quoted = true
    else if (char === '{' || char === '[') depth++
    else if (char === '}' || char === ']') depth--
  }
  return quoted || depth > 0
}
