import { type RecordableHistogram, createHistogram } from 'node:perf_hooks'

/** How long requests took, in ms with one decimal; correct to 1 %. */
export interface Quantiles { readonly count: number, readonly p50: number, readonly p95: number, readonly p99: number }

/** One half of the window, in ms. */
const HALF = 5 * 60_000
/** Histograms count whole numbers: tenths of a millisecond. */
const PER_MS = 10
/** An hour; what took longer counts as that. */
const HIGHEST = 60 * 60_000 * PER_MS

/**
 * How long the requests of the last 5 to 10 minutes took. Two histograms take turns every 5 minutes, since one can only
 * be emptied as a whole. They are made when first needed: most models of a configuration are never asked.
 */
export class Latency {
  readonly #now: () => number
  #recent: RecordableHistogram | undefined
  #older: RecordableHistogram | undefined
  /** When `#recent` took over, by the clock. */
  #since: number | undefined

  /** @param now a clock that never goes back, in ms */
  constructor (now: () => number = () => performance.now()) {
    this.#now = now
  }

  /** @param ms how long a request took */
  record (ms: number): void {
    this.#turn()
    this.#recent ??= empty()
    // Beyond its bounds a histogram throws (0) or forgets (too much).
    this.#recent.record(Math.min(Math.max(1, Math.round(ms * PER_MS)), HIGHEST))
  }

  /** Null when there was no request in the window. */
  quantiles (): Quantiles | null {
    this.#turn()
    const all = empty()
    if (this.#recent !== undefined) all.add(this.#recent)
    if (this.#older !== undefined) all.add(this.#older)
    if (all.count === 0) return null
    const quantile = (percent: number): number => all.percentile(percent) / PER_MS
    return { count: all.count, p50: quantile(50), p95: quantile(95), p99: quantile(99) }
  }

  #turn (): void {
    const now = this.#now()
    this.#since ??= now
    const halves = Math.floor((now - this.#since) / HALF)
    if (halves < 1) return
    this.#since += halves * HALF
    const emptied = this.#older
    emptied?.reset()
    this.#older = this.#recent
    this.#recent = emptied
    if (halves > 1) this.#older?.reset()
  }
}

/** Two figures take 20 KB where three would take 140 KB; what is shown needs no more. */
function empty (): RecordableHistogram {
  return createHistogram({ lowest: 1, highest: HIGHEST, figures: 2 })
}
