import type { ApiError } from '../errors.ts'
import { NOWHERE } from '../message/nowhere.ts'
import { spliceModel } from '../message/splice.ts'
import { MessageWriter } from '../message/writer.ts'
import type { Asked, Target } from '../provider.ts'
import type { StopReason } from '../wire/anthropic.ts'
import { type BodyReader, readBody } from './body-reader.ts'
import { ChatRelay } from './chat-relay.ts'
import type { Passage, ReplyObserver, ReplyRelay } from './passage.ts'

/** Reads a passing reply of the chat-completions wire on the side: by the decoder that would translate it, so that both count alike. */
export class ChatObserver implements ReplyObserver {
  readonly #writer = new MessageWriter(NOWHERE)
  readonly #decoder: { readonly finished: boolean }
  readonly #reader: BodyReader
  #over = false
  #error: ApiError | null = null

  constructor ({ provider }: Target, decoder: (writer: MessageWriter) => ReturnType<Target['provider']['pair']['decodeReply']>) {
    const made = decoder(this.#writer)
    this.#decoder = made
    this.#reader = readBody(made, provider.name)
  }

  get usageCounts (): MessageWriter['usageCounts'] { return this.#writer.usageCounts }
  get counts (): MessageWriter['counts'] { return this.#writer.counts }
  get stopReason (): StopReason | null { return this.#writer.stopReason }
  get finished (): boolean { return this.#over && this.error === null }
  get hasContent (): boolean { return this.#writer.started || this.#decoder.finished }
  get expectsEnd (): boolean { return this.#decoder.finished }
  get error (): ApiError | null { return this.#error ?? this.#writer.failure }
  set error (error: ApiError | null) { this.#error = error }

  /** @throws {ApiError} when the body is neither events nor JSON */
  push (bytes: Buffer): void {
    this.#reader.push(bytes)
    if (this.#reader.done && this.error === null) this.end()
  }

  /** No more will come. @throws {ApiError} when the body is not whole */
  end (): void {
    if (this.#over) return
    this.#over = true
    this.#reader.end()
    this.#writer.end()
  }
}

/** A reply of the chat-completions wire, for a client that speaks it. */
export class ChatPassage implements Passage {
  readonly observer: ChatObserver
  readonly #target: Target
  readonly #model: string
  readonly #hidesUsage: boolean

  /** @param asked what of the request is needed; @param hidesUsage whether the client did not ask for the counts */
  constructor (target: Target, asked: Asked, hidesUsage: boolean) {
    this.observer = new ChatObserver(target, writer => target.provider.pair.decodeReply(writer, target, asked))
    this.#target = target
    this.#model = asked.model
    this.#hidesUsage = hidesUsage
  }

  relay (): ReplyRelay {
    return new ChatRelay(this.observer, this.#model, this.#target.provider, this.#hidesUsage)
  }

  document (bytes: Buffer): Buffer {
    this.observer.push(bytes)
    this.observer.end()
    if (this.observer.error !== null) throw this.observer.error
    return spliceModel(bytes, this.#model)
  }
}
