import type { StopDetails, StopReason } from '../wire/anthropic.ts'
import { isCutInput } from './tool-input.ts'

/** How a reply ended. */
export interface Ending {
  reason: StopReason
  sequence: string | null
  details: StopDetails | null
}

/** Providers differ in what they call the end of a turn with tool calls; the calls themselves decide. */
export function reasonByCalls (reason: StopReason, calls: number): StopReason {
  if (reason === 'end_turn' && calls > 0) return 'tool_use'
  if (reason === 'tool_use' && calls === 0) return 'end_turn'
  return reason
}

/**
 * The call whose arguments stop in the middle, though the provider says that it is done: SDKs complete such arguments
 * by guessing, and a client would run what the model never said. Only the output limit may cut a call.
 */
export function cutCall (reason: StopReason, calls: readonly ({ name: string, input: string } | null)[]): string | undefined {
  if (reason !== 'tool_use' && reason !== 'end_turn') return undefined
  const cut = calls.find(call => call !== null && isCutInput(call.input))
  return cut ? `call of ${cut.name}` : undefined
}
