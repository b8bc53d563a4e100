import { newToolId } from '../../src/message/ids.ts'
import type { ChatMessage, ChatRequest, ChatTool } from '../../src/wire/openai-chat.ts'
import { exampleOf } from './example-input.ts'

export interface DemoReply {
  thinking: string
  text: string
  call: { id: string, name: string, input: string } | undefined
  promptTokens: number
}

const INTRODUCTION = 'This is the Switchyard demo: no model answers here, the gateway itself does.'
const NEXT = 'To get a real one, set OPENROUTER_API_KEY (or write a config.json) and start the gateway again.'

/** What the demo says to a request: it greets, thinks aloud when asked to, and calls a tool when asked to. */
export function reply (request: ChatRequest): DemoReply {
  const last = request.messages.findLast(message => message.role !== 'system')
  const said = last === undefined ? '' : lastText(last)
  const asked = last?.role === 'user' ? said : ''
  const thinking = request.reasoning_effort !== undefined || /\bthink\b/i.test(asked) ? `The user wrote ${asked.length} characters. The demo has nothing to think about, and does it in the open.` : ''
  const promptTokens = Math.ceil(JSON.stringify(request.messages).length / 4)
  const tool = last?.role === 'user' ? wantedTool(asked, request) : undefined
  if (tool !== undefined) {
    const call = { id: newToolId(), name: tool.function.name, input: JSON.stringify(exampleOf(tool.function.parameters ?? {}, quotedIn(asked))) }
    return { thinking, text: `${INTRODUCTION} It calls ${tool.function.name}, as you asked.`, call, promptTokens }
  }
  const text = last?.role === 'tool' ? `${INTRODUCTION} The tool answered: ${said.slice(0, 500)}` : `${INTRODUCTION} ${NEXT}`
  return { thinking, text, call: undefined, promptTokens }
}

/** The last text of a message that a person (or a tool) wrote; clients add reminders of their own behind it. */
function lastText ({ content }: ChatMessage): string {
  if (typeof content === 'string') return content
  const texts = (content ?? []).map(part => part.type === 'text' ? part.text : '').filter(text => text !== '' && !text.startsWith('<system-reminder>'))
  return texts.at(-1) ?? ''
}

/** The tool that the user asks for by name (`use Bash`, `call the get_weather tool`), or that the request demands. */
function wantedTool (asked: string, { tools = [], tool_choice: choice }: ChatRequest): ChatTool | undefined {
  if (choice === 'none') return undefined
  if (typeof choice === 'object') return tools.find(tool => tool.function.name === choice.function.name)
  const named = tools.find(({ function: { name } }) => new RegExp(`\\b(?:use|call|run)\\s+(?:the\\s+)?(?:tool\\s+)?${name.replace(/\W/g, '.')}\\b`, 'i').test(asked))
  return named ?? (choice === 'required' ? tools[0] : undefined)
}

/** What stands in backticks or double quotes: the likeliest argument. */
function quotedIn (text: string): string | undefined {
  return /`([^`]+)`|"([^"]+)"/.exec(text)?.slice(1).find(match => match !== undefined)
}
