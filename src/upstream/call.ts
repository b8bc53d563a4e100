import type { IncomingHttpHeaders } from 'node:http'
import type { Dispatcher } from 'undici'
import { decompress } from './decompress.ts'

export interface ReplyHead { status: number, headers: IncomingHttpHeaders }

/** Bytes that may wait unread before the socket is paused. */
const HIGH_WATER = 256 * 1024
/** Milliseconds that a connection may take to end after a reply that was complete, so that it can serve again. */
const RELEASE_TIME = 1000
/** Milliseconds that counts may take to follow a finished answer. */
const END_TIME = 5000

/**
 * One request to an upstream. undici hands over the body piece by piece (one per HTTP chunk); {@link read} returns all
 * that has come since the last one, so that what arrived in one packet is handled in one go.
 */
export class UpstreamCall implements Dispatcher.DispatchHandler {
  #controller: Dispatcher.DispatchController | null = null
  #head: ReplyHead | null = null
  #decompressed: (() => Promise<Buffer | null>) | undefined
  #pieces: Buffer[] = []
  #waiting = 0
  #ended = false
  #released = false
  #expectsEnd = false
  #error: Error | null = null
  #wake: (() => void) | null = null
  #timer: NodeJS.Timeout | undefined

  /** Status and headers, once they are there. */
  async head (): Promise<ReplyHead> {
    while (this.#head === null) {
      if (this.#error !== null) throw this.#error
      await this.#change()
    }
    return this.#head
  }

  /** What has arrived, decompressed; waits for the next piece if nothing has. Null at the end of the body. */
  read (): Promise<Buffer | null> {
    return this.#decompressed === undefined ? this.#read() : this.#readDecompressed(this.#decompressed)
  }

  /** An answer that was whole may lack the end of its compression. */
  async #readDecompressed (read: () => Promise<Buffer | null>): Promise<Buffer | null> {
    try {
      return await read()
    } catch (error) {
      if (this.#expectsEnd) return null
      throw error
    }
  }

  async #read (): Promise<Buffer | null> {
    while (this.#pieces.length === 0) {
      if (this.#ended) return null
      if (this.#error !== null) throw this.#error
      await this.#change()
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

  /** The reply is complete, whatever may still come: it is not read, and a connection that stays open is closed. */
  release (): void {
    if (this.#ended) return
    this.#released = true
    this.#pieces = []
    if (this.#controller?.paused === true) this.#controller.resume()
    this.#abortAfter(RELEASE_TIME, 'the connection stayed open after the reply')
  }

  /** The answer is whole: from here on, a broken connection is an end like any other, and so is a silent one. */
  expectEnd (): void {
    if (this.#expectsEnd || this.#ended) return
    this.#expectsEnd = true
    this.#abortAfter(END_TIME, 'nothing followed the answer')
  }

  onRequestStart (controller: Dispatcher.DispatchController): void {
    this.#controller = controller
    if (this.#error !== null) controller.abort(this.#error)
  }

  onResponseStart (_controller: Dispatcher.DispatchController, status: number, headers: IncomingHttpHeaders): void {
    if (status < 200) return
    this.#head = { status, headers }
    const encoding = headers['content-encoding']
    if (encoding !== undefined) this.#decompressed = decompress(encoding, () => this.#read())
    this.#wakeUp()
  }

  onResponseData (controller: Dispatcher.DispatchController, piece: Buffer): void {
    if (this.#released) return
    this.#pieces.push(piece)
    this.#waiting += piece.length
    if (this.#waiting > HIGH_WATER) controller.pause()
    this.#wakeUp()
  }

  onResponseEnd (): void {
    this.#ended = true
    clearTimeout(this.#timer)
    this.#wakeUp()
  }

  onResponseError (_controller: Dispatcher.DispatchController, error: Error): void {
    this.#fail(error)
  }

  #abortAfter (milliseconds: number, reason: string): void {
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => this.abort(new Error(reason)), milliseconds).unref()
  }

  #fail (error: Error): void {
    clearTimeout(this.#timer)
    if (this.#expectsEnd) this.#ended = true
    else this.#error ??= error
    this.#wakeUp()
  }

  /** Resolves when something happens; there is one reader, so one waits at a time. */
  #change (): Promise<void> {
    return new Promise(resolve => { this.#wake = resolve })
  }

  #wakeUp (): void {
    const wake = this.#wake
    this.#wake = null
    wake?.()
  }
}
