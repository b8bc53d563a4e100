import type { StopDetails, StopReason } from '../wire/anthropic.ts'

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
