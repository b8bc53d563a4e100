import { ApiError } from '../errors.ts'
import { spliceStart } from '../message/splice.ts'
import { withoutKey } from '../provider-error.ts'
import type { Provider } from '../provider.ts'
import { parseJson } from '../wire/json.ts'
import type { RelayObserver } from './relay-observer.ts'

/** An event longer than this is no event of a model. */
const MAX_PENDING = 64 * 1024 * 1024
const NOTHING = Buffer.alloc(0)

/**
 * Lets the bytes of a Messages stream through, whole events at a time, with the model that the client asked for in the
 * first of them. What comes before any content is held until there is some: a failure up to then can still be told as an
 * HTTP error.
 */
export class EventRelay {
  readonly #observer: RelayObserver
  readonly #model: string
  readonly #provider: Provider
  /** Whether the provider told its error outside of any event, so that it did not pass. */
  bareError = false
  #pending: Buffer[] = []
  #pendingLength = 0
  /** The last two bytes of the read before. */
  #tail: Buffer = NOTHING
  #held: Buffer[] = []
  #named = false

  constructor (observer: RelayObserver, model: string, provider: Provider) {
    this.#observer = observer
    this.#model = model
    this.#provider = provider
  }

  /**
   * The bytes of one read.
   * @returns what may go on to the client now
   * @throws {ApiError} when the provider tells an error before any content, or sends no events
   */
  push (bytes: Buffer): Buffer {
    const end = endOfEvents(bytes, this.#tail)
    this.#tail = Buffer.concat([this.#tail, bytes.subarray(-2)]).subarray(-2)
    if (end === 0) {
      this.#keep(bytes)
      return NOTHING
    }
    const events = this.#pending.length === 0 ? bytes.subarray(0, end) : Buffer.concat([...this.#pending, bytes.subarray(0, end)])
    this.#pending = []
    this.#pendingLength = 0
    if (end < bytes.length) this.#keep(bytes.subarray(end))
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
    return this.#held.length === 0 ? delta : this.#pass(Buffer.from(delta))
  }

  /** The body is over: a last event without a blank line behind it counts, if it is whole. */
  end (): Buffer {
    const last = Buffer.concat(this.#pending)
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

  #keep (bytes: Buffer): void {
    this.#pending.push(bytes)
    this.#pendingLength += bytes.length
    if (this.#pendingLength > MAX_PENDING) throw new ApiError('api_error', `${this.#provider.name} sent a reply that is too large.`, { status: 502 })
  }

  #pass (events: Buffer): Buffer {
    if (this.#held.length === 0 && this.#observer.hasContent) return events
    this.#held.push(events)
    if (!this.#observer.hasContent) return NOTHING
    const all = Buffer.concat(this.#held)
    this.#held = []
    return all
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

/** Where the last whole event ends; 0 if none does. Its blank line may be cut between two reads. */
function endOfEvents (bytes: Buffer, tail: Buffer): number {
  const end = behindBlankLine(bytes)
  return end > 0 ? end : Math.max(0, behindBlankLine(Buffer.concat([tail, bytes.subarray(0, 2)])) - tail.length)
}

function behindBlankLine (bytes: Buffer): number {
  const feed = bytes.lastIndexOf('\n\n')
  const carriage = bytes.lastIndexOf('\n\r\n')
  return Math.max(feed === -1 ? 0 : feed + 2, carriage === -1 ? 0 : carriage + 3)
}

function lineStart (bytes: Buffer, at: number): number {
  return bytes.lastIndexOf('\n', at) + 1
}

function lineEnd (bytes: Buffer, at: number): number {
  const end = bytes.indexOf('\n', at)
  return end === -1 ? bytes.length : bytes[end - 1] === CR ? end - 1 : end
}
