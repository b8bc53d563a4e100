import type { StopDetails, StopReason } from '../wire/anthropic.ts'
import { isCutInput } from './tool-input.ts'

/** How a reply ended. */
export interface Ending {
  reason: StopReason
  sequence: string | null
  details: StopDetails | null
  /** Whether a filter of the provider's stopped it: what the details say is not the model's own word. */
  filtered: boolean
}

/**
 * Providers differ in what they call the end of a turn with tool calls; the calls themselves decide. A reply that ends
 * within a call has met its limit, whatever the provider says: by that a client knows that the call is not whole.
 * (It is no error: Claude Code tells the model of arguments that it cannot read, and the session goes on.)
 */
export function reasonByCalls (reason: StopReason, calls: number, cut: boolean): StopReason {
  if (reason !== 'end_turn' && reason !== 'tool_use') return reason
  if (cut) return 'max_tokens'
  return calls > 0 ? 'tool_use' : 'end_turn'
}

/** Whether the arguments of a call stop in the middle. */
export function isCutCall (calls: readonly ({ input: string } | null)[]): boolean {
  return calls.some(call => call !== null && isCutInput(call.input))
}
