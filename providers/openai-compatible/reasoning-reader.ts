import { type ReasoningEnvelope, sealReasoning } from '../../src/message/envelope.ts'
import type { Reasoning, ConversationMemory } from '../../src/message/reasoning-memory.ts'
import type { TextMark } from '../../src/message/text-mark.ts'
import type { MessageWriter } from '../../src/message/writer.ts'
import { type JsonObject, objectsOf, textOf } from '../../src/wire/json.ts'
import type { ChatDelta } from '../../src/wire/openai-chat.ts'

/**
 * Reads reasoning in its forms (`reasoning`, `reasoning_content`, OpenRouter's `reasoning_details`, Mistral's parts of the
 * content) into thinking blocks, each sealed with what its maker needs back on the next turn.
 */
export class ReasoningReader {
  readonly #writer: MessageWriter
  readonly #family: string
  #text = ''
  #field = ''
  #details: JsonObject[] = []
  /** The last reasoning that ended: what the calls that follow came of. */
  #last: Reasoning | null = null

  constructor (writer: MessageWriter, family: string) {
    this.#writer = writer
    this.#family = family
  }

  /** Whether reasoning was read that has not been told to be over. */
  get open (): boolean { return this.#text !== '' || this.#details.length > 0 }

  /** @param whole not a piece of the reply but all of it */
  push (delta: ChatDelta, whole = false): void {
    if (delta.reasoning_details) for (const detail of objectsOf(delta.reasoning_details)) this.#detail(detail, whole)
    this.#tell(this.#textOf(delta))
  }

  /** Thinking that is a part of the content. */
  pushPart (text: string): void {
    if (text !== '') this.#field = 'content'
    this.#tell(text)
  }

  #tell (text: string): void {
    if (text === '') return
    this.#text += text
    this.#writer.thinking(text)
  }

  /** Something else follows: the block is sealed. What came without any text travels in a block of its own. */
  end (): void {
    if (!this.open) return
    const envelope = this.#envelope()
    const seal = sealReasoning(envelope, this.#text)
    this.#last = { envelope, text: this.#text }
    if (this.#text === '') this.#writer.block({ type: 'redacted_thinking', data: seal })
    else this.#writer.signature(seal)
    this.#text = ''
    this.#details = []
  }

  /**
   * The reply is over. Claude Code takes its last block for the result of a headless session, so nothing may follow an answer in
   * words: what came behind it without a text of its own (Gemini's signature) is kept here, as long as that lasts.
   * @param words the answer; null where it made calls
   */
  finish (memory: ConversationMemory, words: TextMark | null): void {
    if (words?.empty === false && this.#text === '' && this.open) {
      memory.rememberText(words, { envelope: this.#envelope(), text: '' })
      this.#details = []
    }
    this.end()
  }

  /** Keeps the reasoning that led to a call, for clients that do not send it back. */
  remember (memory: ConversationMemory, toolId: string): void {
    if (this.#last !== null) memory.remember(toolId, this.#last)
  }

  #envelope (): ReasoningEnvelope {
    return { family: this.#family, field: this.#field || 'reasoning', ...(this.#details.length > 0 && { details: this.#details }) }
  }

  /** Servers may send the same text in two fields: one is read, never both. */
  #textOf (delta: ChatDelta): string {
    if (typeof delta.reasoning === 'string' && delta.reasoning !== '') {
      this.#field = 'reasoning'
      return delta.reasoning
    }
    if (typeof delta.reasoning_content === 'string' && delta.reasoning_content !== '') {
      this.#field = 'reasoning_content'
      return delta.reasoning_content
    }
    if (!delta.reasoning_details) return ''
    return objectsOf(delta.reasoning_details).map(detail => textOf(detail['text']) + textOf(detail['summary'])).join('')
  }

  /**
   * Fragments of one detail (same type and index) are put together, as they must be sent back; a signature comes as a
   * late fragment without text (https://openrouter.ai/docs/use-cases/reasoning-tokens#preserving-reasoning-blocks).
   */
  #detail (fragment: JsonObject, whole: boolean): void {
    const last = whole ? undefined : typeof fragment['index'] === 'number' ? this.#details.findLast(detail => continues(detail, fragment)) : this.#details.at(-1)
    if (last === undefined || !continues(last, fragment)) {
      if (!isVoid(fragment)) this.#details.push({ ...fragment })
      return
    }
    for (const [field, value] of Object.entries(fragment)) {
      if (field === 'text' || field === 'summary') last[field] = textOf(last[field]) + textOf(value)
      else if (value !== null && value !== '') last[field] = value
    }
  }
}

function continues (last: JsonObject, fragment: JsonObject): boolean {
  if (last['type'] !== fragment['type'] || typeof fragment['data'] === 'string') return false
  // The signature is the last of a detail: what follows is another.
  if (last['signature'] && last['signature'] !== fragment['signature']) return false
  return last['index'] === fragment['index'] && (fragment['id'] == null || last['id'] == null || fragment['id'] === last['id'])
}

/** A first fragment that announces a detail and holds nothing yet; what follows brings its own type and index. */
function isVoid (fragment: JsonObject): boolean {
  return !fragment['text'] && !fragment['summary'] && !fragment['data'] && !fragment['signature'] && (fragment['type'] === 'reasoning.text' || fragment['type'] === 'reasoning.summary')
}
