import type { ConversationMemory } from '../../src/message/reasoning-memory.ts'
import { TextMark } from '../../src/message/text-mark.ts'
import type { MessageWriter } from '../../src/message/writer.ts'
import type { JsonObject } from '../../src/wire/json.ts'
import { type Placed, rememberCall, rememberText, seal } from './signatures.ts'

/**
 * Writes parts of a reply as blocks, and beside them what brings each signature back into its own part: in the signature of the
 * thinking block that goes before, or in a `redacted_thinking` block where there is none. A block cannot be signed later, so
 * this happens when the next one begins.
 */
export class SignedBlocks {
  readonly #writer: MessageWriter
  readonly #memory: ConversationMemory
  /** Signatures that no block carries yet. */
  #details: Placed[] = []
  /** The text of the open thinking block. */
  #thought = ''
  /** How much of the open text stands behind its last signed piece; null where no text is open. */
  #unsigned: number | null = null
  /** The open text. */
  #text = new TextMark()
  /** Whether there was an answer, beside thoughts. */
  #answered = false

  constructor (writer: MessageWriter, memory: ConversationMemory) {
    this.#writer = writer
    this.#memory = memory
  }

  get answered (): boolean { return this.#answered }

  thought (text: string, thoughtSignature: string): void {
    if (this.#unsigned !== null) this.close()
    if (thoughtSignature !== '') this.#details.push({ thought: true, text, thoughtSignature })
    this.#thought += text
    this.#writer.thinking(text)
  }

  /** A piece of the answer's text; an empty one may carry the signature of the whole. */
  text (text: string, thoughtSignature: string): void {
    const signed = thoughtSignature !== ''
    if (this.#unsigned === null && text === '') {
      if (signed) this.#details.push({ text, thoughtSignature })
      return
    }
    if (this.#unsigned === null) {
      if (signed) this.#details.push({ next: text.length, thoughtSignature })
      this.#carry()
    } else if (signed) this.#details.push({ from: this.#unsigned, length: text.length, thoughtSignature })
    this.#unsigned = signed ? 0 : (this.#unsigned ?? 0) + text.length
    this.#text.push(text)
    this.#answered = true
    this.#writer.text(text)
  }

  /** A call, which always comes whole. */
  call (id: string, name: string, args: JsonObject, thoughtSignature: string): void {
    if (thoughtSignature !== '') {
      this.#details.push({ call: id, thoughtSignature })
      rememberCall(this.#memory, id, thoughtSignature)
    }
    this.close()
    this.#answered = true
    this.#writer.toolUse(id, id, name)
    this.#writer.toolInput(id, JSON.stringify(args))
  }

  /** A part that means nothing to the client, and goes back as it is. */
  keep (part: JsonObject): void {
    if (this.#unsigned !== null) this.close()
    this.#details.push(part)
  }

  /** Something else follows. */
  close (): void {
    this.#carry()
    this.#unsigned = null
    this.#text = new TextMark()
  }

  /**
   * The reply is over. Claude Code takes its last block for the result of a headless session, so nothing may follow a text:
   * what was signed at its end (Gemini takes such a text without, too) is kept here, as long as that lasts.
   */
  finish (): void {
    if (this.#unsigned !== null && this.#details.length > 0) {
      rememberText(this.#memory, this.#text, this.#details)
      this.#details = []
    }
    this.close()
  }

  #carry (): void {
    if (this.#thought !== '') this.#writer.signature(seal(this.#details, this.#thought))
    else if (this.#details.length > 0) this.#writer.block({ type: 'redacted_thinking', data: seal(this.#details, '') })
    this.#thought = ''
    this.#details = []
  }
}
