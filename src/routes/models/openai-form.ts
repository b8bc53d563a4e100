import type { JsonObject } from '../../wire/json.ts'
import type { Model } from './catalogue.ts'

/**
 * A model as OpenAI's API describes one (https://platform.openai.com/docs/api-reference/models), with what clients read beside
 * that: OpenRouter's fields (https://openrouter.ai/docs/api-reference/list-available-models), Groq's `context_window` and
 * Mistral's `capabilities`. What is not known is null.
 */
export function openaiModel ({ id, name, target: { provider, capabilities } }: Model): JsonObject {
  const { contextWindow = null, maxOutput = null, vision, tools, thinking } = capabilities
  const inputs = vision === false ? ['text'] : ['text', 'image']
  return {
    id,
    object: 'model',
    // Clients read a number; none of the providers' is known.
    created: 0,
    owned_by: provider.name,
    name,
    context_length: contextWindow,
    context_window: contextWindow,
    max_completion_tokens: maxOutput,
    architecture: { modality: `${inputs.join('+')}->text`, input_modalities: inputs, output_modalities: ['text'] },
    top_provider: { context_length: contextWindow, max_completion_tokens: maxOutput, is_moderated: false },
    capabilities: { completion_chat: true, function_calling: tools ?? null, vision: vision ?? null, reasoning: thinking ?? null }
  }
}

/** All models in OpenAI's form, which knows no pages. */
export function openaiList (models: readonly Model[]): object {
  return { object: 'list', data: models.map(openaiModel) }
}
