import type { Entry } from '../../account/entry.ts'
import type { ApiError } from '../../errors.ts'
import type { MessageSink } from '../../message/sink.ts'
import type { Asked, RequestPassing, Target } from '../../provider.ts'
import type { Adjustment } from '../../routing/adjust.ts'
import type { Passage } from '../../upstream/passage.ts'
import type { Message, MessagesRequest } from '../../wire/anthropic.ts'
import type { RequestBody } from './request-body.ts'

/** Prints a reply as events of the client's wire; they gather until {@link take}. */
export interface ReplyEncoder extends MessageSink {
  /** What was printed since the last call; empty if nothing was. */
  take (): string
}

/**
 * How a client speaks: what of its requests may pass as it is, and how replies are written for it. One object per request, so that it
 * may know what was asked for.
 */
export interface ClientWire {
  readonly ingress: Entry['ingress']
  /** Where clients look for the id of a request, beside `request-id`. */
  readonly idHeader?: string
  /** A sign of life that every client skips. */
  readonly ping: string
  /** Whether a client that waits must see content, be it empty: pings do not keep it. */
  readonly watchesContent: boolean
  /** Whether the client set a limit to its answer; else the request's is ours. */
  readonly limited: boolean
  /** How a target takes requests of this wire as they are; undefined where they must be written anew. */
  passing (target: Target): RequestPassing | undefined
  /** The bytes of a request with what was changed for a target. */
  adjusted (body: Pick<RequestBody, 'parsed' | 'raw'>, members: Adjustment['members']): Buffer
  /**
   * A request that is to be written anew for a target: without what that refuses.
   * @returns names of what is lost beside it
   * @throws {ApiError} when it cannot be written anew at all
   */
  fit (request: MessagesRequest, target: Target): { request: MessagesRequest, dropped: readonly string[] }
  /** Names of fields that are lost, as its clients know them. */
  fields (names: readonly string[]): readonly string[]
  /** Reads a reply of a request that passed. */
  passage (target: Target, asked: Asked): Passage
  /** Writes a reply anew, as a stream. */
  encoder (asked: Asked, requestId: string): ReplyEncoder
  /** The same as one document. @param filtered whether a filter of the provider's stopped it */
  document (message: Message, filtered: boolean): object
  /** A terminal event that says what is wrong. */
  errorEvent (error: ApiError, requestId: string): string
}
