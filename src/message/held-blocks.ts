import type { ContentBlock } from '../wire/anthropic.ts'

export type ToolKey = string | number

export interface HeldCall { type: 'tool', key: ToolKey, id: string, name: string, input: string }

export type HeldBlock =
  | { type: 'text' | 'thinking', value: string, signature: string }
  | HeldCall
  | { type: 'block', block: ContentBlock }

/** What arrived while a tool call was still incomplete, in the order of arrival. It follows once that call is closed. */
export class HeldBlocks {
  #blocks: HeldBlock[] = []

  get empty (): boolean { return this.#blocks.length === 0 }

  prose (kind: 'text' | 'thinking', delta: string): void {
    const last = this.#blocks.at(-1)
    if (last?.type === kind && last.signature === '') last.value += delta
    else this.#blocks.push({ type: kind, value: delta, signature: '' })
  }

  /** Whether the signature belongs to a block held here. */
  sign (signature: string): boolean {
    const last = this.#blocks.at(-1)
    if (last?.type !== 'thinking') return false
    last.signature = signature
    return true
  }

  tool (key: ToolKey, id: string, name: string): void {
    this.#blocks.push({ type: 'tool', key, id, name, input: '' })
  }

  toolInput (key: ToolKey, partialJson: string): void {
    const call = this.#blocks.find(block => block.type === 'tool' && block.key === key)
    if (call?.type === 'tool') call.input += partialJson
  }

  calls (): HeldCall[] {
    return this.#blocks.filter(block => block.type === 'tool')
  }

  block (block: ContentBlock): void {
    this.#blocks.push({ type: 'block', block })
  }

  /** All of it; nothing is held afterwards. */
  take (): HeldBlock[] {
    const blocks = this.#blocks
    this.#blocks = []
    return blocks
  }
}
