import type { Dispatcher } from 'undici'
import type { ChatRequest } from '../../src/wire/openai-chat.ts'
import { type DemoReply, reply } from './reply.ts'

/** Milliseconds between two events, as a fast model would take. */
const PACE = 12

/** A chat-completions server without a network: undici's interface in front, a script behind. */
export class DemoServer {
  dispatch (options: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): boolean {
    const request = JSON.parse(String(options.body)) as ChatRequest
    const play = new Playback(handler, chunksOf(reply(request), request.stream))
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

function chunksOf ({ thinking, text, call, promptTokens }: DemoReply, stream: boolean): string[] {
  const message = {
    role: 'assistant',
    content: text,
    ...(thinking !== '' && { reasoning: thinking }),
    ...(call !== undefined && { tool_calls: [{ index: 0, id: call.id, type: 'function', function: { name: call.name, arguments: call.input } }] })
  }
  const finish = call === undefined ? 'stop' : 'tool_calls'
  const words = (thinking + text).split(' ').length + (call?.input.length ?? 0)
  const usage = { prompt_tokens: promptTokens, completion_tokens: words, total_tokens: promptTokens + words }
  if (!stream) return [JSON.stringify({ choices: [{ index: 0, message, finish_reason: finish }], usage })]
  const deltas = [
    ...pieces(thinking).map(reasoning => ({ reasoning })),
    ...pieces(text).map(content => ({ content })),
    ...(call === undefined ? [] : [{ tool_calls: message.tool_calls }])
  ]
  return [
    ...deltas.map(delta => event({ choices: [{ index: 0, delta, finish_reason: null }] })),
    event({ choices: [{ index: 0, delta: {}, finish_reason: finish }], usage }),
    'data: [DONE]\n\n'
  ]
}

function event (chunk: object): string {
  return `data: ${JSON.stringify(chunk)}\n\n`
}

/** Words with their blanks, as models send them. */
function pieces (text: string): string[] {
  return text.match(/\s*\S+\s*?/g) ?? []
}
