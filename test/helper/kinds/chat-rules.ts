import type { ChatAssistantMessage, ChatMessage, ChatPart, ChatRequest } from '../../../src/wire/openai-chat.ts'

/** Where servers of the chat-completions wire differ in what they refuse. */
export interface ChatRules {
  fields: readonly string[]
  /** How many marks for the cache are taken. */
  cacheMarks: number
  /** Parts of a user message. */
  parts: readonly ChatPart['type'][]
  /** Whether the content of a tool message may be parts. */
  partsInTools: boolean
}

/** What every server of the wire knows. */
export const COMMON_FIELDS = ['model', 'messages', 'stream', 'stream_options', 'max_tokens', 'tools', 'tool_choice', 'temperature', 'top_p', 'stop', 'response_format']

/**
 * What a strict server of the chat-completions wire would refuse in a request: all that OpenAI, Mistral, or a chat
 * template of vLLM is known to refuse, whichever of them is stricter.
 */
export function chatProblems (body: ChatRequest, rules: ChatRules): string[] {
  const text = JSON.stringify(body)
  const marks = text.split('"cache_control":{').length - 1
  return [
    ...Object.keys(body).filter(field => !rules.fields.includes(field)).map(field => `unknown field ${field}`),
    ...(text.includes('x-anthropic-billing-header') ? ['the attribution line reached the provider'] : []),
    ...(marks > rules.cacheMarks ? [`${marks} cache marks`] : []),
    ...(body.stream_options !== undefined && !body.stream ? ['stream_options without stream'] : []),
    ...(Math.max(body.max_tokens ?? 0, body.max_completion_tokens ?? 0) < 1 ? ['no room for an answer'] : []),
    ...toolProblems(body),
    ...sequenceProblems(body.messages),
    ...body.messages.flatMap((message, i) => contentProblems(message, rules).map(problem => `message ${i} (${message.role}): ${problem}`))
  ]
}

function toolProblems ({ tools, tool_choice: choice, messages }: ChatRequest): string[] {
  const names = tools?.map(tool => tool.function.name) ?? []
  const called = messages.some(message => message.role === 'tool')
  return [
    ...(tools?.length === 0 ? ['an empty list of tools'] : []),
    ...(choice !== undefined && tools === undefined ? ['a choice without tools'] : []),
    ...(called && tools === undefined ? ['tool messages without tools'] : []),
    ...(new Set(names).size < names.length ? ['two tools of one name'] : []),
    ...names.filter(name => !/^[\w-]{1,64}$/.test(name)).map(name => `tool name ${name}`),
    ...(tools ?? []).filter(tool => tool.function.parameters?.['type'] !== 'object').map(tool => `parameters of ${tool.function.name} are no object`)
  ]
}

/** System first and only there, then user and assistant in turn; each call answered once, right behind it and in order. */
function sequenceProblems (messages: ChatMessage[]): string[] {
  const problems: string[] = []
  let open: string[] = []
  let last: ChatMessage['role'] = 'system'
  for (const [i, message] of messages.entries()) {
    if (message.role === 'tool') {
      if (open[0] !== message.tool_call_id) problems.push(`message ${i}: a result of ${message.tool_call_id}, where ${open[0] ?? 'none'} is due`)
      open = open.filter(id => id !== message.tool_call_id)
    } else {
      if (open.length > 0) problems.push(`message ${i}: ${message.role}, but the calls ${open.join(', ')} have no result`)
      open = message.role === 'assistant' ? (message.tool_calls ?? []).map(call => call.id) : []
    }
    if (message.role === 'system' && i > 0) problems.push(`message ${i}: a system message in mid-conversation`)
    if (message.role === 'assistant' && last !== 'user' && last !== 'tool') problems.push(`message ${i}: an assistant message behind ${last}`)
    if (message.role === 'user' && last === 'user') problems.push(`message ${i}: two user messages in a row`)
    last = message.role
  }
  if (last !== 'user' && last !== 'tool') problems.push(`the last message is of role ${last}`)
  return problems
}

function contentProblems (message: ChatMessage, rules: ChatRules): string[] {
  switch (message.role) {
    case 'system': case 'user': return partProblems(message.content, rules)
    case 'tool': return typeof message.content !== 'string' && !rules.partsInTools ? ['content must be a string'] : partProblems(message.content, rules)
    case 'assistant': return [...callProblems(message), ...(message.content === null && message.tool_calls !== undefined ? [] : partProblems(message.content, rules))]
    default: return ['unknown role']
  }
}

function partProblems (content: string | ChatPart[] | null, rules: ChatRules): string[] {
  if (content === null || content.length === 0) return ['no content']
  if (typeof content === 'string') return []
  return content.flatMap(part => {
    if (!rules.parts.includes(part.type)) return [`a part of the type ${part.type}`]
    switch (part.type) {
      case 'text': return part.text === '' ? ['an empty text'] : []
      case 'image_url': return /^data:image\/[a-z]+;base64,[\w+/]+=*$/.test(part.image_url.url) ? [] : ['an image that is none']
      case 'file': return part.file.file_data.startsWith('data:') ? [] : ['a file that is none']
      default: return []
    }
  })
}

function callProblems ({ tool_calls: calls }: ChatAssistantMessage): string[] {
  if (calls === undefined) return []
  return [
    ...(calls.length === 0 ? ['an empty list of calls'] : []),
    ...(new Set(calls.map(call => call.id)).size < calls.length ? ['two calls of one id'] : []),
    ...calls.filter(call => call.id === '' || call.type !== 'function' || !isObject(call.function.arguments)).map(call => `call ${JSON.stringify(call)}`)
  ]
}

function isObject (text: string): boolean {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null && !Array.isArray(value)
  } catch {
    return false
  }
}
