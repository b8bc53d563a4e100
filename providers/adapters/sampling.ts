import type { AdapterFactory, Wire } from '../../src/provider.ts'
import { type JsonObject, isJsonObject } from '../../src/wire/json.ts'
import { capOutput, limitSchema } from './output-limit.ts'

/** What Gemini calls them; the other wires know them by the names of the options. */
const GEMINI_NAMES: Readonly<Record<string, string>> = { temperature: 'temperature', top_p: 'topP', top_k: 'topK' }

/** `sampling`: every request of a model is sampled in one way, whatever the client asks for. */
export const sampling: AdapterFactory = {
  name: 'sampling',
  description: 'Sets temperature, top_p, top_k and repetition_penalty, and lowers the limit of output.',
  wires: ['anthropic', 'openai', 'gemini'],
  options: {
    max_tokens: limitSchema,
    temperature: { type: 'number', minimum: 0 },
    top_p: { type: 'number', minimum: 0, maximum: 1 },
    top_k: { type: 'integer', minimum: 0 },
    repetition_penalty: { type: 'number', minimum: 0, description: 'For servers of the openai wire that know it; left out on other wires.' }
  },
  create ({ max_tokens: most, ...settings }) {
    return {
      name: 'sampling',
      request (body, { provider: { pair: { wire } } }) {
        if (typeof most === 'number') capOutput(body, wire, most)
        setAll(body, wire, settings)
      }
    }
  }
}

function setAll (body: JsonObject, wire: Wire, settings: JsonObject): void {
  if (wire === 'gemini') {
    const config = isJsonObject(body['generationConfig']) ? body['generationConfig'] : {}
    for (const [option, name] of Object.entries(GEMINI_NAMES)) if (settings[option] !== undefined) config[name] = settings[option]
    body['generationConfig'] = config
    return
  }
  const { repetition_penalty: penalty, ...common } = settings
  Object.assign(body, common)
  if (wire === 'openai' && penalty !== undefined) body['repetition_penalty'] = penalty
}
