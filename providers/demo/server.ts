import type { Dispatcher } from 'undici'
import type { ChatRequest } from '../../src/wire/openai-chat.ts'
import { print } from './print.ts'
import { reply } from './reply.ts'

/** Milliseconds between two events, as a fast model would take. */
const PACE = 12

/** A chat-completions server without a network: undici's interface in front, a script behind. */
export class DemoServer {
  dispatch (options: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): boolean {
    const request = JSON.parse(String(options.body)) as ChatRequest
    const play = new Playback(handler, print(reply(request), request))
    handler.onRequestStart?.(play, {})
    play.start(request.stream ? 'text/event-stream' : 'application/json')
    return true
  }
}

/** Sends pieces at an even pace, as far as the reader lets it. */
class Playback implements Dispatcher.DispatchController {
  aborted = false
  paused = false
  reason: Error | null = null
  readonly #handler: Dispatcher.DispatchHandler
  readonly #pieces: string[]
  #timer: NodeJS.Timeout | undefined

  constructor (handler: Dispatcher.DispatchHandler, pieces: string[]) {
    this.#handler = handler
    this.#pieces = pieces
  }

  start (contentType: string): void {
    this.#handler.onResponseStart?.(this, 200, { 'content-type': contentType })
    this.#timer = setInterval(() => this.#step(), PACE)
  }

  abort (reason: Error): void {
    if (this.aborted) return
    this.aborted = true
    this.reason = reason
    clearInterval(this.#timer)
    this.#handler.onResponseError?.(this, reason)
  }

  pause (): void { this.paused = true }

  resume (): void { this.paused = false }

  #step (): void {
    if (this.paused) return
    const piece = this.#pieces.shift()
    if (piece !== undefined) {
      this.#handler.onResponseData?.(this, Buffer.from(piece))
      return
    }
    clearInterval(this.#timer)
    this.#handler.onResponseEnd?.(this, {})
  }
}
