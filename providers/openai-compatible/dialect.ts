import type { Losses } from '../../src/message/losses.ts'
import type { OptionSchemas, Probe, RelayRequest, Target } from '../../src/provider.ts'
import type { MessagesRequest, ToolParam } from '../../src/wire/anthropic.ts'
import type { ChatAssistantMessage, ChatRequest } from '../../src/wire/openai-chat.ts'
import type { Column, RequestField } from '../../src/wire/request-fields.ts'

/** Where servers of the chat-completions wire differ. Each provider is one such object; all else is shared. */
export interface ChatDialect {
  readonly name: string
  /** Its column in the table of what is carried. */
  readonly column: Column
  /** Whether `cache_control` on text parts and tools is understood. */
  readonly cacheControl: boolean
  /** Whether a tool message may hold images and files; else they follow in a user message. */
  readonly mediaInToolResults: boolean
  /** Whether files (PDF) may be sent: as data only, by URL too, or not at all. */
  readonly files: 'data' | 'urls' | 'none'
  /** The most stop sequences that are taken. */
  readonly maxStops: number
  /** Whether `json_schema` is known as a response format; else the schema goes into the prompt. */
  readonly jsonSchema: boolean
  /** Schemas of the pair's options (src/provider.ts); without it any option is taken. */
  readonly options?: OptionSchemas
  /** Who can read reasoning back: the family that envelopes carry (src/message/envelope.ts). */
  family (target: Target): string
  /** Headers beside content type and, unless the key is put into another one here, authorization. */
  headers (target: Target, request: MessagesRequest): Record<string, string>
  /** Writes what is this dialect's own: limits, sampling, thinking and effort, identity. Adds to `losses` what it cannot say. */
  parameters (body: ChatRequest, request: MessagesRequest, target: Target, losses: Losses): void
  /** A last touch on every assistant message of the conversation. */
  assistant? (message: ChatAssistantMessage, request: MessagesRequest, target: Target): void
  /** Ids of calls as the server takes them, where it does not take any; without it the ids stay. */
  toolId? (target: Target): ((id: string) => string) | undefined
  /** Whether `strict` of these tools may be sent; without it, it may. */
  strictTools? (tools: readonly ToolParam[], target: Target): boolean
  /** Switches on the provider's own web search; without it there is none. */
  webSearch? (body: ChatRequest, tool: ToolParam): void
  /** Where literal thinking tags in the content are read as reasoning: at its head, or from its first character on. */
  thinkTags? (target: Target, asked: Pick<MessagesRequest, 'thinking'>): 'head' | 'implied' | undefined
  /**
   * A last touch on the bytes of a client's request of this wire, which passes.
   * @param request its body is the same, as the Messages API has it; @param lost gets the names of its fields that are lost by it
   */
  passed? (raw: Buffer, request: Pick<RelayRequest, 'body' | 'conversation'>, target: Target, lost: RequestField[]): Buffer
  readonly probe?: Probe
  /** Milliseconds until the next look at a server that is well (src/provider.ts). */
  readonly probePause?: number
}
