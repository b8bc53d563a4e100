import { webSearchText } from '../../src/message/block-text.ts'
import { originalToolId } from '../../src/message/ids.ts'
import type { ConversationMemory } from '../../src/message/reasoning-memory.ts'
import { toolArguments } from '../../src/message/tool-input.ts'
import type { ContentBlock, ToolUseBlock } from '../../src/wire/anthropic.ts'
import type { GeminiPart } from '../../src/wire/gemini.ts'
import { type JsonObject, textOf } from '../../src/wire/json.ts'
import type { ModelTraits } from './model.ts'
import { recallCall, recallText, unseal } from './signatures.ts'
import { functionName } from './tool-name.ts'

/** Stands for a signature that is not to be had (https://ai.google.dev/gemini-api/docs/thought-signatures), in base64 as signatures are. */
const NO_SIGNATURE = Buffer.from('skip_thought_signature_validator').toString('base64')

/**
 * What the model said, with each signature in the part that it came in: signed and unsigned parts are never joined. From
 * Gemini 3 on a turn whose first call is not signed is refused, so where no signature is left, that call says so.
 */
export function encodeModel (blocks: readonly ContentBlock[], { generation }: ModelTraits, memory: ConversationMemory): GeminiPart[] {
  const replay = new Replay(memory)
  for (const block of blocks) replay.block(block)
  const last = blocks.at(-1)
  if (last?.type === 'text') replay.details(recallText(memory, last.text))
  const { parts } = replay
  const first = parts.find(part => 'functionCall' in part)
  if (generation >= 3 && first !== undefined) first.thoughtSignature ??= NO_SIGNATURE
  return parts
}

class Replay {
  readonly parts: GeminiPart[] = []
  readonly #memory: ConversationMemory
  readonly #calls = new Map<string, string>()
  /** A signature for the text that follows. */
  #next: { length: number, thoughtSignature: string } | null = null

  constructor (memory: ConversationMemory) {
    this.#memory = memory
  }

  block (block: ContentBlock): void {
    switch (block.type) {
      case 'text': return this.#text(block.text)
      case 'tool_use': return this.#call(block)
      case 'web_search_tool_result': return this.#text(`${webSearchText(block)}\n\n`)
      default: this.details(unseal(block) ?? [])
    }
  }

  details (details: JsonObject[]): void {
    for (const detail of details) this.#detail(detail)
  }

  #text (text: string): void {
    const next = this.#next
    this.#next = null
    if (next === null || next.length > text.length) this.parts.push({ text })
    else this.parts.push(...split(text, 0, next.length, next.thoughtSignature))
  }

  #call ({ id, name, input }: ToolUseBlock): void {
    const thoughtSignature = this.#calls.get(id) ?? recallCall(this.#memory, id)
    this.parts.push({ functionCall: { id: originalToolId(id), name: functionName(name), args: toolArguments(input) }, ...(thoughtSignature !== undefined && { thoughtSignature }) })
  }

  #detail (detail: JsonObject): void {
    const { call, next, from, length } = detail
    const thoughtSignature = textOf(detail['thoughtSignature'])
    if (typeof call === 'string') this.#calls.set(call, thoughtSignature)
    else if (typeof next === 'number') this.#next = { length: next, thoughtSignature }
    else if (typeof from === 'number' && typeof length === 'number') this.#signLast(from, length, thoughtSignature)
    else this.parts.push(detail as unknown as GeminiPart)
  }

  /** Signs a piece of the text that was told last; its unsigned rest keeps its place. */
  #signLast (from: number, length: number, thoughtSignature: string): void {
    const last = this.parts.at(-1)
    if (last === undefined || !('text' in last) || last.thoughtSignature !== undefined || from + length > last.text.length) return
    this.parts.splice(-1, 1, ...split(last.text, from, length, thoughtSignature))
  }
}

/** A text as parts, one of them signed. */
function split (text: string, from: number, length: number, thoughtSignature: string): GeminiPart[] {
  const parts: GeminiPart[] = [{ text: text.slice(0, from) }, { text: text.slice(from, from + length), thoughtSignature }, { text: text.slice(from + length) }]
  return parts.filter(part => part.thoughtSignature !== undefined || ('text' in part && part.text !== ''))
}
