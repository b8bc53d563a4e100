import { UNSEEN_IMAGE } from '../../message/without-images.ts'
import type { MessagesRequest, ThinkingParam } from '../../wire/anthropic.ts'
import type { ChatBody, ChatInputMessage, ChatInputPart } from './body.ts'
import { JSON_ONLY } from './decode-request.ts'
import { passLimit } from './pass-request.ts'

/** What was changed in a request for a target, as the Messages API has it. */
export type Changed = Partial<Pick<MessagesRequest, 'max_tokens' | 'thinking' | 'messages' | 'system'>>

/**
 * A chat-completions request with what was changed in it for a target; all else is the client's own. Where it is only the limit, that
 * is so to the byte.
 * @param limited whether the client set a limit: one that it did not set is not sent at all
 */
export function adjustChat (raw: Buffer, { max_tokens: limit, messages, system, thinking }: Changed, limited: boolean): Buffer {
  const bytes = limit !== undefined && limited ? passLimit(raw, limit) : raw
  if (messages === undefined && system === undefined && thinking === undefined) return bytes
  const chat = JSON.parse(bytes.toString()) as ChatBody
  // Pictures are the one thing that is changed in messages.
  if (messages !== undefined) chat.messages = chat.messages.map(withoutPictures)
  if (system !== undefined) replaceSystem(chat, system)
  if (thinking) adjustThinking(chat, thinking)
  return Buffer.from(JSON.stringify(chat))
}

function withoutPictures (message: ChatInputMessage): ChatInputMessage {
  return Array.isArray(message.content) ? { ...message, content: message.content.map(part => isPicture(part) ? noteOf(part) : part) } : message
}

function isPicture ({ type, file }: ChatInputPart): boolean {
  return type === 'image_url' || (type === 'file' && file?.file_data?.startsWith('data:image/') === true)
}

function noteOf ({ cache_control: mark }: ChatInputPart): ChatInputPart {
  return { type: 'text', text: UNSEEN_IMAGE, ...(mark && { cache_control: mark }) }
}

/** One message in the place of those that the conversation begins with. As one text, which every server takes, unless marks for a cache are in it. */
function replaceSystem (chat: ChatBody, system: NonNullable<MessagesRequest['system']>): void {
  const begin = chat.messages.findIndex(({ role }) => role !== 'system' && role !== 'developer')
  const rest = begin === -1 ? [] : chat.messages.slice(begin)
  // That was only said to servers that know no such format.
  const blocks = typeof system === 'string' ? [{ type: 'text' as const, text: system }] : system.filter(({ text }) => text !== JSON_ONLY.text)
  const content = blocks.some(block => block.cache_control) ? blocks : blocks.map(({ text }) => text).join('\n\n')
  chat.messages = blocks.length === 0 ? rest : [{ role: chat.messages[0]?.role ?? 'system', content }, ...rest]
}

/** In the fields in which the client asked for it: those are known where it goes. */
function adjustThinking (chat: ChatBody, thinking: ThinkingParam): void {
  const { reasoning } = chat
  if (thinking.type !== 'disabled') {
    if (reasoning && thinking.budget_tokens !== undefined) chat.reasoning = { ...reasoning, max_tokens: thinking.budget_tokens }
    return
  }
  delete chat.reasoning_effort
  if (reasoning) chat.reasoning = { enabled: false }
  if (chat['thinking']) chat['thinking'] = { type: 'disabled' }
}
