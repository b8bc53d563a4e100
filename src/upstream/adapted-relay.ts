import { withoutKey } from '../provider-error.ts'
import type { Provider } from '../provider.ts'
import type { ChatObserver } from './chat-passage.ts'
import { END } from './chat-relay.ts'
import type { ChunkPrinter } from './chunk-printer.ts'
import { HeldBytes } from './held-bytes.ts'
import type { ReplyRelay } from './passage.ts'

/** Lets a chat-completions stream through of which adapters change the chunks: each is printed once more, as they left it. */
export class AdaptedRelay implements ReplyRelay {
  bareError = false
  readonly #observer: ChatObserver
  readonly #printer: ChunkPrinter
  readonly #provider: Provider
  readonly #held = new HeldBytes()

  /** @param printer prints what `observer` reads */
  constructor (observer: ChatObserver, printer: ChunkPrinter, provider: Provider) {
    this.#observer = observer
    this.#printer = printer
    this.#provider = provider
  }

  push (bytes: Buffer): Buffer {
    this.#observer.push(bytes)
    return this.#take()
  }

  end (): Buffer {
    this.#observer.endStream()
    return this.#take()
  }

  /** Comments show life to these clients, and they come anyway. */
  showLife (): null {
    return null
  }

  #take (): Buffer {
    const { error, finished, hasContent } = this.#observer
    const events = Buffer.from(this.#printer.take())
    if (error === null) return this.#held.push(finished ? Buffer.concat([events, END]) : events, hasContent)
    if (!hasContent) throw error
    this.bareError = !this.#printer.told
    return this.#held.push(Buffer.from(withoutKey(events.toString(), this.#provider)), true)
  }
}
