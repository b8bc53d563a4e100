import type { ConversationMemory } from '../../src/message/reasoning-memory.ts'
import type { ContentBlock, MessageParam, MessagesRequest } from '../../src/wire/anthropic.ts'
import type { JsonObject } from '../../src/wire/json.ts'

/**
 * Keeps the signed thinking of a reply by the calls that it led to: clients of other APIs have no place for it, and the model would
 * go on in its tool loop without what it thought (https://platform.claude.com/docs/en/build-with-claude/extended-thinking, preserving
 * thinking blocks).
 */
export class SignedThinking {
  readonly #memory: ConversationMemory
  readonly #family: string
  #blocks: JsonObject[] = []

  constructor (memory: ConversationMemory, family: string) {
    this.#memory = memory
    this.#family = family
  }

  /** A `thinking` or `redacted_thinking` block is complete. */
  add (block: JsonObject): void {
    this.#blocks.push(block)
  }

  /** A call follows: the first after some thinking has it, and calls beside that one have none. @param id as the client sees it */
  called (id: string): void {
    if (this.#blocks.length === 0) return
    this.#memory.remember(id, { envelope: { family: this.#family, field: 'content', details: this.#blocks }, text: '' })
    this.#blocks = []
  }
}

/**
 * Conversations with the thinking put back that a client left out before its calls; where the model is not to think, as they are.
 * @param unasked whether it thinks where the request says nothing of it
 */
export function withSignedThinking ({ thinking, messages }: MessagesRequest, memory: ConversationMemory, family: string, unasked: boolean): MessageParam[] {
  if (thinking ? thinking.type === 'disabled' : !unasked) return messages
  return messages.map(message => {
    const { role, content } = message
    if (role !== 'assistant' || typeof content === 'string' || content.some(({ type }) => type === 'thinking' || type === 'redacted_thinking')) return message
    return { ...message, content: putBack(content, id => (memory.recall(id, family)?.envelope.details ?? []) as unknown as ContentBlock[]) }
  })
}

/** What was thought first stands first, before what the model said then; what it thought between two calls, between them. */
function putBack (content: readonly ContentBlock[], thoughtBefore: (id: string) => ContentBlock[]): ContentBlock[] {
  const first = content.find(block => block.type === 'tool_use')
  return content.flatMap((block, i) => {
    const thought = i === 0 && first !== undefined ? thoughtBefore(first.id) : []
    return block.type === 'tool_use' && block !== first ? [...thought, ...thoughtBefore(block.id), block] : [...thought, block]
  })
}
