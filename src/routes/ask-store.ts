import type { FastifyBaseLogger } from 'fastify'
import { ApiError, invalidRequest } from '../errors.ts'

/** Seconds after which a client may ask again when the store does not answer. */
const RETRY_AFTER = 5

/** What is said where the store is of no help. */
export interface StoreWords {
  /** To clients, where there is none. */
  readonly missing: string
  /** To clients, where it does not answer. */
  readonly silent: string
  /** To the log, then. */
  readonly failed: string
}

/**
 * Asks something that the store has.
 * @param part null where there is no store
 * @throws {ApiError} 400 where there is none, 503 where it does not answer
 */
export async function askStore<Part, Result> (part: Part | null, log: FastifyBaseLogger, words: StoreWords, work: (part: Part) => Promise<Result>): Promise<Result> {
  if (part === null) throw invalidRequest(words.missing)
  try {
    return await work(part)
  } catch (error) {
    if (error instanceof ApiError) throw error
    log.error({ err: error }, words.failed)
    throw new ApiError('overloaded_error', words.silent, { status: 503, retryAfter: RETRY_AFTER, cause: error })
  }
}
