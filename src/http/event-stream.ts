import type { ServerResponse } from 'node:http'

/**
 * A server-sent event stream to one client. The head is sent with the first event: until then a failure can still be
 * told as an HTTP error, which clients repeat more readily than a broken stream.
 */
export class EventStream {
  readonly #response: ServerResponse
  readonly #headers: () => Record<string, string>
  readonly #patience: number

  /**
   * @param headers beside content type and caching, which are set here; asked for when the head is sent
   * @param patience milliseconds that a client may stop reading before its connection is closed
   */
  constructor (response: ServerResponse, headers: () => Record<string, string>, patience: number) {
    this.#response = response
    this.#headers = headers
    this.#patience = patience
  }

  /** Whether the client has the head of a 200. */
  get opened (): boolean { return this.#response.headersSent }

  /** Whether nobody reads any more. */
  get closed (): boolean { return this.#response.destroyed || this.#response.writableEnded }

  /** Sends events; undefined when more may follow at once, else a promise for when the client has caught up. */
  write (events: string | Buffer): Promise<void> | undefined {
    if (events.length === 0 || this.closed) return undefined
    this.#open()
    return this.#response.write(events) ? undefined : this.#drained()
  }

  /**
   * Sends a sign of life; a client that has not even read what it got needs none.
   * @param events makes it, and is called only where it is sent: whoever makes one goes on from there
   */
  beat (events: () => string | Buffer): void {
    if (!this.#stalled && !this.closed) this.write(events())?.catch(() => {})
  }

  /** Gives up a client that does not read; one that does gets its events to the end. */
  drop (): void {
    if (this.#stalled) this.#response.destroy()
  }

  /** Sends the last events and closes the stream. */
  end (events: string | Buffer): void {
    if (this.closed) return
    this.#open()
    this.#response.end(events)
  }

  #open (): void {
    if (this.opened) return
    // x-accel-buffering: nginx would otherwise hold events back.
    this.#response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8', 'cache-control': 'no-cache', 'x-accel-buffering': 'no', ...this.#headers() })
  }

  get #stalled (): boolean { return this.#response.writableNeedDrain }

  #drained (): Promise<void> {
    const response = this.#response
    return new Promise(resolve => {
      const timer = setTimeout(() => response.destroy(), this.#patience).unref()
      const done = (): void => {
        clearTimeout(timer)
        response.off('drain', done)
        response.off('close', done)
        resolve()
      }
      response.on('drain', done)
      response.on('close', done)
    })
  }
}
