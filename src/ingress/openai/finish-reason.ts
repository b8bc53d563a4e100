import type { StopReason } from '../../wire/anthropic.ts'

/** Why an answer ended, as the chat-completions wire says it (https://platform.openai.com/docs/api-reference/chat/object). */
export type FinishReason = 'stop' | 'length' | 'tool_calls' | 'content_filter'

/** @param reason null counts as an ordinary end; @param refused whether the answer is a refusal in words, which is one like any other */
export function finishReasonOf (reason: StopReason | null, refused = false): FinishReason {
  switch (reason) {
    case 'max_tokens': case 'model_context_window_exceeded': return 'length'
    case 'tool_use': return 'tool_calls'
    case 'refusal': return refused ? 'stop' : 'content_filter'
    default: return 'stop'
  }
}
