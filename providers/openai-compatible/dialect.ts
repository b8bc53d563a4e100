import type { Target } from '../../src/provider.ts'
import type { MessagesRequest } from '../../src/wire/anthropic.ts'
import type { ChatRequest } from '../../src/wire/openai-chat.ts'

/** Names of request fields that were not carried; told in `x-router-dropped`. */
export type Losses = Set<string>

/** Where servers of the chat-completions wire differ. Each provider is one such object; all else is shared. */
export interface ChatDialect {
  readonly name: string
  /** Whether `cache_control` on text parts and tools is understood. */
  readonly cacheControl: boolean
  /** Whether a tool message may hold images and files; else they follow in a user message. */
  readonly mediaInToolResults: boolean
  /** Whether files may be given by URL. */
  readonly fileUrls: boolean
  /** Who can read reasoning back: the family that envelopes carry (src/message/envelope.ts). */
  family (target: Target): string
  /** Headers beside content type and authorization. */
  headers (target: Target, request: MessagesRequest): Record<string, string>
  /** Writes what is this dialect's own: limits, sampling, thinking and effort, identity. Adds to `losses` what it cannot say. */
  parameters (body: ChatRequest, request: MessagesRequest, target: Target, losses: Losses): void
}
