import type { Dispatcher } from 'undici'
import type { ApiError } from './errors.ts'
import type { ConversationKey } from './message/reasoning-memory.ts'
import type { MessageWriter } from './message/writer.ts'
import type { Provider, ProviderFacts, Target } from './target.ts'
import type { MessagesRequest } from './wire/anthropic.ts'
import type { JsonObject } from './wire/json.ts'

export type { Capabilities, Concurrency, ModelReasoning, Provider, ProviderFacts, Target } from './target.ts'

/** `own` is any other: what a user's file speaks that is none of these. */
export type Wire = 'anthropic' | 'openai' | 'gemini' | 'own'

/** Headers of a request or reply as Node gives them: names in lower case. */
export type Headers = Record<string, string | string[] | undefined>

/** What an encoder made of a request. */
export interface UpstreamRequest {
  url: URL
  headers: Record<string, string>
  /** An object is sent as JSON, bytes as they are. */
  body: object
  /** Names of request fields that the wire cannot carry; told in `x-router-dropped`. */
  dropped: string[]
  /** Answers in place of the provider: what was asked for is known to be impossible there. */
  answer?: (writer: MessageWriter) => void
}

/** What of a request is still needed when its reply comes. The rest, often megabytes, is let go as soon as it was sent. */
export type Asked = Pick<MessagesRequest, 'model' | 'stream' | 'thinking' | 'stop_sequences'> & {
  /** What the conversation is known by, for what is remembered of it (src/message/reasoning-memory.ts). */
  conversation: ConversationKey
  /** How many tool calls the client takes in one answer. */
  maxCalls: number
  /** Ids of the calls that the conversation holds already. */
  toolIds?: ReadonlySet<string>
  /** Names of tools by what they were shortened to, where the wire allows no longer ones (src/message/tool-names.ts). */
  toolNames?: ReadonlyMap<string, string> | undefined
}

/** Reads a reply, one parsed chunk after the other, and tells the writer. Synchronous: no promise per event. */
export interface ReplyDecoder {
  /** One parsed JSON chunk; a plain JSON reply is one chunk. */
  push (chunk: unknown): void
  /** The provider sent its last byte. */
  end (): void
  /** Whether the provider said why it stopped: the answer is whole then, and only counts may follow. */
  readonly finished: boolean
  /** Whether something of an answer came that the Messages API has no form for, such as sound; without it, nothing ever does. */
  readonly began?: boolean
}

/**
 * What a provider plugin registers with `app.transformers.add(pair)`; named in the config as `transformer.use[0]`.
 * Providers that share a wire share it by composition.
 */
export interface TransformerPair {
  readonly name: string
  readonly wire: Wire
  /** The user's file that it comes from; built in without it. */
  readonly file?: string
  /** Ends of host names whose servers it speaks to, beside those that hold its name. */
  readonly hosts?: readonly string[]
  /** What `transformer.use` may set beside the name: JSON Schemas by option. Without it any option is taken. */
  readonly options?: OptionSchemas
  /** The endpoint for what stands in `api_base_url`; without it the URL is taken as it is. */
  endpoint? (base: URL): URL
  /**
   * Ours → theirs. Pure.
   * @throws {ApiError} when the request holds something that neither the wire nor a substitute can carry
   */
  encodeRequest (request: MessagesRequest, target: Target, client: ClientHead): UpstreamRequest
  /** Theirs → ours: a decoder for one reply to what was asked. */
  decodeReply (writer: MessageWriter, target: Target, asked: Asked): ReplyDecoder
  /** The error that a reply with a status other than 2xx stands for. */
  decodeError (status: number, headers: Headers, body: string, target: Target): ApiError
  /** Whether the wire takes no media by URL: the gateway loads them and puts them in before encoding. */
  readonly inlinesMedia?: boolean
  /** For clients of the Messages API: requests and replies go on byte for byte. */
  readonly relay?: Relay
  /** The same for clients of the chat-completions API, whose replies {@link decodeReply} reads on the side. */
  readonly chatRelay?: RequestPassing
  /** Asks the server how many tokens a request has, where {@link relay} does not. */
  readonly counter?: TokenCounter
  /** Looks at the server, at the start and from time to time. */
  readonly probe?: Probe
  /** Milliseconds until the next look at a server that is well; without it the usual time. */
  readonly probePause?: number
  /** Serves requests itself, in place of the network; only the built-in demo does. */
  readonly dispatcher?: Pick<Dispatcher, 'dispatch'>
}

/** JSON Schemas by the name of an option; `description` says what it does. */
export type OptionSchemas = Readonly<Record<string, JsonObject>>

/** What belongs to a client's request beside the body. */
export interface ClientHead {
  readonly headers: Headers
  /** The query, with its question mark; empty without one. */
  readonly search: string
  /** What its conversation is known by, whatever was changed in the request since; undefined where it has no reply. */
  readonly conversation?: ConversationKey
}

/** A client's request as it came, for a provider of the same wire. */
export interface RelayRequest extends ClientHead {
  /** The body's bytes, on the client's own wire. */
  raw: Buffer
  /** The same, as the Messages API has it. */
  body: MessagesRequest
  /** What is asked of the provider beside its endpoint, e.g. `/count_tokens`; empty for messages. */
  path: string
}

/** How a request of the client's own wire passes through. */
export interface RequestPassing {
  /** The request with the target's model and our credential; all else as it came, but for what the server would refuse. */
  request (request: RelayRequest, target: Target): UpstreamRequest
}

/** How requests and replies of the Messages API pass through. */
export interface Relay extends RequestPassing {
  /** Who can read a thinking block back that this target made (src/message/envelope.ts). */
  family (target: Target): string
  /** The error that an `error` event, or an error body inside a 200, stands for. */
  decodeEvent (data: unknown, target: Target): ApiError
}

/** A server's own counter of tokens. */
export interface TokenCounter {
  /**
   * The question. Pure.
   * @param encoded the request as it would be sent to be answered, with what adapters did to it
   */
  request (encoded: UpstreamRequest, target: Target): UpstreamRequest
  /** The count in an answer's body; null where there is none. */
  read (body: string): number | null
}

/**
 * What a look at a server found: `facts` where it can be used, with a `problem` beside them that concerns only a part of
 * it; else what is wrong with it, in words.
 */
export type ProbeResult = { facts: ProviderFacts, problem?: string } | { problem: string }

/** Asks a server how it is, by GET requests to its own host. */
export type Probe = (provider: Provider, get: (url: URL, headers: Record<string, string>) => Promise<{ status: number, body: string }>) => Promise<ProbeResult>

/** Changes one chunk of a reply in place: a streamed chunk, or the whole of a plain reply. */
export type ChunkAdapter = (chunk: JsonObject) => void

/** A small change to what a pair made: `maxtoken`, `sampling`, `cleancache` …, or a user's file. */
export interface Adapter {
  readonly name: string
  /** The user's file that it comes from; built in without it. */
  readonly file?: string
  /** Request fields that it carries where the pair cannot: they do not count as dropped. */
  readonly carries?: readonly string[]
  /**
   * Changes a request body in place, in the order of `use`.
   * @param body of the provider's wire; @param original what the client sent
   */
  request? (body: JsonObject, target: Target, original: MessagesRequest): void
  /** Changes a chunk in place, in the reverse order of `use`. */
  chunk? (chunk: JsonObject, target: Target): void
  /** The same for changes that need to remember earlier chunks: called once per reply. */
  reply? (target: Target): ChunkAdapter
}

/** How an adapter is registered: made once per place in the configuration, with the options given there. */
export interface AdapterFactory {
  readonly name: string
  /** The user's file that it comes from; built in without it. */
  readonly file?: string
  readonly description?: string
  /** The wires that it knows; without it all. */
  readonly wires?: readonly Wire[]
  readonly options?: OptionSchemas
  create (options: JsonObject): Adapter
}
