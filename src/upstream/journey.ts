import type { ApiError } from '../errors.ts'
import type { Target } from '../provider.ts'
import type { Interruption } from './interruption.ts'

/** How one try ended. */
export interface Outcome {
  /** Null where the answer is whole. */
  readonly error: ApiError | null
  /** Whether the client has something of the answer: nothing else can be tried then. */
  readonly committed: boolean
  /** Whether the request was refused before it was sent: the provider has nothing to do with it. */
  readonly refused?: boolean
  /** Milliseconds to the first content; null where there was none. */
  readonly firstContent: number | null
}

/** What is tried, and by whom. */
export interface Journey {
  /** In the order of preference. */
  readonly targets: readonly Target[]
  /** Where to go when the request turns out to be too long. */
  readonly overflow: readonly Target[]
  /** A session or a key: turns go round among these. */
  readonly who: string
  readonly interruption: Interruption
  /**
   * Sends the request to a target, and its answer to the client. It throws what is no failure of the target.
   * @param answers is called with the first content
   */
  attempt (target: Target, answers: () => void): Promise<Outcome>
  /** A target is passed over. */
  skip (target: Target, why: string): void
}
