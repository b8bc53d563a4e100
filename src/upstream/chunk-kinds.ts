import { type JsonObject, isJsonObject } from '../wire/json.ts'

/** Whether a chunk tells the counts and nothing of the answer. */
export function isUsageOnly ({ choices, usage }: JsonObject): boolean {
  return Array.isArray(choices) && choices.length === 0 && isJsonObject(usage)
}

/**
 * What is left of a chunk whose error says nothing, since the answer had met its limit: that it had, where nobody has said so, and the
 * counts, which OpenRouter has in the same one.
 * @param ended whether the client was told why the answer ended; @param hidesUsage whether it did not ask for the counts
 */
export function withoutError ({ error: _, usage, ...rest }: JsonObject, ended: boolean, hidesUsage: boolean): JsonObject | null {
  const counts = !hidesUsage && isJsonObject(usage)
  if (ended && !counts) return null
  return { ...rest, ...(counts && { usage }), choices: ended ? [] : [{ index: 0, delta: {}, finish_reason: 'length' }] }
}
