import type { StopReason } from '../../wire/anthropic.ts'

/** Why an answer ended, as the chat-completions wire says it (https://platform.openai.com/docs/api-reference/chat/object). */
export type FinishReason = 'stop' | 'length' | 'tool_calls' | 'content_filter'

/** @param reason null counts as an ordinary end */
export function finishReasonOf (reason: StopReason | null): FinishReason {
  switch (reason) {
    case 'max_tokens': case 'model_context_window_exceeded': return 'length'
    case 'tool_use': return 'tool_calls'
    case 'refusal': return 'content_filter'
    default: return 'stop'
  }
}
