import { type Losses, isTyped, isWebSearch } from '../../src/message/losses.ts'
import type { MessagesRequest, ToolChoice, ToolParam } from '../../src/wire/anthropic.ts'
import type { ChatRequest, ChatTool } from '../../src/wire/openai-chat.ts'
import type { ChatDialect } from './dialect.ts'

/** Tools and how to choose among them. */
export function encodeTools (body: ChatRequest, request: MessagesRequest, dialect: ChatDialect, losses: Losses): void {
  const { tools = [], tool_choice: choice } = request
  const custom = tools.filter(tool => !isTyped(tool))
  const search = dialect.webSearch === undefined ? undefined : tools.find(isWebSearch)
  if (search !== undefined) dialect.webSearch?.(body, search)
  if (custom.length > 0) body.tools = custom.map(tool => encodeTool(tool, dialect))
  if (!choice) return
  if (custom.length > 0 && choice.disable_parallel_tool_use) body.parallel_tool_calls = false
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
    case 'tool': return tools.some(tool => tool.name === name) ? { type: 'function', function: { name: name ?? '' } } : undefined
    default: return 'auto'
  }
}

function nameLostChoice ({ type }: ToolChoice, losses: Losses): void {
  if (type === 'any' || type === 'tool') losses.add('tool_choice')
}

function encodeTool (tool: ToolParam, dialect: ChatDialect): ChatTool {
  const { name, description, input_schema: parameters, strict, cache_control: mark } = tool
  const encoded: ChatTool = {
    type: 'function',
    function: { name, ...(description !== undefined && { description }), parameters: parameters ?? { type: 'object', properties: {} } }
  }
  if (typeof strict === 'boolean') encoded.function.strict = strict
  if (mark && dialect.cacheControl) encoded.cache_control = mark
  return encoded
}
