const textBlock = {
  type: 'object',
  required: ['type', 'text'],
  properties: { type: { const: 'text' }, text: { type: 'string' } }
}

/** What goes with each `type`; a type that is not listed passes: the lists are open. */
function byType (fields: Record<string, object>, optional: readonly string[] = []): object[] {
  return Object.entries(fields).map(([type, properties]) => ({
    if: { properties: { type: { const: type } }, required: ['type'] },
    then: { properties, required: Object.keys(properties).filter(name => !optional.includes(`${type}.${name}`)) }
  }))
}

const string = { type: 'string' }

const source = {
  type: 'object',
  required: ['type'],
  properties: { type: string },
  allOf: byType({
    base64: { media_type: string, data: string },
    url: { url: string },
    file: { file_id: string },
    text: { data: string },
    content: { content: { type: ['string', 'array'], items: { $ref: '#/$defs/block' } } }
  })
}

/** What a block of each type cannot do without. */
const REQUIRED_OF_BLOCK = {
  text: { text: { type: 'string' } },
  image: { source },
  document: { source },
  search_result: { source: string, title: string, content: { type: 'array', items: textBlock } },
  web_search_tool_result: { content: { type: ['array', 'object'], items: { type: 'object' } } },
  // `input` may be anything: a client sends back what a model wrote, and that was no object once.
  tool_use: { id: { type: 'string' }, name: { type: 'string' }, input: {} },
  tool_result: { tool_use_id: { type: 'string' }, content: { type: ['string', 'array', 'null'], items: { $ref: '#/$defs/block' } } },
  thinking: { thinking: { type: 'string' }, signature: { type: ['string', 'null'] } },
  redacted_thinking: { data: { type: 'string' } }
}

const OPTIONAL = ['tool_result.content', 'tool_use.input', 'thinking.signature']

const block = {
  type: 'object',
  required: ['type'],
  properties: { type: { type: 'string' } },
  allOf: byType(REQUIRED_OF_BLOCK, OPTIONAL)
}

const message = {
  type: 'object',
  required: ['role', 'content'],
  properties: {
    role: { enum: ['user', 'assistant', 'system'] },
    content: { type: ['string', 'array'], items: { $ref: '#/$defs/block' } }
  },
  if: { properties: { role: { const: 'system' } }, required: ['role'] },
  then: { properties: { content: { items: textBlock } } }
}

/**
 * What a Messages request must be for the gateway to understand it. Only what is read is checked; every other field
 * passes, known or not (https://docs.claude.com/en/api/messages).
 */
export const messagesSchema = {
  $defs: { block },
  type: 'object',
  required: ['model', 'max_tokens', 'messages'],
  properties: {
    model: { type: 'string', minLength: 1 },
    max_tokens: { type: 'integer', minimum: 0 },
    messages: { type: 'array', minItems: 1, items: message },
    system: { type: ['string', 'array'], items: textBlock },
    stream: { type: 'boolean' },
    tools: {
      type: 'array',
      items: {
        type: 'object',
        // Tools of types that are not known here may be without a name.
        if: { properties: { type: { enum: [null, 'custom'] } } },
        then: { required: ['name'] },
        properties: { name: { type: 'string' }, type: { type: ['string', 'null'] }, description: { type: 'string' }, input_schema: { type: 'object' } }
      }
    },
    tool_choice: {
      type: 'object',
      required: ['type'],
      properties: { type: string, name: { type: 'string' }, disable_parallel_tool_use: { type: 'boolean' } }
    },
    thinking: {
      type: ['object', 'null'],
      required: ['type'],
      properties: { type: string, budget_tokens: { type: 'integer' } }
    },
    output_config: { type: ['object', 'null'], properties: { effort: { type: ['string', 'null'] }, format: { type: ['object', 'null'], allOf: byType({ json_schema: { schema: { type: 'object' } } }) } } },
    stop_sequences: { type: ['array', 'null'], items: { type: 'string' } },
    temperature: { type: ['number', 'null'] },
    top_p: { type: ['number', 'null'] },
    top_k: { type: ['integer', 'null'] },
    metadata: { type: ['object', 'null'], properties: { user_id: { type: ['string', 'null'] } } }
  }
} as const

/** The same for counting tokens, which needs no limit of an answer (https://docs.claude.com/en/api/messages-count-tokens). */
export const countTokensSchema = { ...messagesSchema, required: ['model', 'messages'] } as const
