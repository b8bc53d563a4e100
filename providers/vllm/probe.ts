import type { Probe, Provider, ProviderFacts } from '../../src/provider.ts'
import { isJsonObject, objectsOf, textOf } from '../../src/wire/json.ts'
import { addKey, serverHeaders } from '../openai-compatible/server-options.ts'

/** Names of models that are listed in words. */
const MAX_NAMED = 10

/**
 * Looks at `GET /v1/models`, which says what is served and how long prompt and answer may be together
 * (https://docs.vllm.ai/en/latest/serving/openai_compatible_server.html).
 */
export const probe: Probe = async (provider, get) => {
  const { status, body } = await get(modelsUrl(provider), headersOf(provider))
  if (status === 401 || status === 403) return { problem: `it refuses the configured api_key (status ${status})` }
  if (status < 200 || status >= 300) return { problem: `it answers a request for its models with status ${status}` }
  const listed = readModels(body)
  if (listed === undefined) return { problem: 'it answers a request for its models with something else: is api_base_url the address of its API?' }
  return judge(provider, listed)
}

/** A server that serves some of the configured models is of use. */
function judge ({ models }: Provider, listed: Map<string, number | undefined>): Awaited<ReturnType<Probe>> {
  const missing = models.filter(model => !listed.has(model))
  const facts: ProviderFacts = { contextWindows: new Map([...listed].filter((entry): entry is [string, number] => entry[1] !== undefined)) }
  if (missing.length === 0) return { facts }
  const problem = `it does not serve ${named(missing)}; it serves ${named([...listed.keys()])}`
  return missing.length === models.length ? { problem } : { facts, problem }
}

function named (models: readonly string[]): string {
  if (models.length === 0) return 'nothing'
  const more = models.length - MAX_NAMED
  return models.slice(0, MAX_NAMED).map(model => model.slice(0, 100)).join(', ') + (more > 0 ? ` and ${more} more` : '')
}

function readModels (body: string): Map<string, number | undefined> | undefined {
  let list: unknown
  try {
    list = JSON.parse(body)
  } catch {
    return undefined
  }
  if (!isJsonObject(list) || !Array.isArray(list['data'])) return undefined
  return new Map(objectsOf(list['data']).map(({ id, max_model_len: length }) => [textOf(id), typeof length === 'number' && length > 0 ? length : undefined]))
}

/** Beside the endpoint for messages, whatever stands before both. */
function modelsUrl ({ url }: Provider): URL {
  const models = new URL(url)
  models.pathname = /\/chat\/completions\/?$/.test(url.pathname) ? url.pathname.replace(/\/chat\/completions\/?$/, '/models') : '/v1/models'
  return models
}

function headersOf (provider: Provider): Record<string, string> {
  const headers = serverHeaders({ provider, model: '' })
  headers['accept'] = 'application/json'
  addKey(headers, provider)
  return headers
}
