import type { Entry } from '../account/entry.ts'
import { Batch } from './batch.ts'

/** Where batches go; it never fails, and is done when they are on disk. */
export interface Sink {
  write (entries: readonly Entry[]): Promise<void>
}

/** Milliseconds that the begin of a try may wait to be written: a short one is over by then, and is written once. */
const OPEN_PATIENCE = 25
/** Milliseconds in which tries that end are gathered while others still run. */
const SETTLE_PATIENCE = 10

/**
 * Gathers the entries of all requests into batches, one of which is written at a time. Nothing waits for it but the end of an
 * answer, and that no longer than `commitWait` milliseconds.
 */
export class Ledger {
  readonly #sink: Sink
  readonly #commitWait: number
  #batch = new Batch()
  #writing: Promise<void> | null = null
  #timer: { at: number, handle: NodeJS.Timeout | NodeJS.Immediate } | null = null
  #running = 0
  #oldest: number | null = null

  constructor (sink: Sink, commitWait: number) {
    this.#sink = sink
    this.#commitWait = commitWait
  }

  /** Entries that wait to be written. */
  get pending (): number { return this.#batch.entries.length }

  /** Milliseconds since the oldest of them came. */
  get lag (): number { return this.#oldest === null ? 0 : performance.now() - this.#oldest }

  /** Notes that a try begins. */
  open (entry: Entry): void {
    this.#running++
    this.#oldest ??= performance.now()
    this.#batch.open(entry)
    this.#schedule(OPEN_PATIENCE)
  }

  /** Settles a try that was opened. */
  settle (entry: Entry): void {
    this.#running--
    this.#oldest ??= performance.now()
    this.#batch.settle(entry)
    this.#schedule(this.#running === 0 ? 0 : SETTLE_PATIENCE)
  }

  /**
   * What was settled in this very moment.
   * @returns a promise for the moment in which it is on disk, or `commitWait` is over; undefined where nobody need wait
   */
  written (): Promise<void> | undefined {
    return this.#commitWait === 0 ? undefined : this.#batch.wait(this.#commitWait)
  }

  /** Writes all that waits. */
  async flush (): Promise<void> {
    while (this.#writing !== null || !this.#batch.isEmpty) {
      this.#begin()
      await this.#writing
    }
  }

  #schedule (patience: number): void {
    if (this.#writing !== null) return
    const at = performance.now() + patience
    if (this.#timer !== null) {
      if (this.#timer.at <= at) return
      this.#unschedule()
    }
    this.#timer = { at, handle: patience === 0 ? setImmediate(() => this.#begin()) : setTimeout(() => this.#begin(), patience) }
  }

  #unschedule (): void {
    if (this.#timer === null) return
    clearTimeout(this.#timer.handle as NodeJS.Timeout)
    clearImmediate(this.#timer.handle as NodeJS.Immediate)
    this.#timer = null
  }

  #begin (): void {
    this.#unschedule()
    if (this.#writing !== null || this.#batch.isEmpty) return
    const batch = this.#batch
    this.#batch = new Batch()
    this.#oldest = null
    this.#writing = this.#sink.write(batch.entries).finally(() => {
      batch.done()
      this.#writing = null
      if (!this.#batch.isEmpty) this.#schedule(this.#batch.settledCount > 0 ? 0 : OPEN_PATIENCE)
    })
  }
}
