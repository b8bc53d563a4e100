/** A parsed JSON value. */
export type JsonValue = string | number | boolean | null | JsonValue[] | JsonObject

/** A parsed JSON object; a field that was not sent is absent. */
export interface JsonObject { [key: string]: JsonValue | undefined }

/** Whether a parsed value is an object, and not null or an array. */
export function isJsonObject (value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
