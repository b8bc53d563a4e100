import { legalToolId } from '../../message/ids.ts'
import { toolArguments } from '../../message/tool-input.ts'
import type { ContentBlock, MessageParam, TextBlock, ToolResultBlock, ToolUseBlock } from '../../wire/anthropic.ts'
import { parseJson } from '../../wire/json.ts'
import type { ChatInputCall, ChatInputMessage } from './body.ts'
import { decodeContent, decodeTexts, isBlank } from './decode-parts.ts'
import type { Untold } from './untold.ts'

/**
 * A conversation as the Messages API has it: what the system says before anything else apart, and results of tools in the
 * user's turn, before whatever the user said behind them.
 * @throws {ApiError} for a file in a form that nobody could read
 */
export function decodeMessages (messages: readonly ChatInputMessage[], untold: Untold): { system: TextBlock[], messages: MessageParam[] } {
  const begin = messages.findIndex(({ role }) => !isSystem(role))
  const leading = begin === -1 ? messages : messages.slice(0, begin)
  const system = leading.flatMap(({ content }, i) => decodeTexts(content, `messages.${i}`, untold))
  const decoded: MessageParam[] = []
  for (let i = leading.length; i < messages.length; i++) addMessage(messages[i] as ChatInputMessage, `messages.${i}`, decoded, untold)
  if (decoded.length > 0) return { system, messages: decoded[0]?.role === 'user' ? decoded : [NOTHING_SAID, ...decoded] }
  // Other APIs take no request in which nobody says anything.
  return { system: [], messages: system.length > 0 ? [{ role: 'user', content: system }] : [NOTHING_SAID] }
}

/** Other APIs want the user to begin, and no turn of theirs is empty. */
const NOTHING_SAID: MessageParam = { role: 'user', content: [{ type: 'text', text: '(The user said nothing.)' }] }

function isSystem (role: ChatInputMessage['role']): boolean {
  return role === 'system' || role === 'developer'
}

function addMessage (message: ChatInputMessage, path: string, decoded: MessageParam[], untold: Untold): void {
  switch (message.role) {
    case 'system': case 'developer': {
      const content = decodeTexts(message.content, path, untold)
      if (content.length > 0) decoded.push({ role: 'system', content })
      break
    }
    case 'user': {
      const content = decodeContent(message.content, path, untold)
      if (content.length > 0) addToUser(decoded, content)
      break
    }
    case 'tool': return addToUser(decoded, [decodeResult(message, path, untold)])
    case 'assistant': {
      const content = decodeAssistant(message, path, untold)
      // One that said nothing is none: the Messages API refuses it.
      if (content.length > 0) decoded.push({ role: 'assistant', content })
      break
    }
    case 'function': untold.refuse(path, 'results of functions cannot be carried there; use tools, and messages of the role `tool`')
  }
}

/** Results and what the user says behind them are one turn: a call must be followed by its result, and by nothing else first. */
function addToUser (decoded: MessageParam[], blocks: ContentBlock[]): void {
  const last = decoded.at(-1)
  if (last?.role === 'user' && Array.isArray(last.content) && last.content.some(({ type }) => type === 'tool_result')) last.content.push(...blocks)
  else decoded.push({ role: 'user', content: blocks })
}

function decodeResult ({ tool_call_id: id = '', content }: ChatInputMessage, path: string, untold: Untold): ToolResultBlock {
  return { type: 'tool_result', tool_use_id: legalToolId(id), content: typeof content !== 'string' ? decodeContent(content, path, untold) : isBlank(content) ? '' : content }
}

function decodeAssistant ({ content, refusal, tool_calls: calls, function_call: older }: ChatInputMessage, path: string, untold: Untold): ContentBlock[] {
  if (older) untold.refuse(`${path}.function_call`, 'calls of functions cannot be carried there; use tools')
  const said = decodeContent(content || refusal, path, untold)
  return [...said, ...(calls ?? []).flatMap((call, i) => decodeCall(call, `${path}.tool_calls.${i}`, untold))]
}

/** What a model wrote, and a client sent back, need not be JSON. */
function decodeCall ({ id, type = 'function', function: called }: ChatInputCall, path: string, untold: Untold): ToolUseBlock[] {
  if (called === undefined) {
    untold.refuse(path, `calls of the type ${type} cannot be carried there`)
    return []
  }
  const input = called.arguments.trim() === '' ? {} : parseJson(called.arguments) ?? called.arguments
  return [{ type: 'tool_use', id: legalToolId(id), name: called.name, input: toolArguments(input) }]
}
