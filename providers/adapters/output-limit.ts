import type { AdapterFactory, Wire } from '../../src/provider.ts'
import { type JsonObject, isJsonObject } from '../../src/wire/json.ts'

/** The least that Anthropic's models may be given to think with. */
const LEAST_BUDGET = 1024

/** Lowers the limit of output to `most`, in whichever field a wire has it. */
export function capOutput (body: JsonObject, wire: Wire, most: number): void {
  if (wire === 'gemini') {
    if (isJsonObject(body['generationConfig'])) cap(body['generationConfig'], 'maxOutputTokens', most)
    return
  }
  cap(body, 'max_tokens', most)
  cap(body, 'max_completion_tokens', most)
  capBudget(body, 'thinking', 'budget_tokens', most)
  capBudget(body, 'reasoning', 'max_tokens', most)
}

function cap (holder: JsonObject, field: string, most: number): void {
  const limit = holder[field]
  if (typeof limit === 'number' && limit > most) holder[field] = most
}

/** A budget for thinking is refused unless it is smaller than the limit; half of it is left for the answer. */
function capBudget (body: JsonObject, field: string, budget: string, most: number): void {
  const thinking = body[field]
  if (!isJsonObject(thinking) || typeof thinking[budget] !== 'number' || thinking[budget] < most) return
  body[field] = { ...thinking, [budget]: Math.max(LEAST_BUDGET, Math.floor(most / 2)) }
}

export const limitSchema = { type: 'integer', minimum: 1, description: 'The most tokens that an answer may have.' }

/** `maxtoken`: no request asks for more than the model can give. */
export const maxtoken: AdapterFactory = {
  name: 'maxtoken',
  description: 'Lowers the limit of output to what the model can give.',
  wires: ['anthropic', 'openai', 'gemini'],
  options: { max_tokens: limitSchema },
  create ({ max_tokens: most }) {
    if (typeof most !== 'number') throw new Error('maxtoken needs the option max_tokens')
    return { name: 'maxtoken', request: (body, { provider }) => capOutput(body, provider.pair.wire, most) }
  }
}

/** `maxcompletiontokens`: for servers that refuse `max_tokens`. */
export const maxcompletiontokens: AdapterFactory = {
  name: 'maxcompletiontokens',
  description: 'Sends the limit of output as max_completion_tokens in place of max_tokens.',
  wires: ['openai'],
  options: {},
  create: () => ({
    name: 'maxcompletiontokens',
    request (body) {
      if (body['max_tokens'] === undefined) return
      body['max_completion_tokens'] = body['max_tokens']
      delete body['max_tokens']
    }
  })
}
