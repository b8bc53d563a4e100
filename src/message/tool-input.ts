import { type JsonObject, type JsonValue, isJsonObject, parseJson } from '../wire/json.ts'

/** The arguments of a tool call; undefined while they are not a whole JSON object. */
export function parseToolInput (text: string): JsonObject | undefined {
  if (!text.trimEnd().endsWith('}')) return undefined
  const input = parseJson(text)
  return isJsonObject(input) ? input : undefined
}

/** Arguments of a call as an object, which they are on every wire; what a model wrote in another form, and a client sent back, is put into one. */
export function toolArguments (input: unknown): JsonObject {
  return isJsonObject(input) ? input : input === null || input === undefined ? {} : { input: input as JsonValue }
}

/**
 * Whether arguments stop in the middle: inside a text, or before a bracket is closed. Arguments that are merely
 * malformed do not count: a client tells the model of those.
 */
export function isCutInput (text: string): boolean {
  const { quoted, depth } = endOf(text)
  return quoted || depth > 0
}

/** Whether arguments stop inside a text. */
export function endsInText (text: string): boolean {
  return endOf(text).quoted
}

/** Where in its structure a JSON text ends. */
function endOf (text: string): { quoted: boolean, depth: number } {
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
  return { quoted, depth }
}
