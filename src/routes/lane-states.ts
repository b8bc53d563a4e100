import type { Target } from '../provider.ts'
import type { BreakerState } from '../upstream/breaker.ts'
import type { Lanes } from '../upstream/lanes.ts'

/** What the API shows of one lane. Keys are told by their place in the configuration, from 1. */
export interface LaneState {
  key: number
  breaker: BreakerState
  /** Since the last success. */
  failures: number
  /** Milliseconds until a request may go; 0 when one may go now. */
  opensIn: number
  /** Milliseconds that the key rests. */
  keyRests: number
}

/** The lanes of a target: one for each key of its provider. */
export function laneStates ({ provider, model }: Target, lanes: Lanes): LaneState[] {
  const ways = lanes.of(provider)
  return ways.keys.states.map(({ cooling }, key) => {
    const { state, failures, opensIn } = ways.breaker(model, key)
    return { key: key + 1, breaker: state, failures, opensIn: Math.round(opensIn), keyRests: Math.round(cooling) }
  })
}
