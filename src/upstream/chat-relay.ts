import { ApiError } from '../errors.ts'
import { withoutKey } from '../provider-error.ts'
import type { Provider } from '../provider.ts'
import { parseJson } from '../wire/json.ts'
import type { ChatObserver } from './chat-passage.ts'
import { ChunkRewriter } from './chunk-rewriter.ts'
import { cutAtError } from './cut-at-error.ts'
import { DONE, documentsIn } from './events-in.ts'
import { HeldBytes } from './held-bytes.ts'
import type { ReplyRelay } from './passage.ts'
import { WholeEvents } from './whole-events.ts'

const NOTHING = Buffer.alloc(0)
/** The stream's own end, for one that lacks it: some clients wait for it. */
export const END = Buffer.from(`data: ${DONE}\n\n`)

/**
 * Lets the bytes of a chat-completions stream through, whole events at a time, each under the model name that the client asked
 * for. What comes before any content is held until there is some: a failure up to then can still be told as an HTTP error.
 */
export class ChatRelay implements ReplyRelay {
  bareError = false
  readonly #observer: ChatObserver
  readonly #provider: Provider
  readonly #events: WholeEvents
  readonly #held = new HeldBytes()
  readonly #rewriter: ChunkRewriter
  /** Whether the stream's own end has passed. */
  #done = false

  constructor (observer: ChatObserver, model: string, provider: Provider, hidesUsage: boolean) {
    this.#observer = observer
    this.#provider = provider
    this.#rewriter = new ChunkRewriter(model, hidesUsage)
    this.#events = new WholeEvents(() => new ApiError('api_error', `${provider.name} sent a reply that is too large.`, { status: 502 }))
  }

  push (bytes: Buffer): Buffer {
    const events = this.#events.push(bytes)
    if (events.length === 0) return NOTHING
    const ended = this.#observer.expectsEnd
    this.#observer.push(events)
    this.#done ||= this.#observer.finished
    if (this.#observer.error !== null) return this.#lastWords(events, this.#observer.error)
    return this.#held.push(this.#rewriter.rewrite(events, true, ended), this.#observer.hasContent)
  }

  /** A last event without a blank line behind it counts; what the connection cut in the middle does not, and need not be missed. */
  end (): Buffer {
    const rest = isWhole(this.#events.rest.toString()) ? this.push(Buffer.from('\n\n')) : NOTHING
    if (this.#observer.error !== null) return rest
    this.#observer.endStream()
    // That the stream was cut is told by nobody but us.
    this.bareError = this.#observer.error !== null
    return this.bareError || this.#done ? rest : Buffer.concat([rest, END])
  }

  /** Comments show life to these clients, and they come anyway. */
  showLife (): null {
    return null
  }

  /** An error passes in the provider's words, if it is one that clients see: a chunk with an `error`. */
  #lastWords (events: Buffer, error: ApiError): Buffer {
    if (!this.#observer.hasContent) throw error
    const { passed, told } = cutAtError(events)
    this.bareError = !told
    return this.#held.push(Buffer.from(withoutKey(this.#rewriter.rewrite(passed, false).toString(), this.#provider)), true)
  }
}

/** Whether a last event, without a blank line behind it, is more than the beginning of one. */
function isWhole (event: string): boolean {
  const documents = documentsIn(event)
  // An error may stand outside of any event.
  if (documents.length === 0) return parseJson(event) !== undefined
  return documents.every(document => document === DONE || parseJson(document) !== undefined)
}
