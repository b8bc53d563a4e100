import { adaptDecoder, adaptsReplies } from '../adapt.ts'
import { ApiError } from '../errors.ts'
import { NOWHERE } from '../message/nowhere.ts'
import { spliceModel } from '../message/splice.ts'
import { MessageWriter } from '../message/writer.ts'
import type { Asked, ReplyDecoder, Target } from '../provider.ts'
import type { StopReason } from '../wire/anthropic.ts'
import { isJsonObject } from '../wire/json.ts'
import { AdaptedRelay } from './adapted-relay.ts'
import { type BodyReader, readBody } from './body-reader.ts'
import { ChatRelay } from './chat-relay.ts'
import { ChunkPrinter } from './chunk-printer.ts'
import type { Passage, ReplyObserver, ReplyRelay } from './passage.ts'

/** Reads a passing reply of the chat-completions wire on the side: by the decoder that would translate it, so that both count alike. */
export class ChatObserver implements ReplyObserver {
  readonly #writer = new MessageWriter(NOWHERE)
  readonly #decoder: Pick<ReplyDecoder, 'finished' | 'began'>
  readonly #reader: BodyReader
  readonly #provider: string
  #over = false
  #unseen = false
  #error: ApiError | null = null

  constructor ({ provider }: Target, decoder: (writer: MessageWriter) => ReplyDecoder) {
    const made = decoder(this.#writer)
    this.#decoder = made
    this.#reader = readBody(made, provider.name)
    this.#provider = provider.name
  }

  get usageCounts (): MessageWriter['usageCounts'] { return this.#writer.usageCounts }
  get counts (): MessageWriter['counts'] { return this.#writer.counts }
  get stopReason (): StopReason | null { return this.#writer.stopReason }
  get finished (): boolean { return this.#over && this.error === null }
  get hasContent (): boolean { return !this.#unseen && (this.#writer.started || this.#decoder.finished || this.#decoder.began === true) }
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

  /** The same for what was to be a stream: clients would see nothing of a document in its place. */
  endStream (): void {
    this.end()
    if (!this.#reader.plain) return
    this.#unseen = true
    this.error ??= new ApiError('api_error', `${this.#provider} answered with a document where it was asked for a stream, and called it one.`, { status: 502 })
  }
}

/** A reply of the chat-completions wire, for a client that speaks it: in its own bytes, unless adapters change its chunks. */
export class ChatPassage implements Passage {
  readonly observer: ChatObserver
  readonly #target: Target
  readonly #model: string
  readonly #hidesUsage: boolean
  readonly #printer: ChunkPrinter | null

  /** @param asked what of the request is needed; @param hidesUsage whether the client did not ask for the counts */
  constructor (target: Target, asked: Asked, hidesUsage: boolean) {
    const printer = adaptsReplies(target) ? new ChunkPrinter(asked.model, hidesUsage) : null
    this.observer = new ChatObserver(target, writer => {
      const decoder = target.provider.pair.decodeReply(writer, target, asked)
      return printer === null ? decoder : adaptDecoder(printer.before(decoder, writer), target)
    })
    this.#target = target
    this.#model = asked.model
    this.#hidesUsage = hidesUsage
    this.#printer = printer
  }

  relay (): ReplyRelay {
    const { provider } = this.#target
    return this.#printer === null ? new ChatRelay(this.observer, this.#model, provider, this.#hidesUsage) : new AdaptedRelay(this.observer, this.#printer, provider)
  }

  document (bytes: Buffer): Buffer {
    this.observer.push(bytes)
    this.observer.end()
    if (this.observer.error !== null) throw this.observer.error
    return this.#printer === null ? spliceModel(bytes, this.#model) : Buffer.from(this.#printer.document)
  }

  /** What is said of the key is said of ours, and the client would look for the fault in its own. */
  passesError (body: unknown, { status, refusesContent }: ApiError): boolean {
    const error = isJsonObject(body) ? body['error'] : undefined
    return isJsonObject(error) && typeof error['message'] === 'string' && status !== 401 && (status !== 403 || refusesContent)
  }
}
