import { ApiError } from '../../src/errors.ts'
import type { MessageWriter } from '../../src/message/writer.ts'
import type { Asked } from '../../src/provider.ts'
import type { ChatChoice } from '../../src/wire/openai-chat.ts'

/** Tells the writer why the model stopped. An unknown reason counts as an ordinary end: the list is open. */
export function tellStopReason (choice: ChatChoice, writer: MessageWriter, asked: Asked, provider: string): void {
  if (choice.native_finish_reason === 'model_context_window_exceeded') return writer.finish('model_context_window_exceeded')
  // Gemini's compatible server adds its own reason behind a colon.
  switch (String(choice.finish_reason).split(':')[0]) {
    case 'length': case 'model_length': case 'max_tokens': return writer.finish('max_tokens')
    case 'tool_calls': case 'function_call': return writer.finish('tool_use')
    case 'content_filter': case 'refusal':
      return writer.finish('refusal', null, { type: 'refusal', category: null, explanation: `${provider} stopped the answer by its content filter.` }, true)
    case 'error': case 'abort': case 'aborted': case 'insufficient_system_resource':
      return writer.fail(new ApiError('overloaded_error', `${provider} broke off the answer (${choice.finish_reason}).`))
    case 'function_call_filter':
      return writer.started ? writer.finish('end_turn') : writer.fail(new ApiError('api_error', `${provider} could not complete a tool call (${choice.finish_reason}).`, { status: 502 }))
    default: return finishByText(choice, writer, asked)
  }
}

/** vLLM names the stop text that it met; Claude behind OpenRouter says only that it met one. */
function finishByText ({ stop_reason: met, native_finish_reason: native }: ChatChoice, writer: MessageWriter, { stop_sequences: stops }: Asked): void {
  if (typeof met === 'string' && stops?.includes(met)) writer.finish('stop_sequence', met)
  else if (native === 'stop_sequence') writer.finish('stop_sequence', stops?.length === 1 ? stops[0] : null)
  else writer.finish('end_turn')
}
