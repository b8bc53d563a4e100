import { MAX_GLOB } from '../glob.ts'

const useList = {
  type: 'array',
  description: 'Names, or [name, options]: at most one transformer pair, and adapters in their order.',
  items: {
    anyOf: [
      { type: 'string' },
      { type: 'array', minItems: 1, maxItems: 2, items: { type: ['string', 'object'] } }
    ]
  }
} as const

const capabilities = {
  type: 'object',
  additionalProperties: false,
  properties: {
    contextWindow: { type: 'integer', minimum: 1, description: 'Tokens that prompt and answer may have together.' },
    maxOutput: { type: 'integer', minimum: 1, description: 'Tokens that an answer may have; `max_tokens` is lowered to it.' },
    vision: { type: 'boolean', description: 'Whether it can see images.' },
    tools: { type: 'boolean', description: 'Whether it can call tools.' },
    thinking: { type: 'boolean', description: 'Whether it can be told to think.' }
  }
} as const

/** An entry of `Providers[]`. */
export const providerSchema = {
  type: 'object',
  description: 'A server that answers requests.',
  required: ['name', 'api_base_url', 'models'],
  additionalProperties: false,
  properties: {
    name: { type: 'string', pattern: '^[^,\\s]+$', description: 'How rules and requests name it.' },
    api_base_url: { type: 'string', pattern: '^https?://', description: 'The full URL of its endpoint.' },
    api_key: { type: ['string', 'array'], items: { type: 'string' }, description: 'Its key, best as a reference such as $OPENROUTER_API_KEY; or several, which take turns, and stand in for one that is refused or used up.' },
    models: { type: 'array', minItems: 1, items: { type: 'string', minLength: 1 }, description: 'The models that may be asked for, as the provider names them.' },
    transformer: {
      type: 'object',
      description: 'The transformer pair, by default the one of its name or its URL, else openai; and adapters. Under the name of a model: those of that model alone.',
      properties: { use: useList },
      additionalProperties: { type: 'object', properties: { use: useList }, required: ['use'], additionalProperties: false }
    },
    capabilities: {
      type: 'object',
      description: 'What its models can do, by name or glob; the first that fits. Common models are known, see docs/routing.md.',
      propertyNames: { minLength: 1, maxLength: MAX_GLOB },
      additionalProperties: capabilities
    },
    maxConcurrent: { type: 'integer', minimum: 1, description: 'How many requests it gets at once; more wait, and sessions take turns. No limit without it.' },
    maxQueue: { type: 'integer', minimum: 0, default: 100, description: 'How many may wait; one more goes to the next target, or is refused.' },
    queueTimeout: { type: 'integer', minimum: 1, default: 30000, description: 'How long one may wait. Milliseconds.' },
    strict: { type: 'boolean', default: false, description: 'Refuse a request (400) rather than drop a field of it that the provider cannot take.' },
    tokenizer: { type: 'object', description: 'Accepted for old files.' }
  }
} as const
