import type { ApiError } from '../errors.ts'

/**
 * Ends whatever is under way for a request, be it a call, a pause or a wait for its turn: when the client leaves, or the
 * service stops. One thing is under way at a time. (An AbortController does the same for twenty times the cost.)
 */
export class Interruption {
  #reason: ApiError | null = null
  #stop: ((reason: ApiError) => void) | null = null

  /** Why the request is over; null while it is not. */
  get reason (): ApiError | null { return this.#reason }

  /** Something begins, which is stopped by this; at once if the request is over already. */
  begin (stop: (reason: ApiError) => void): void {
    this.#stop = stop
    if (this.#reason !== null) stop(this.#reason)
  }

  end (): void {
    this.#stop = null
  }

  interrupt (reason: ApiError): void {
    if (this.#reason !== null) return
    this.#reason = reason
    this.#stop?.(reason)
  }

  /** Waits for what `stop` ends when the request is over. */
  async wait (promise: Promise<void>, stop: () => void): Promise<void> {
    this.begin(stop)
    try {
      await promise
    } finally {
      this.end()
    }
  }

  /** Waits for so many milliseconds, or until the request is over. */
  async pause (milliseconds: number): Promise<void> {
    await new Promise<void>(resolve => {
      const timer = setTimeout(resolve, milliseconds)
      this.begin(() => {
        clearTimeout(timer)
        resolve()
      })
    })
    this.end()
  }
}
