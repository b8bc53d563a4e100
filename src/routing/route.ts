import type { Target } from '../provider.ts'

/** Targets in the order of preference. */
export type Targets = readonly [Target, ...Target[]]

/** Where a request goes, and why. */
export interface Route {
  /** The rule that decided; told in `x-router-rule`. */
  readonly rule: string
  /** Why it fired, in words. */
  readonly reason: string
  readonly targets: Targets
  /** Where a request goes that turns out to be too long for the others. */
  readonly overflow: readonly Target[]
}
