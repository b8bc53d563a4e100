import { joinTexts, webSearchText } from '../../src/message/block-text.ts'
import { conversationOf } from '../../src/message/conversation-key.ts'
import { originalToolId } from '../../src/message/ids.ts'
import type { ConversationMemory } from '../../src/message/reasoning-memory.ts'
import { systemBlocks } from '../../src/message/system.ts'
import { shortToolName } from '../../src/message/tool-names.ts'
import { toolArguments } from '../../src/message/tool-input.ts'
import { type AssistantTurn, type UserTurn, blocksOf, toConversation } from '../../src/message/turns.ts'
import type { ClientHead, Target } from '../../src/provider.ts'
import type { ContentBlock, MessagesRequest, TextBlock, ToolResultBlock, ToolUseBlock } from '../../src/wire/anthropic.ts'
import type { ChatAssistantMessage, ChatMessage, ChatPart } from '../../src/wire/openai-chat.ts'
import type { ChatDialect } from './dialect.ts'
import { asContent, encodeParts, isMedia, markOf } from './encode-content.ts'
import { replayReasoning } from './replay-reasoning.ts'

/** System prompt and conversation as chat messages. */
export function encodeMessages (request: MessagesRequest, dialect: ChatDialect, target: Target, client: ClientHead | undefined): ChatMessage[] {
  const { leading, turns } = toConversation(request.messages)
  const messages: ChatMessage[] = []
  const system = encodeSystem([...systemBlocks(request.system), ...leading], dialect)
  if (system !== undefined) messages.push(system)
  const family = dialect.family(target)
  const memory = target.provider.memory.of(conversationOf(request, client))
  for (const turn of turns) {
    if (turn.role === 'user') encodeUser(turn, dialect, messages)
    else {
      for (const message of encodeAssistant(turn, dialect, family, memory)) {
        dialect.assistant?.(message, request, target)
        messages.push(message)
      }
    }
  }
  const toolId = dialect.toolId?.(target)
  if (toolId !== undefined) renameCalls(messages, toolId)
  return messages
}

function renameCalls (messages: readonly ChatMessage[], rename: (id: string) => string): void {
  for (const message of messages) {
    if (message.role === 'tool') message.tool_call_id = rename(message.tool_call_id)
    else if (message.role === 'assistant') for (const call of message.tool_calls ?? []) call.id = rename(call.id)
  }
}

/** One string, as every server takes it, unless the caching marks on its parts mean something. */
function encodeSystem (blocks: TextBlock[], dialect: ChatDialect): ChatMessage | undefined {
  if (blocks.length === 0) return undefined
  if (dialect.cacheControl && blocks.some(block => block.cache_control)) return { role: 'system', content: encodeParts(blocks, dialect) }
  return { role: 'system', content: blocks.map(block => block.text).join('\n\n') }
}

/** A turn that holds nothing for this provider (another's reasoning only) is no message. */
function encodeAssistant ({ blocks }: AssistantTurn, dialect: ChatDialect, family: string, memory: ConversationMemory): ChatAssistantMessage[] {
  const text = encodeWritten(blocks, dialect)
  const calls = blocks.filter((block): block is ToolUseBlock => block.type === 'tool_use')
  const message: ChatAssistantMessage = { role: 'assistant', content: text === '' && calls.length > 0 ? null : text }
  if (calls.length > 0) message.tool_calls = calls.map(encodeCall)
  const reasons = replayReasoning(blocks, family, memory, message)
  return text === '' && calls.length === 0 && !reasons ? [] : [message]
}

/**
 * Texts of one reply are joined with nothing between: together they are what the model wrote. With marks for the cache they stay
 * parts. A call has no place for its mark: it goes to the text before.
 */
function encodeWritten (blocks: readonly ContentBlock[], dialect: ChatDialect): string | ChatPart[] {
  if (!dialect.cacheControl || !blocks.some(markOf)) return blocks.map(writtenText).join('')
  const parts: ChatPart[] = []
  for (const block of blocks) {
    const text = writtenText(block)
    if (text !== '') parts.push({ type: 'text', text })
    const mark = markOf(block)
    const last = parts.at(-1)
    if (mark && last !== undefined) last.cache_control = mark
  }
  return parts.length === 0 ? '' : parts
}

function writtenText (block: ContentBlock): string {
  if (block.type === 'text') return block.text
  return block.type === 'web_search_tool_result' ? `${webSearchText(block)}\n\n` : ''
}

function encodeCall ({ id, name, input }: ToolUseBlock): NonNullable<ChatAssistantMessage['tool_calls']>[number] {
  return { id: originalToolId(id), type: 'function', function: { name: shortToolName(name), arguments: JSON.stringify(toolArguments(input)) } }
}

/** Results first, in the order of the calls, and with nothing between; then what else the user said. */
function encodeUser (turn: UserTurn, dialect: ChatDialect, messages: ChatMessage[]): void {
  const aside: ChatPart[] = []
  for (const result of turn.results) {
    const blocks = blocksOf(result)
    const inline = dialect.mediaInToolResults
    messages.push({ role: 'tool', tool_call_id: originalToolId(result.tool_use_id), content: encodeResult(result, blocks, dialect) })
    const media = inline ? [] : blocks.filter(isMedia)
    if (media.length > 0) aside.push({ type: 'text', text: `Attached to the result of tool call ${originalToolId(result.tool_use_id)}:` }, ...encodeParts(media, dialect))
  }
  const parts = aside.concat(encodeParts(turn.blocks, dialect))
  if (parts.length === 0) return
  const last = messages.at(-1)
  // Many chat templates refuse two messages of the user in a row: what stood between them was left out.
  if (last?.role === 'user') last.content = [...asParts(last.content), ...parts]
  else messages.push({ role: 'user', content: asContent(parts) })
}

function asParts (content: string | ChatPart[]): ChatPart[] {
  return typeof content === 'string' ? [{ type: 'text', text: content }] : content
}

/** The content of a tool message: a string wherever it can be one. */
function encodeResult (result: ToolResultBlock, blocks: ContentBlock[], dialect: ChatDialect): string | ChatPart[] {
  const text = resultText(result, blocks)
  const mark = dialect.cacheControl ? result.cache_control ?? markOf(blocks.findLast(markOf)) : undefined
  const media = dialect.mediaInToolResults ? encodeParts(blocks.filter(isMedia), dialect) : []
  if (media.length === 0 && !mark) return text
  const parts: ChatPart[] = [{ type: 'text', text }, ...media]
  // One mark, at the end: the texts before it are one part, whichever of them were marked.
  for (const part of parts) delete part.cache_control
  const last = parts.at(-1)
  if (mark && last !== undefined) last.cache_control = mark
  return parts
}

/** No wire but Anthropic's has `is_error`, and many servers refuse an empty result. */
function resultText ({ is_error: isError }: ToolResultBlock, blocks: ContentBlock[]): string {
  const searches = blocks.filter(block => block.type === 'search_result').map(block => `${block.title} (${block.source})\n${joinTexts(block.content)}`)
  const text = [joinTexts(blocks), ...searches].filter(part => part !== '').join('\n')
  const media = blocks.some(isMedia)
  if (text === '') return isError ? 'Error: the tool failed without a message.' : media ? 'See the attachment.' : '(no output)'
  return isError && !/^error\b/i.test(text) ? `Error: ${text}` : text
}
