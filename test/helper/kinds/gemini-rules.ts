import { isDeepStrictEqual } from 'node:util'
import { type JsonObject, isJsonObject } from '../../../src/wire/json.ts'
import { schemaProblems } from './gemini-schema.ts'
import { objectAt } from './kind.ts'
import { unsign } from './signature.ts'

/** A part, as far as the tests look into it (https://ai.google.dev/api/caching#Part). */
export interface GeminiPart {
  text?: string
  thought?: boolean
  thoughtSignature?: string
  inlineData?: { mimeType: string, data: string }
  functionCall?: { id?: string, name: string, args?: JsonObject }
  functionResponse?: { id?: string, name: string, response: JsonObject, parts?: GeminiPart[] }
}

export interface GeminiContent { role: 'user' | 'model', parts: GeminiPart[] }

export interface GeminiRequest {
  contents: GeminiContent[]
  systemInstruction?: { parts: GeminiPart[] }
  tools?: { functionDeclarations?: JsonObject[] }[]
  toolConfig?: { functionCallingConfig?: { mode?: string, allowedFunctionNames?: string[] } }
  generationConfig?: JsonObject
}

const FIELDS = ['contents', 'systemInstruction', 'tools', 'toolConfig', 'safetySettings', 'generationConfig', 'cachedContent', 'serviceTier']
const GENERATION = ['maxOutputTokens', 'temperature', 'topP', 'topK', 'stopSequences', 'candidateCount', 'seed', 'responseMimeType', 'responseSchema', 'responseJsonSchema', 'responseModalities', 'thinkingConfig']
const DATA = ['text', 'inlineData', 'fileData', 'functionCall', 'functionResponse', 'executableCode', 'codeExecutionResult', 'toolCall', 'toolResponse']
const MAX_OUTPUT = 65_536
const MAX_STOPS = 5
/** Stands for a signature that nobody has, raw or in base64 (https://ai.google.dev/gemini-api/docs/thought-signatures). */
const SENTINELS = ['skip_thought_signature_validator', Buffer.from('skip_thought_signature_validator').toString('base64')]

/** What Gemini 3 would refuse in a request. */
export function geminiProblems (body: GeminiRequest): string[] {
  return [
    ...unknown(body as unknown as JsonObject, FIELDS, 'the request'),
    ...unknown(objectAt(body as unknown as JsonObject, 'generationConfig'), GENERATION, 'generation_config'),
    ...(JSON.stringify(body).includes('x-anthropic-billing-header') ? ['the attribution line reached the provider'] : []),
    ...generationProblems(body.generationConfig ?? {}),
    ...declarationProblems(body),
    ...(body.systemInstruction === undefined ? [] : partsProblems(body.systemInstruction.parts, 'system_instruction')),
    ...body.contents.flatMap((content, i) => contentProblems(content, body.contents[i - 1], `contents[${i}]`)),
    ...(body.contents.at(-1)?.role === 'user' ? [] : ['the last content is not the user\'s'])
  ]
}

function unknown (object: JsonObject, fields: readonly string[], where: string): string[] {
  return Object.keys(object).filter(field => !fields.includes(field)).map(field => `Invalid JSON payload received. Unknown name "${field}" at '${where}': Cannot find field.`)
}

function generationProblems (config: JsonObject): string[] {
  const { thinkingBudget: budget, thinkingLevel: level, ...rest } = objectAt(config, 'thinkingConfig')
  const { maxOutputTokens: room = 1, stopSequences: stops = [], responseJsonSchema: format } = config
  return [
    ...unknown(rest, ['includeThoughts'], 'thinking_config'),
    ...(budget !== undefined && level !== undefined ? ['You can only set only one of thinking budget and thinking level.'] : []),
    ...(budget === 0 ? ['Budget 0 is invalid. This model only works in thinking mode.'] : []),
    ...(level === undefined || ['MINIMAL', 'LOW', 'MEDIUM', 'HIGH'].includes(String(level)) ? [] : [`Invalid value at thinking_level: ${String(level)}`]),
    ...(Number(room) < 1 || Number(room) > MAX_OUTPUT ? [`max_output_tokens must be in the range of 1 to ${MAX_OUTPUT}: ${String(room)}`] : []),
    ...(Array.isArray(stops) && stops.length > MAX_STOPS ? ['too many stop sequences'] : []),
    ...(format === undefined ? [] : schemaProblems(format))
  ]
}

function declarationProblems ({ tools = [], toolConfig }: GeminiRequest): string[] {
  const declared = tools.flatMap(tool => tool.functionDeclarations ?? [])
  const { mode = 'AUTO', allowedFunctionNames: allowed = [] } = toolConfig?.functionCallingConfig ?? {}
  const names = declared.map(declaration => String(declaration['name']))
  return [
    ...tools.flatMap(tool => tool.functionDeclarations?.length === 0 ? ['an empty list of functions'] : []),
    ...names.filter(name => !/^[a-z_][\w.:-]{0,127}$/i.test(name)).map(name => `Invalid function name: ${name}`),
    ...declared.flatMap(declaration => unknown(declaration, ['name', 'description', 'parameters', 'parametersJsonSchema', 'behavior', 'response'], 'function_declarations')),
    ...declared.filter(declaration => 'parameters' in declaration).map(() => 'parameters and parameters_json_schema: the tests know the latter only'),
    ...declared.flatMap(({ parametersJsonSchema: schema }) => schema === undefined ? [] : schemaProblems(schema)),
    ...(['AUTO', 'ANY', 'NONE', 'VALIDATED'].includes(mode) ? [] : [`Invalid mode ${mode}`]),
    ...(allowed.length > 0 && mode !== 'ANY' && mode !== 'VALIDATED' ? ['allowed_function_names is for the mode ANY'] : []),
    ...allowed.filter(name => !names.includes(name)).map(name => `allowed_function_names: ${name} is not declared`)
  ]
}

function contentProblems ({ role, parts }: GeminiContent, before: GeminiContent | undefined, where: string): string[] {
  const turn = before === undefined ? 'user' : before.role === 'user' ? 'model' : 'user'
  return [
    ...(role === turn ? [] : [`${where}: Please ensure that roles alternate: ${role}, where ${turn} is due`]),
    ...partsProblems(parts, where),
    ...(role === 'model' ? signatureProblems(parts, where) : responseProblems(parts, before?.parts ?? [], where))
  ]
}

function partsProblems (parts: GeminiPart[], where: string): string[] {
  return [
    ...(parts.length === 0 ? [`${where}.parts must not be empty`] : []),
    ...parts.flatMap((part, i) => {
      const data = DATA.filter(field => field in part)
      return [
        ...unknown(part as unknown as JsonObject, [...DATA, 'thought', 'thoughtSignature'], `${where}.parts[${i}]`),
        ...(data.length === 1 ? [] : [`${where}.parts[${i}].data: required oneof field 'data' must have one initialized field`]),
        ...(part.text === '' && part.thoughtSignature === undefined ? [`${where}.parts[${i}]: empty text`] : []),
        ...(part.inlineData === undefined || /^[\w+/]+=*$/.test(part.inlineData.data) ? [] : [`${where}.parts[${i}]: inline_data`])
      ]
    })
  ]
}

/** The first call of a turn is signed, or says that it cannot be; what is signed has come back where it was, as it was. */
function signatureProblems (parts: GeminiPart[], where: string): string[] {
  const first = parts.find(part => part.functionCall !== undefined)
  return [
    ...(first !== undefined && !first.thoughtSignature ? [`Function call is missing a thought_signature in functionCall parts. This is required for tools to work correctly: ${where}, function call \`${first.functionCall?.name}\``] : []),
    ...parts.flatMap(({ thoughtSignature: signature, ...part }, i) => {
      if (signature === undefined || SENTINELS.includes(signature)) return []
      return unsign('gemini', signature, signedPart(part)) === undefined ? [`${where}.parts[${i}]: Corrupted thought signature.`] : []
    })
  ]
}

/** What a signature belongs to. */
export function signedPart ({ functionCall: call }: GeminiPart): string {
  return call === undefined ? 'text' : `${call.name} ${JSON.stringify(call.args ?? {})}`
}

/** All results of a model turn, in the order of its calls and under their names, before anything else of the user's. */
function responseProblems (parts: GeminiPart[], before: GeminiPart[], where: string): string[] {
  const calls = before.flatMap(part => part.functionCall ?? [])
  const responses = parts.flatMap(part => part.functionResponse ?? [])
  const shape = responses.flatMap(({ response, parts = [] }) => [
    ...(isJsonObject(response) && Object.keys(response).every(key => key === 'output' || key === 'error') ? [] : [`${where}: function_response.response`]),
    ...parts.filter(part => part.inlineData === undefined).map(() => `${where}: function_response.parts: inline_data only`)
  ])
  if (calls.length !== responses.length) return [`${where}: Please ensure that the number of function response parts is equal to the number of function call parts of the function call turn.`]
  const together = parts.slice(0, responses.length).every(part => part.functionResponse !== undefined)
  return [
    ...shape,
    ...(together ? [] : [`${where}: something stands before a function response`]),
    ...(isDeepStrictEqual(responses.map(({ id, name }) => [name, id]), calls.map(({ id, name }) => [name, id])) ? [] : [`${where}: function responses ${responses.map(({ name, id }) => `${name} ${id}`).join(', ')}, where ${calls.map(({ name, id }) => `${name} ${id}`).join(', ')} are due`])
  ]
}
