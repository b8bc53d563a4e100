import type { AdapterFactory } from '../../src/provider.ts'
import { type JsonObject, type JsonValue, isJsonObject } from '../../src/wire/json.ts'

/** `cleancache`: for servers that refuse marks for a cache that they do not have. */
export const cleancache: AdapterFactory = {
  name: 'cleancache',
  description: 'Takes every cache_control out of the request.',
  options: {},
  create: () => ({ name: 'cleancache', request: cleanCache })
}

/** Takes the caching marks out of a body of the openai or anthropic wire; on the others there are none. */
export function cleanCache (body: JsonObject): void {
  delete body['cache_control']
  for (const field of ['system', 'messages', 'tools']) {
    const list = body[field]
    if (Array.isArray(list)) body[field] = list.map(unmarked)
  }
}

/** What holds a mark is copied: parts of a body may be the client's own. */
function unmarked (item: JsonValue): JsonValue {
  if (!isJsonObject(item)) return item
  const { cache_control: mark, ...rest } = item
  const clean = mark === undefined ? item : rest
  return Array.isArray(item['content']) ? { ...clean, content: item['content'].map(unmarked) } : clean
}
