export interface HeartbeatOptions {
  /** Milliseconds of silence after which `ping` is called, and again after as many. */
  pingAfter: number
  /** Milliseconds without content after which `content` is called, and again after as many. */
  contentAfter: number
  ping (): void
  content (): void
}

/**
 * Keeps a waiting client: pings in silence, and now and then an empty piece of content, because Claude Code gives up
 * after 300 s without content however many pings it gets.
 *
 * A stream costs one timer, and each read only the writing down of a time.
 */
export class Heartbeat {
  readonly #options: HeartbeatOptions
  #sent = performance.now()
  #content = this.#sent
  #timer: NodeJS.Timeout

  constructor (options: HeartbeatOptions) {
    this.#options = options
    this.#timer = this.#arm()
  }

  /** Content has just been sent. */
  sentContent (): void {
    this.#sent = this.#content = performance.now()
  }

  stop (): void {
    clearTimeout(this.#timer)
  }

  #arm (): NodeJS.Timeout {
    const { pingAfter, contentAfter } = this.#options
    const due = Math.min(this.#sent + pingAfter, this.#content + contentAfter)
    return setTimeout(() => this.#beat(), Math.max(1, due - performance.now())).unref()
  }

  #beat (): void {
    const now = performance.now()
    if (now - this.#content >= this.#options.contentAfter) {
      this.#options.content()
      this.#sent = this.#content = now
    } else if (now - this.#sent >= this.#options.pingAfter) {
      this.#options.ping()
      this.#sent = now
    }
    this.#timer = this.#arm()
  }
}
