import type { MessagesRequest, ToolParam } from '../../src/wire/anthropic.ts'
import type { ChatRequest, ChatTool } from '../../src/wire/openai-chat.ts'
import type { ChatDialect, Losses } from './dialect.ts'

/** Fields of a tool that the wire carries; every other is named as lost. */
const CARRIED = new Set(['name', 'type', 'description', 'input_schema', 'strict', 'cache_control'])

/** Tools and how to choose among them. */
export function encodeTools (body: ChatRequest, request: MessagesRequest, dialect: ChatDialect, losses: Losses): void {
  const { tools = [], tool_choice: choice } = request
  const custom = tools.filter(tool => isCustom(tool, losses))
  if (custom.length === 0) {
    if (choice?.type === 'any' || choice?.type === 'tool') losses.add('tool_choice')
    return
  }
  body.tools = custom.map(tool => encodeTool(tool, dialect, losses))
  if (choice === undefined || choice === null) return
  if (choice.disable_parallel_tool_use) body.parallel_tool_calls = false
  switch (choice.type) {
    case 'any': body.tool_choice = 'required'; break
    case 'none': body.tool_choice = 'none'; break
    case 'tool':
      // A choice of a tool that was left out would be refused.
      if (custom.some(tool => tool.name === choice.name)) body.tool_choice = { type: 'function', function: { name: choice.name ?? '' } }
      else losses.add('tool_choice')
      break
    default: body.tool_choice = 'auto'
  }
}

/** Anthropic's typed tools (web search, bash, text editor …) carry no schema: only its own models know them. */
function isCustom (tool: ToolParam, losses: Losses): boolean {
  const custom = tool.type === undefined || tool.type === null || tool.type === 'custom'
  if (!custom) losses.add(`tools.${tool.type}`)
  return custom
}

function encodeTool (tool: ToolParam, dialect: ChatDialect, losses: Losses): ChatTool {
  for (const field in tool) {
    if (!CARRIED.has(field)) losses.add(`tools.${field}`)
  }
  const { name, description, input_schema: parameters, strict, cache_control: mark } = tool
  const encoded: ChatTool = {
    type: 'function',
    function: { name, ...(description !== undefined && { description }), parameters: parameters ?? { type: 'object', properties: {} } }
  }
  if (typeof strict === 'boolean') encoded.function.strict = strict
  if (mark && dialect.cacheControl) encoded.cache_control = mark
  return encoded
}
