import type { JsonObject } from '../../src/wire/json.ts'
import type { Place } from './case.ts'

/** How each wire asks for an answer of a schema, as its documentation has it; only what is named is compared. */
export function formatOf ({ kind }: Place, schema: JsonObject): unknown {
  switch (kind) {
    case 'anthropic': return { type: 'json_schema', schema }
    case 'gemini': return { responseMimeType: 'application/json', responseJsonSchema: schema }
    default: return { type: 'json_schema', json_schema: { schema } }
  }
}

/** How each wire asks for thinking. A client of OpenAI's API says `reasoning_effort: high`, one of Anthropic's a budget of 2,048 tokens. */
export function thinkingOf ({ kind, ingress }: Place): unknown {
  const openai = ingress === 'openai'
  switch (kind) {
    case 'anthropic': return openai ? { effort: 'high' } : { thinking: { type: 'enabled', budget_tokens: 2048 } }
    case 'gemini': return { includeThoughts: true }
    case 'openrouter': return openai ? { reasoning_effort: 'high' } : { reasoning: { max_tokens: 2048 } }
    case 'vllm': return openai ? { reasoning_effort: 'high' } : { thinking_token_budget: 2048 }
    case 'deepseek': return openai ? { reasoning_effort: 'high' } : { thinking: { type: 'enabled' } }
    case 'openai': return { reasoning_effort: 'high' }
  }
}
