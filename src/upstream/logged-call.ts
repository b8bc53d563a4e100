import type { IncomingHttpHeaders } from 'node:http'
import type { Logger } from 'pino'
import type { Dispatcher } from 'undici'
import { UpstreamCall } from './call.ts'

/** What a call is known by in the log. */
export interface CallName { readonly requestId: string | undefined, readonly target: string }

/** A call of which the log says, at `debug`, what went to whom, what came back, and when: no header but one, and no body. */
export class LoggedCall extends UpstreamCall {
  readonly #log: Logger
  readonly #name: CallName
  readonly #began = performance.now()
  #bytes = 0

  constructor (log: Logger, name: CallName) {
    super()
    this.#log = log
    this.#name = name
  }

  /** @param url whose query is left out: it may hold a key */
  logSent ({ origin, pathname }: URL, payload: Buffer | string): void {
    this.#log.debug({ ...this.#name, url: origin + pathname, bytes: Buffer.byteLength(payload) }, 'sent upstream')
  }

  override onResponseStart (controller: Dispatcher.DispatchController, status: number, headers: IncomingHttpHeaders): void {
    this.#log.debug({ ...this.#name, status, contentType: headers['content-type'], afterMs: this.#elapsed }, 'upstream answers')
    super.onResponseStart(controller, status, headers)
  }

  override onResponseData (controller: Dispatcher.DispatchController, piece: Buffer): void {
    this.#bytes += piece.length
    super.onResponseData(controller, piece)
  }

  override onResponseEnd (): void {
    this.#log.debug({ ...this.#name, bytes: this.#bytes, afterMs: this.#elapsed }, 'upstream has ended')
    super.onResponseEnd()
  }

  override onResponseError (controller: Dispatcher.DispatchController, error: Error): void {
    const { name, code } = error as NodeJS.ErrnoException
    this.#log.debug({ ...this.#name, bytes: this.#bytes, afterMs: this.#elapsed, error: code ?? name }, 'upstream broke off')
    super.onResponseError(controller, error)
  }

  /** Milliseconds since it was sent. */
  get #elapsed (): number { return Math.round((performance.now() - this.#began) * 10) / 10 }
}
