import { type Losses, isTyped, isWebSearch } from '../../src/message/losses.ts'
import { shortToolName } from '../../src/message/tool-names.ts'
import type { Target } from '../../src/provider.ts'
import type { MessagesRequest, ToolChoice, ToolParam } from '../../src/wire/anthropic.ts'
import type { JsonObject } from '../../src/wire/json.ts'
import type { ChatRequest, ChatTool } from '../../src/wire/openai-chat.ts'
import { fateOf } from '../../src/wire/request-fields.ts'
import type { ChatDialect } from './dialect.ts'

/** Tools and how to choose among them. */
export function encodeTools (body: ChatRequest, request: MessagesRequest, target: Target, dialect: ChatDialect, losses: Losses): void {
  const { tools = [], tool_choice: choice } = request
  const custom = tools.filter(tool => !isTyped(tool))
  const search = dialect.webSearch === undefined ? undefined : tools.find(isWebSearch)
  if (search !== undefined) dialect.webSearch?.(body, search)
  if (custom.length > 0) body.tools = custom.map(tool => encodeTool(tool, dialect))
  if (body.tools !== undefined && dialect.strictTools?.(custom, target) === false) leaveOutStrict(body.tools, losses)
  if (!choice) return
  if (custom.length > 0 && choice.disable_parallel_tool_use && fateOf('tool_choice.disable_parallel_tool_use', dialect.column) !== false) body.parallel_tool_calls = false
  const encoded = encodeChoice(choice, custom)
  if (encoded !== undefined) body.tool_choice = encoded
  // A provider's own search needs no choosing.
  else if (search === undefined || (choice.type === 'tool' && choice.name !== search.name)) nameLostChoice(choice, losses)
}

/** A choice among tools that are there: any other would be refused. */
function encodeChoice ({ type, name }: ToolChoice, tools: readonly ToolParam[]): ChatRequest['tool_choice'] {
  if (tools.length === 0) return undefined
  switch (type) {
    case 'any': return 'required'
    case 'none': return 'none'
    case 'tool': return tools.some(tool => tool.name === name) ? { type: 'function', function: { name: shortToolName(name ?? '') } } : undefined
    default: return 'auto'
  }
}

function nameLostChoice ({ type }: ToolChoice, losses: Losses): void {
  if (type === 'any' || type === 'tool') losses.add('tool_choice')
}

function leaveOutStrict (tools: readonly ChatTool[], losses: Losses): void {
  for (const { function: definition } of tools) {
    if (definition.strict === true) losses.add('tools.strict')
    delete definition.strict
  }
}

function encodeTool (tool: ToolParam, dialect: ChatDialect): ChatTool {
  const { name, description, input_schema: schema, strict, cache_control: mark } = tool
  const encoded: ChatTool = {
    type: 'function',
    function: { name: shortToolName(name), ...(description !== undefined && { description }), parameters: parametersOf(schema) }
  }
  if (typeof strict === 'boolean') encoded.function.strict = strict
  if (mark && dialect.cacheControl) encoded.cache_control = mark
  return encoded
}

/** OpenAI and LM Studio refuse an object without `properties`, also one that has none (https://lmstudio.ai/docs/developer/openai-compat/tools). */
function parametersOf (schema: JsonObject = {}): JsonObject {
  const { type, properties } = schema
  return type === undefined || properties === undefined ? { type: 'object', ...schema, properties: properties ?? {} } : schema
}
