import type { ApiError } from '../../errors.ts'
import type { Sent } from './send.ts'

/** What the client gets, over all tries. */
export interface ClientReply {
  /** Whether it has something of an answer: nothing else can be tried then. */
  readonly committed: boolean
  /** Whether the bytes of a reply may still pass as they are. */
  readonly mayRelay: boolean
  /**
   * Receives the reply of one try.
   * @returns its error; null where the client has the whole answer
   */
  receive (sent: Sent): Promise<ApiError | null>
  /**
   * Nothing answered, or not to the end. A stream that has not ended yet ends with it.
   * @throws {ApiError} where it can still be told as an HTTP error
   */
  fail (error: ApiError): void
  /** Gives up a client that does not read: the service stops. */
  drop (): void
  /** It is over, however it ended. */
  close (): void
}
