import type { Entry } from '../account/entry.ts'

/** Entries that go to the store together, and who waits for that. */
export class Batch {
  readonly #open = new Map<string, Entry>()
  readonly #settled = new Map<string, Entry>()
  #waiting: (() => void)[] = []
  #timer: NodeJS.Timeout | undefined

  get isEmpty (): boolean { return this.#open.size === 0 && this.#settled.size === 0 }
  get settledCount (): number { return this.#settled.size }
  get entries (): Entry[] { return [...this.#open.values(), ...this.#settled.values()] }

  /** A try began. */
  open (entry: Entry): void {
    this.#open.set(keyOf(entry), entry)
  }

  /** It is over: if its begin waits here still, there is no need to write that. */
  settle (entry: Entry): void {
    const key = keyOf(entry)
    this.#open.delete(key)
    this.#settled.set(key, entry)
  }

  /** @returns a promise for the moment in which the batch is on disk, or has taken longer than `patience` milliseconds */
  wait (patience: number): Promise<void> {
    this.#timer ??= setTimeout(() => this.done(), patience)
    return new Promise(resolve => { this.#waiting.push(resolve) })
  }

  /** Nobody waits any more. */
  done (): void {
    clearTimeout(this.#timer)
    for (const resolve of this.#waiting) resolve()
    this.#waiting = []
  }
}

function keyOf ({ requestId, attempt }: Entry): string {
  return `${requestId}/${attempt}`
}
