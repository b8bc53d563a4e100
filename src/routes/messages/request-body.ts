import type { MessagesRequest } from '../../wire/anthropic.ts'

/**
 * The body of a request, for as long as it may have to be sent once more. Between two tries only its bytes are kept: as
 * objects it would be carried through every garbage collection while the model thinks.
 */
export class RequestBody {
  #parsed: MessagesRequest | null
  #raw: Buffer | null
  readonly #read: (raw: Buffer) => MessagesRequest

  /** @param raw the bytes that the client sent; @param read makes of them what they were understood as */
  constructor (parsed: MessagesRequest, raw: Buffer, read: (raw: Buffer) => MessagesRequest) {
    this.#parsed = parsed
    this.#raw = raw
    this.#read = read
  }

  get parsed (): MessagesRequest {
    return (this.#parsed ??= this.#read(this.raw))
  }

  get raw (): Buffer {
    if (this.#raw === null) throw new Error('The body of a request was asked for after it was let go.')
    return this.#raw
  }

  /** It was sent. */
  fold (): void {
    this.#parsed = null
  }

  /** It will not be sent again. */
  letGo (): void {
    this.#parsed = this.#raw = null
  }
}
