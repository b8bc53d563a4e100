import type { ApiError } from '../errors.ts'
import type { ReplyCounts } from '../message/reply-counts.ts'
import type { StopReason, Usage } from '../wire/anthropic.ts'

/** What is read of a passing reply on the side. */
export interface ReplyObserver {
  readonly usageCounts: Usage
  readonly counts: ReplyCounts
  readonly stopReason: StopReason | null
  /** Whether the answer is whole, and nothing more will be read. */
  readonly finished: boolean
  /** Whether the client has, or is about to get, something of the answer. */
  readonly hasContent: boolean
  /** Whether only counts may follow: a connection that breaks then, or falls silent, is an end like any other. */
  readonly expectsEnd: boolean
  error: ApiError | null
}

/** Lets the bytes of a stream through, whole events at a time. */
export interface ReplyRelay {
  /** Whether the provider told its error in a way that clients would not see. */
  readonly bareError: boolean
  /**
   * The bytes of one read.
   * @returns what may go on to the client now
   * @throws {ApiError} when the provider tells an error before any content, or sends no events
   */
  push (bytes: Buffer): Buffer
  /** The body is over. @returns the last events */
  end (): Buffer
  /** Shows life in the open block, for a client that would give up. @returns null where nothing shows it */
  showLife (): Buffer | string | null
}

/** A reply that passes in its own bytes: it is on the client's own wire. */
export interface Passage {
  readonly observer: ReplyObserver
  /** For a reply that is a stream. */
  relay (): ReplyRelay
  /**
   * A whole plain reply, under the model name that the client asked for.
   * @throws {ApiError} when it is no answer, an empty one, or an error inside a 200
   */
  document (bytes: Buffer): Buffer
  /**
   * Whether the body of an HTTP error passes in the provider's words: not what is no error of the API (a proxy's page, a redirect).
   * @param body parsed; @param error what it stands for
   */
  passesError (body: unknown, error: ApiError): boolean
}
