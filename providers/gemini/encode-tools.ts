import { type Losses, isTyped, isWebSearch } from '../../src/message/losses.ts'
import type { MessagesRequest, ToolChoice, ToolParam } from '../../src/wire/anthropic.ts'
import type { GeminiFunction, GeminiRequest, GeminiTool, GeminiToolConfig } from '../../src/wire/gemini.ts'
import { cleanSchema } from './clean-schema.ts'
import type { ModelTraits } from './model.ts'
import { functionName } from './tool-name.ts'

/** Tools and how to choose among them. */
export function encodeTools (request: MessagesRequest, traits: ModelTraits, losses: Losses): Pick<GeminiRequest, 'tools' | 'toolConfig'> {
  const { functions, search } = choose(request, traits, losses)
  const tools: GeminiTool[] = []
  const config: GeminiToolConfig = {}
  if (functions.length > 0) {
    tools.push({ functionDeclarations: functions.map(encodeFunction) })
    const calling = encodeChoice(request.tool_choice, functions)
    if (calling !== undefined) config.functionCallingConfig = calling
  }
  if (search) tools.push({ googleSearch: {} })
  if (tools.length > 1) config.includeServerSideToolInvocations = true
  nameLostChoice(request, functions, search, losses)
  return { ...(tools.length > 0 && { tools }), ...(Object.keys(config).length > 0 && { toolConfig: config }) }
}

/**
 * Functions and Google's search go together from Gemini 3 on (https://ai.google.dev/gemini-api/docs/tool-combination); before
 * that the functions are what matters, unless the search was demanded. A search that is demanded stands alone anywhere: nothing
 * else makes the model run it.
 */
function choose ({ tools = [], tool_choice: choice }: MessagesRequest, { generation }: ModelTraits, losses: Losses): { functions: ToolParam[], search: boolean } {
  const functions = tools.filter(tool => !isTyped(tool))
  const search = choice?.type === 'none' ? undefined : tools.find(isWebSearch)
  if (search === undefined || functions.length === 0) return { functions, search: search !== undefined }
  if (choice?.type === 'tool' && choice.name === search.name) {
    losses.add('tools')
    return { functions: [], search: true }
  }
  if (generation < 3) losses.addTool(search)
  return { functions, search: generation >= 3 }
}

function encodeFunction ({ name, description, input_schema: schema }: ToolParam): GeminiFunction {
  const encoded: GeminiFunction = { name: functionName(name) }
  if (description !== undefined) encoded.description = description
  if (schema !== undefined) encoded.parametersJsonSchema = cleanSchema(schema)
  return encoded
}

/** A choice among functions that are there: any other would be refused. */
function encodeChoice (choice: ToolChoice | undefined, functions: readonly ToolParam[]): GeminiToolConfig['functionCallingConfig'] {
  switch (choice?.type) {
    case 'auto': return { mode: 'AUTO' }
    case 'any': return { mode: 'ANY' }
    case 'none': return { mode: 'NONE' }
    case 'tool': return functions.some(({ name }) => name === choice.name) ? { mode: 'ANY', allowedFunctionNames: [functionName(choice.name ?? '')] } : undefined
    default: return undefined
  }
}

/** Google's search needs no choosing. */
function nameLostChoice ({ tools = [], tool_choice: choice }: MessagesRequest, functions: readonly ToolParam[], search: boolean, losses: Losses): void {
  if (choice?.type === 'any' && functions.length === 0 && !search) losses.add('tool_choice')
  if (choice?.type !== 'tool' || functions.some(({ name }) => name === choice.name)) return
  if (!search || !tools.some(tool => isWebSearch(tool) && tool.name === choice.name)) losses.add('tool_choice')
}
