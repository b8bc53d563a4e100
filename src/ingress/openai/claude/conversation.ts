import { systemBlocks } from '../../../message/system.ts'
import { toConversation } from '../../../message/turns.ts'
import type { ContentBlock, MessagesRequest } from '../../../wire/anthropic.ts'

/**
 * A conversation as every server of the Messages API takes it: turns alternate, each call has its result right behind it, and what
 * the system says in the middle stands in a user's turn, since few models know it elsewhere.
 * @param prefill whether it may end with the beginning of the answer
 */
export function fitConversation (request: MessagesRequest, prefill: boolean, lost: string[]): void {
  const { leading, turns } = toConversation(request.messages)
  if (leading.length > 0) request.system = [...systemBlocks(request.system), ...leading]
  const last = turns.at(-1)
  if (last?.role === 'assistant') {
    if (prefill) last.blocks = withoutLastSpace(last.blocks)
    else {
      turns.pop()
      lost.push('messages.prefill')
    }
  }
  request.messages = turns.map(turn => ({ role: turn.role, content: turn.role === 'user' ? [...turn.results, ...turn.blocks] : turn.blocks }))
}

/** With which no beginning may end (https://platform.claude.com/docs/en/build-with-claude/prompt-engineering/prefill-claudes-response). */
function withoutLastSpace (blocks: ContentBlock[]): ContentBlock[] {
  return blocks.map((block, i) => block.type === 'text' && i === blocks.length - 1 ? { ...block, text: block.text.trimEnd() } : block)
}
