import type { ApiError } from './errors.ts'
import type { Complaint } from './provider-error.ts'
import type { Headers, OptionSchemas, Provider, Target, TransformerPair } from './provider.ts'
import type { MessagesRequest } from './wire/anthropic.ts'
import type { ChatRequest } from './wire/openai-chat.ts'

/**
 * What users' own transformers are made with (docs/add-a-provider.md). Their files stand outside of the project and can
 * import nothing of it, so it is handed to them.
 */
export interface TransformerKit {
  /** A pair for a server of the chat-completions wire, from what is particular about it. */
  openaiCompatible (server: ChatServer): TransformerPair
  /** The one kind of error that reaches the client as it is; any other is a fault of the transformer. */
  readonly ApiError: typeof ApiError
  /** What a provider complained of, as the client is told: the status fitted, the key taken out. Words that are none (pages, objects) are left out. */
  providerError (complaint: Omit<Complaint, 'words'> & { words?: unknown }, provider: Provider): ApiError
  /** `retry-after` of a reply in whole seconds. */
  retryAfterOf (headers: Headers): number | undefined
}

/** A server of the chat-completions wire. Only the name must be there; all else is what a plain server does. */
export interface ChatServer {
  readonly name: string
  readonly hosts?: readonly string[]
  readonly options?: OptionSchemas
  /** Whether it knows `cache_control` on text parts and tools; by default not. */
  readonly cacheControl?: boolean
  /** Whether a tool message may hold images and files; by default they follow in a user message. */
  readonly mediaInToolResults?: boolean
  /** Whether PDF files may be sent: as data, by URL too, or (by default) not at all. */
  readonly files?: 'data' | 'urls' | 'none'
  /** The most stop sequences that it takes; by default 4. */
  readonly maxStops?: number
  /** Whether it knows `json_schema` as a response format, as it does by default; else the schema goes into the prompt. */
  readonly jsonSchema?: boolean
  /** Where literal `<think>` tags are read as reasoning: at the head of the answer, or before its first character. */
  readonly thinkTags?: 'head' | 'implied'
  /** Headers beside content type and authorization. */
  headers? (target: Target, request: MessagesRequest): Record<string, string>
  /** Asks for thinking in the server's own way; called where the client says anything of it. Without it, thinking counts as dropped. */
  thinking? (body: ChatRequest, request: MessagesRequest, target: Target): void
  /** A last touch on the body. */
  request? (body: ChatRequest, request: MessagesRequest, target: Target): void
}

/**
 * A result that is there already. Nothing waits for what users' transformers do, so the failure of a promise would be
 * nobody's, and end the service.
 * @throws {TypeError} for a promise
 */
export function atOnce <T> (result: T): T {
  if (!(result instanceof Promise)) return result
  result.catch(() => {})
  throw new TypeError('it must do its work at once; it returned a promise')
}
