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
