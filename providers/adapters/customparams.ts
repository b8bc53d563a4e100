import type { AdapterFactory } from '../../src/provider.ts'
import { type JsonObject, isJsonObject } from '../../src/wire/json.ts'

/** `customparams`: fields that only this server knows. */
export const customparams: AdapterFactory = {
  name: 'customparams',
  description: 'Adds its options to the request body: objects are merged, other fields that are there already stay.',
  create: options => ({
    name: 'customparams',
    request (body) {
      for (const [field, value] of Object.entries(options)) {
        const present = body[field]
        if (present === undefined) body[field] = structuredClone(value)
        else if (isJsonObject(present) && isJsonObject(value)) body[field] = merge(present, value)
      }
    }
  })
}

/** A new object: parts of a body may be the client's own. Inside of objects the configuration speaks last. */
function merge (present: JsonObject, added: JsonObject): JsonObject {
  const merged = { ...present }
  for (const [field, value] of Object.entries(added)) {
    const inner = merged[field]
    merged[field] = isJsonObject(inner) && isJsonObject(value) ? merge(inner, value) : structuredClone(value)
  }
  return merged
}
