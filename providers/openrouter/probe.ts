import type { ModelReasoning, Probe } from '../../src/provider.ts'
import { type JsonObject, isJsonObject, textOf } from '../../src/wire/json.ts'
import { modelsHeaders, modelsUrl, readModels } from '../openai-compatible/models.ts'

/**
 * Looks at `GET /models`, which says how each model can be told to think
 * (https://openrouter.ai/docs/use-cases/reasoning-tokens). A mirror that has no such list is as good without.
 */
export const probe: Probe = async (provider, get) => {
  const { status, body } = await get(modelsUrl(provider), modelsHeaders(provider))
  if (status === 401 || status === 403) return { problem: `it refuses the configured api_key (status ${status})` }
  if (status >= 500) return { problem: `it answers a request for its models with status ${status}` }
  const models = status === 200 ? readModels(body) : undefined
  if (models === undefined) return { facts: provider.facts, problem: 'it has no list of models: which of them always think is told by their names' }
  return { facts: { contextWindows: provider.facts.contextWindows, reasoning: reasoningOf(models) } }
}

function reasoningOf (models: readonly JsonObject[]): Map<string, ModelReasoning> {
  const known = new Map<string, ModelReasoning>()
  for (const { id, reasoning } of models) {
    if (!isJsonObject(reasoning)) continue
    const { mandatory, supports_max_tokens: budget, supported_efforts: efforts } = reasoning
    // All of them are null, none of them is absent.
    const listed = efforts === null ? undefined : Array.isArray(efforts) ? efforts.map(textOf) : []
    known.set(textOf(id), { mandatory: mandatory === true, budget: budget === true, efforts: listed })
  }
  return known
}
