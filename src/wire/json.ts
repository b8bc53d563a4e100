/** A parsed JSON value. */
export type JsonValue = string | number | boolean | null | JsonValue[] | JsonObject

/** A parsed JSON object; a field that was not sent is absent. */
export interface JsonObject { [key: string]: JsonValue | undefined }

/** Whether a parsed value is an object, and not null or an array. */
export function isJsonObject (value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** What a text says as JSON; undefined where it is none. For what others send, and need not be JSON. */
export function parseJson (text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** The objects of a list; none where the value is no list. For what others send, where anything may stand anywhere. */
export function objectsOf (value: unknown): JsonObject[] {
  return Array.isArray(value) ? value.filter(isJsonObject) : []
}

/** A text; empty where the value is none. */
export function textOf (value: unknown): string {
  return typeof value === 'string' ? value : ''
}

/** A count; undefined where the value is none. */
export function countOf (value: unknown): number | undefined {
  return typeof value === 'number' && value >= 0 ? value : undefined
}
