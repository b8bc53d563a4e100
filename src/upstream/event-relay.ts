import { ApiError } from '../errors.ts'
import { spliceStart } from '../message/splice.ts'
import { withoutKey } from '../provider-error.ts'
import type { Provider } from '../provider.ts'
import { parseJson } from '../wire/json.ts'
import { HeldBytes } from './held-bytes.ts'
import type { ReplyRelay } from './passage.ts'
import type { RelayObserver } from './relay-observer.ts'
import { WholeEvents } from './whole-events.ts'

const NOTHING = Buffer.alloc(0)

/**
 * Lets the bytes of a Messages stream through, whole events at a time, with the model that the client asked for in the
 * first of them. What comes before any content is held until there is some: a failure up to then can still be told as an
 * HTTP error.
 */
export class EventRelay implements ReplyRelay {
  readonly #observer: RelayObserver
  readonly #model: string
  readonly #provider: Provider
  /** Whether the provider told its error outside of any event, so that it did not pass. */
  bareError = false
  readonly #events: WholeEvents
  readonly #held = new HeldBytes()
  #named = false

  constructor (observer: RelayObserver, model: string, provider: Provider) {
    this.#observer = observer
    this.#model = model
    this.#provider = provider
    this.#events = new WholeEvents(() => new ApiError('api_error', `${provider.name} sent a reply that is too large.`, { status: 502 }))
  }

  /**
   * The bytes of one read.
   * @returns what may go on to the client now
   * @throws {ApiError} when the provider tells an error before any content, or sends no events
   */
  push (bytes: Buffer): Buffer {
    const events = this.#events.push(bytes)
    if (events.length === 0) return NOTHING
    this.#observer.push(events)
    if (this.#observer.error !== null) return this.#lastWords(events, this.#observer.error)
    return this.#pass(this.#named ? events : this.#name(events))
  }

  /**
   * Shows life in the open block, for a client that has waited for so long that it would give up. What was held of the block
   * goes first; from there on the client has something of the answer.
   * @returns null where no block is open
   */
  showLife (): Buffer | string | null {
    const delta = this.#observer.emptyDelta()
    if (delta === undefined) return null
    this.#observer.hasContent = true
    return this.#held.any ? this.#pass(Buffer.from(delta)) : delta
  }

  /** The body is over: a last event without a blank line behind it counts, if it is whole. */
  end (): Buffer {
    const last = this.#events.rest
    const open = last.indexOf('{', last.indexOf('data:'))
    return open !== -1 && parseJson(last.toString('utf8', open)) !== undefined ? this.push(Buffer.from('\n\n')) : NOTHING
  }

  /** An error that stands outside of any event is no event for a client: what came before it passes. */
  #lastWords (events: Buffer, error: ApiError): Buffer {
    if (!this.#observer.hasContent) throw error
    const text = withoutKey(events.toString(), this.#provider)
    this.bareError = !/^event: ?error/m.test(text)
    const begin = this.bareError ? text.search(/^(?:\[\s*)?\{\s*"error"/m) : -1
    const passed = Buffer.from(begin === -1 ? text : text.slice(0, begin))
    return this.#pass(this.#named ? passed : this.#name(passed))
  }

  #pass (events: Buffer): Buffer {
    return this.#held.push(events, this.#observer.hasContent)
  }

  /** Puts the model's name into the data of `message_start`. */
  #name (events: Buffer): Buffer {
    const event = events.indexOf('message_start')
    if (event === -1) return events
    this.#named = true
    const from = events.indexOf('data:', lineStart(events, event))
    const open = events.indexOf('{', from)
    if (from === -1 || open === -1) return events
    const close = lineEnd(events, open)
    const start = events.subarray(open, close)
    // Data of several lines is legal, and nobody sends it: it passes as it is.
    return parseJson(start.toString()) !== undefined ? Buffer.concat([events.subarray(0, open), spliceStart(start, this.#model), events.subarray(close)]) : events
  }
}

const CR = 13

function lineStart (bytes: Buffer, at: number): number {
  return bytes.lastIndexOf('\n', at) + 1
}

function lineEnd (bytes: Buffer, at: number): number {
  const end = bytes.indexOf('\n', at)
  return end === -1 ? bytes.length : bytes[end - 1] === CR ? end - 1 : end
}
