import type { IncomingHttpHeaders } from 'node:http'
import type { Dispatcher } from 'undici'

export interface ReplyHead { status: number, headers: IncomingHttpHeaders }

/** Bytes that may wait unread before the socket is paused. */
const HIGH_WATER = 256 * 1024

/**
 * One request to an upstream. undici hands over the body piece by piece (one per HTTP chunk); {@link read} returns all
 * that has come since the last one, so that what arrived in one packet is handled in one go.
 */
export class UpstreamCall implements Dispatcher.DispatchHandler {
  /** Status and headers; rejects when there are none. */
  readonly head: Promise<ReplyHead>
  #controller: Dispatcher.DispatchController | null = null
  #pieces: Buffer[] = []
  #waiting = 0
  #ended = false
  #error: Error | null = null
  #wake: (() => void) | null = null
  #resolveHead!: (head: ReplyHead) => void
  #rejectHead!: (error: Error) => void

  constructor () {
    this.head = new Promise((resolve, reject) => {
      this.#resolveHead = resolve
      this.#rejectHead = reject
    })
    // Whoever aborts before the head came may not be waiting for it any more.
    this.head.catch(() => {})
  }

  /** What has arrived; waits for the next piece if nothing has. Null at the end of the body. */
  async read (): Promise<Buffer | null> {
    while (this.#pieces.length === 0) {
      if (this.#error !== null) throw this.#error
      if (this.#ended) return null
      await new Promise<void>(resolve => { this.#wake = resolve })
    }
    const [first] = this.#pieces
    const bytes = this.#pieces.length === 1 ? first as Buffer : Buffer.concat(this.#pieces, this.#waiting)
    this.#pieces = []
    this.#waiting = 0
    if (this.#controller?.paused === true) this.#controller.resume()
    return bytes
  }

  /** Gives up: the socket is closed, which tells the provider to stop working. */
  abort (reason: Error): void {
    if (this.#ended || this.#error !== null) return
    if (this.#controller !== null) this.#controller.abort(reason)
    else this.#fail(reason)
  }

  onRequestStart (controller: Dispatcher.DispatchController): void {
    this.#controller = controller
    if (this.#error !== null) controller.abort(this.#error)
  }

  onResponseStart (_controller: Dispatcher.DispatchController, status: number, headers: IncomingHttpHeaders): void {
    if (status >= 200) this.#resolveHead({ status, headers })
  }

  onResponseData (controller: Dispatcher.DispatchController, piece: Buffer): void {
    this.#pieces.push(piece)
    this.#waiting += piece.length
    if (this.#waiting > HIGH_WATER) controller.pause()
    this.#wakeUp()
  }

  onResponseEnd (): void {
    this.#ended = true
    this.#wakeUp()
  }

  onResponseError (_controller: Dispatcher.DispatchController, error: Error): void {
    this.#fail(error)
  }

  #fail (error: Error): void {
    this.#error ??= error
    this.#rejectHead(this.#error)
    this.#wakeUp()
  }

  #wakeUp (): void {
    const wake = this.#wake
    this.#wake = null
    wake?.()
  }
}
