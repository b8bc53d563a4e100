const string = { type: 'string' }
const nullable = (type: string): object => ({ type: [type, 'null'] })

/** What goes with each `type`; a type that is not listed passes: the lists are open. */
function byType (fields: Record<string, object>, optional: readonly string[] = []): object[] {
  return Object.entries(fields).map(([type, properties]) => ({
    if: { properties: { type: { const: type } }, required: ['type'] },
    then: { properties, required: Object.keys(properties).filter(name => !optional.includes(name)) }
  }))
}

const part = {
  type: 'object',
  required: ['type'],
  properties: { type: string },
  allOf: byType({
    text: { text: string },
    refusal: { refusal: string },
    image_url: { image_url: { type: ['object', 'string'], required: ['url'], properties: { url: string } } },
    file: { file: { type: 'object', properties: { filename: string, file_data: string, file_id: string } } }
  })
}

const calledFunction = { type: 'object', required: ['name', 'arguments'], properties: { name: string, arguments: string } }

const call = {
  type: 'object',
  required: ['id'],
  properties: { id: string, type: string },
  if: { properties: { type: { enum: ['function'] } } },
  then: { required: ['function'], properties: { function: calledFunction } }
}

const message = {
  type: 'object',
  required: ['role'],
  properties: {
    role: { enum: ['system', 'developer', 'user', 'assistant', 'tool', 'function'] },
    content: { type: ['string', 'array', 'null'], items: part },
    refusal: nullable('string'),
    tool_calls: { type: ['array', 'null'], items: call },
    tool_call_id: string
  },
  allOf: [
    { if: { properties: { role: { const: 'tool' } }, required: ['role'] }, then: { required: ['content', 'tool_call_id'] } },
    { if: { properties: { role: { enum: ['system', 'developer', 'user'] } }, required: ['role'] }, then: { required: ['content'] } }
  ]
}

const tool = {
  type: 'object',
  required: ['type'],
  properties: { type: string },
  allOf: byType({
    function: { function: { type: 'object', required: ['name'], properties: { name: string, description: nullable('string'), parameters: nullable('object'), strict: nullable('boolean') } } }
  })
}

const responseFormat = {
  type: ['object', 'null'],
  required: ['type'],
  properties: { type: string },
  allOf: byType({ json_schema: { json_schema: { type: 'object', properties: { name: string, schema: { type: 'object' } } } } })
}

/**
 * What a chat-completions request must be for the gateway to understand it. Only what is read is checked; every other field
 * passes, known or not (https://platform.openai.com/docs/api-reference/chat/create).
 */
export const chatSchema = {
  type: 'object',
  required: ['model', 'messages'],
  properties: {
    model: { type: 'string', minLength: 1 },
    messages: { type: 'array', minItems: 1, items: message },
    stream: nullable('boolean'),
    stream_options: { type: ['object', 'null'], properties: { include_usage: nullable('boolean') } },
    max_tokens: { type: ['integer', 'null'], minimum: 0 },
    max_completion_tokens: { type: ['integer', 'null'], minimum: 0 },
    n: { type: ['integer', 'null'] },
    tools: { type: ['array', 'null'], items: tool },
    tool_choice: { type: ['string', 'object', 'null'] },
    parallel_tool_calls: nullable('boolean'),
    response_format: responseFormat,
    reasoning_effort: nullable('string'),
    reasoning: { type: ['object', 'null'], properties: { effort: nullable('string'), max_tokens: nullable('integer'), enabled: nullable('boolean') } },
    stop: { type: ['string', 'array', 'null'], items: string },
    temperature: nullable('number'),
    top_p: nullable('number'),
    top_k: nullable('integer'),
    user: nullable('string'),
    web_search_options: nullable('object')
  }
} as const
