import type { Target } from '../provider.ts'

/** How much a new report counts against those before it. */
const WEIGHT = 0.2
/** Estimates are never further off; what seems so is another count, of a server that reads what we do not. */
const LEAST = 0.5
const MOST = 2
/** Of a small prompt the frame that servers put around it is a large part. */
const SMALLEST = 1000

/** How far a model's own count of a prompt is from our estimate, learned from what upstreams report. */
export class Calibration {
  readonly #factors = new Map<string, number>()

  /** What a target will count for a prompt that is estimated so. */
  tokensFor ({ name }: Target, estimate: number): number {
    return Math.ceil(estimate * (this.#factors.get(name) ?? 1))
  }

  /** Takes in what a target counted. */
  learn ({ name }: Target, estimate: number, reported: number): void {
    if (estimate < SMALLEST || reported === 0) return
    const factor = Math.min(MOST, Math.max(LEAST, reported / estimate))
    const known = this.#factors.get(name)
    this.#factors.set(name, known === undefined ? factor : known + (factor - known) * WEIGHT)
  }
}
