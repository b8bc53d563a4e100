import type { Dispatcher } from 'undici'
import type { ApiError } from './errors.ts'
import type { MessageWriter } from './message/writer.ts'
import type { MessagesRequest } from './wire/anthropic.ts'
import type { JsonObject } from './wire/json.ts'

/** A configured provider: an entry of `Providers[]`, resolved once per configuration. */
export interface Provider {
  readonly name: string
  readonly url: URL
  readonly apiKey: string | undefined
  readonly models: readonly string[]
  readonly pair: TransformerPair
  /** Options of the pair, from `transformer.use`. */
  readonly options: JsonObject
}

/** Where one request goes: a provider and the model name that it knows. */
export interface Target {
  readonly provider: Provider
  readonly model: string
}

/** What an encoder made of a request. */
export interface UpstreamRequest {
  url: URL
  headers: Record<string, string>
  body: object
  /** Names of request fields that the wire cannot carry; told in `x-router-dropped`. */
  dropped: string[]
}

/** What of a request is still needed when its reply comes. The rest, often megabytes, is let go as soon as it was sent. */
export type Asked = Pick<MessagesRequest, 'model' | 'stream' | 'thinking' | 'stop_sequences'> & {
  /** Ids of the calls that the conversation holds already. */
  toolIds?: ReadonlySet<string>
}

/** Reads a reply, one parsed chunk after the other, and tells the writer. Synchronous: no promise per event. */
export interface ReplyDecoder {
  /** One parsed JSON chunk; a plain JSON reply is one chunk. */
  push (chunk: unknown): void
  /** The provider sent its last byte. */
  end (): void
  /** Whether the provider said why it stopped: the answer is whole then, and only counts may follow. */
  readonly finished: boolean
}

/**
 * What a provider plugin registers with `app.transformers.add(pair)`; named in the config as `transformer.use[0]`.
 * Providers that share a wire share it by composition.
 */
export interface TransformerPair {
  readonly name: string
  readonly wire: 'anthropic' | 'openai' | 'gemini'
  /**
   * Ours → theirs. Pure.
   * @throws {ApiError} when the request holds something that neither the wire nor a substitute can carry
   */
  encodeRequest (request: MessagesRequest, target: Target): UpstreamRequest
  /** Theirs → ours: a decoder for one reply to what was asked. */
  decodeReply (writer: MessageWriter, target: Target, asked: Asked): ReplyDecoder
  /** The error that a reply with a status other than 2xx stands for. */
  decodeError (status: number, headers: Record<string, string | string[] | undefined>, body: string, target: Target): ApiError
  /** Serves requests itself, in place of the network; only the built-in demo does. */
  readonly dispatcher?: Pick<Dispatcher, 'dispatch'>
}
