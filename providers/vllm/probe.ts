import type { Probe, Provider, ProviderFacts } from '../../src/provider.ts'
import { type JsonObject, textOf } from '../../src/wire/json.ts'
import { modelsHeaders, modelsUrl, readModels } from '../openai-compatible/models.ts'

/** Names of models that are listed in words. */
const MAX_NAMED = 10

/**
 * Looks at `GET /v1/models`, which says what is served and how long prompt and answer may be together
 * (https://docs.vllm.ai/en/latest/serving/openai_compatible_server.html).
 */
export const probe: Probe = async (provider, get) => {
  const { status, body } = await get(modelsUrl(provider), modelsHeaders(provider))
  if (status === 401 || status === 403) return { problem: `it refuses the configured api_key (status ${status})` }
  if (status < 200 || status >= 300) return { problem: `it answers a request for its models with status ${status}` }
  const listed = readModels(body)
  if (listed === undefined) return { problem: 'it answers a request for its models with something else: is api_base_url the address of its API?' }
  return judge(provider, windowsOf(listed))
}

/** Stands in the configuration for what the server serves first, unless it serves one of that name. */
const ANY_MODEL = 'default'

/** A server that serves some of the configured models is of use. */
function judge ({ models }: Provider, listed: Map<string, number | undefined>): Awaited<ReturnType<Probe>> {
  const [first] = listed
  const any = first !== undefined && models.includes(ANY_MODEL) && !listed.has(ANY_MODEL) ? first : undefined
  const known = any === undefined ? listed : new Map([...listed, [ANY_MODEL, any[1]]])
  const missing = models.filter(model => !known.has(model))
  const facts: ProviderFacts = {
    contextWindows: new Map([...known].filter((entry): entry is [string, number] => entry[1] !== undefined)),
    ...(models.includes(ANY_MODEL) && { names: new Map(any === undefined ? [] : [[ANY_MODEL, any[0]]]) })
  }
  if (missing.length === 0) return { facts }
  const problem = `it does not serve ${named(missing)}; it serves ${named([...listed.keys()])}`
  return missing.length === models.length ? { problem } : { facts, problem }
}

function named (models: readonly string[]): string {
  if (models.length === 0) return 'nothing'
  const more = models.length - MAX_NAMED
  return models.slice(0, MAX_NAMED).map(model => model.slice(0, 100)).join(', ') + (more > 0 ? ` and ${more} more` : '')
}

function windowsOf (models: readonly JsonObject[]): Map<string, number | undefined> {
  return new Map(models.map(({ id, max_model_len: length }) => [textOf(id), typeof length === 'number' && length > 0 ? length : undefined]))
}
