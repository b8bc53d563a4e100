import type { MessagesRequest, ToolChoice, ToolParam } from '../../wire/anthropic.ts'
import { type JsonObject, isJsonObject, objectsOf } from '../../wire/json.ts'
import type { ChatBody, ChatInputTool } from './body.ts'
import type { Untold } from './untold.ts'

/** The type of the search that a request asks for by `web_search_options`. */
const WEB_SEARCH = 'web_search_20250305'

/** Tools, and how they may be used. */
export function decodeTools (body: ChatBody, untold: Untold): Pick<MessagesRequest, 'tools' | 'tool_choice'> {
  const all = (body.tools ?? []).flatMap((tool, i) => decodeTool(tool, `tools.${i}`, untold))
  if (isJsonObject(body.web_search_options)) all.push(searchTool(body.web_search_options))
  if (all.length === 0) return {}
  const { choice, only } = decodeChoice(body.tool_choice, untold)
  const parallel = body.parallel_tool_calls === false ? { disable_parallel_tool_use: true } : {}
  const tools = only === undefined ? all : all.filter(({ name }) => only.has(name))
  if (tools.length === 0) {
    untold.refuse('tool_choice.allowed_tools.tools', 'none of the tools has such a name')
    return {}
  }
  const chosen = choice ?? (body.parallel_tool_calls === false ? { type: 'auto' as const } : undefined)
  return { tools, ...(chosen !== undefined && { tool_choice: chosen.type === 'none' ? chosen : { ...chosen, ...parallel } }) }
}

function decodeTool ({ type, function: declared, cache_control: mark }: ChatInputTool, path: string, untold: Untold): ToolParam[] {
  if (declared === undefined) {
    untold.refuse(path, `tools of the type ${type} cannot be carried there`)
    return []
  }
  const { name, description, parameters, strict } = declared
  return [{
    name,
    ...(description && { description }),
    input_schema: parameters ?? { type: 'object', properties: {} },
    ...(strict === true && { strict }),
    ...(mark && { cache_control: mark })
  }]
}

/** OpenAI's models that search take no tool for it (https://platform.openai.com/docs/guides/tools-web-search, chat completions). */
function searchTool ({ user_location: location }: JsonObject): ToolParam {
  const place = isJsonObject(location) ? location['approximate'] : undefined
  return { type: WEB_SEARCH, name: 'web_search', ...(isJsonObject(place) && { user_location: { type: 'approximate', ...place } }) }
}

/** @returns the choice, and the names of the tools that it leaves, where it leaves only some */
function decodeChoice (choice: ChatBody['tool_choice'], untold: Untold): { choice?: ToolChoice, only?: ReadonlySet<string> } {
  if (choice === undefined || choice === null) return {}
  if (typeof choice === 'string') return ofMode(choice, 'tool_choice', untold)
  const named = choice['function']
  if (choice['type'] === 'function' && isJsonObject(named) && typeof named['name'] === 'string') return { choice: { type: 'tool', name: named['name'] } }
  const allowed = choice['allowed_tools']
  if (choice['type'] === 'allowed_tools' && isJsonObject(allowed)) {
    const names = objectsOf(allowed['tools']).flatMap(({ function: called }) => isJsonObject(called) && typeof called['name'] === 'string' ? [called['name']] : [])
    return { ...ofMode(allowed['mode'], 'tool_choice.allowed_tools.mode', untold), only: new Set(names) }
  }
  untold.refuse('tool_choice', "Input should be 'auto', 'required', 'none', or an object of the type 'function' or 'allowed_tools'")
  return {}
}

/** A server may know other modes: Mistral's has `any` (https://docs.mistral.ai/capabilities/function_calling). */
function ofMode (mode: unknown, path: string, untold: Untold): { choice?: ToolChoice } {
  if (mode === 'auto' || mode === 'none') return { choice: { type: mode } }
  if (mode === 'required') return { choice: { type: 'any' } }
  untold.refuse(path, "Input should be 'auto', 'required' or 'none'")
  return {}
}
