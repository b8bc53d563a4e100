import type { Provider } from '../../src/provider.ts'
import { type JsonObject, isJsonObject, objectsOf, parseJson } from '../../src/wire/json.ts'
import { addKey, serverHeaders } from './server-options.ts'

/** Where a server lists its models: beside the endpoint for messages, whatever stands before both. */
export function modelsUrl ({ url }: Provider): URL {
  const models = new URL(url)
  models.pathname = /\/chat\/completions\/?$/.test(url.pathname) ? url.pathname.replace(/\/chat\/completions\/?$/, '/models') : '/v1/models'
  return models
}

/** The headers of a look at the list. */
export function modelsHeaders (provider: Provider): Record<string, string> {
  const headers = serverHeaders(provider)
  headers['accept'] = 'application/json'
  addKey(headers, provider)
  return headers
}

/** The models of a list; undefined for a body that is none. */
export function readModels (body: string): JsonObject[] | undefined {
  const list = parseJson(body)
  return isJsonObject(list) && Array.isArray(list['data']) ? objectsOf(list['data']) : undefined
}
