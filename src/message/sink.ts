import type { ApiError } from '../errors.ts'
import type { ContentBlock, Usage } from '../wire/anthropic.ts'
import type { JsonObject } from '../wire/json.ts'
import type { Ending } from './ending.ts'

/** What can grow inside an open block. */
export type DeltaKind = 'text' | 'thinking' | 'signature' | 'input'

/**
 * Where a {@link MessageWriter} puts what it was told, already in a legal order: an event stream, a plain message, or
 * another wire. Calls come as the grammar of the Messages stream has them; one block is open at a time.
 */
export interface MessageSink {
  start (usage: Usage): void
  blockStart (index: number, block: ContentBlock): void
  delta (index: number, kind: DeltaKind, value: string): void
  /** The text that follows is a refusal, in the model's own words. */
  refuses? (): void
  /** A source of the text in the open block. */
  citation (index: number, citation: JsonObject): void
  blockStop (index: number): void
  end (ending: Ending, usage: Usage): void
  /** The reply broke; the open block stays open, so that a client does not run half a tool call. */
  error (error: ApiError): void
}
