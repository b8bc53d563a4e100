import type { ApiError } from '../errors.ts'

declare module 'fastify' {
  interface FastifyInstance { running: Running }
}

/** The replies that are under way, so that a shutdown can wait for them and, at last, end them. */
export class Running {
  readonly #replies = new Set<(error: ApiError) => void>()
  #over: ApiError | null = null

  /** @param fail ends the reply with an error; @returns a function that takes it off the list */
  add (fail: (error: ApiError) => void): () => void {
    if (this.#over !== null) fail(this.#over)
    else this.#replies.add(fail)
    return () => { this.#replies.delete(fail) }
  }

  /** Whether replies are ended, and not waited for any more. */
  get over (): boolean { return this.#over !== null }

  get size (): number { return this.#replies.size }

  /** Ends all that still run, and whatever begins later. */
  failAll (error: ApiError): void {
    this.#over = error
    for (const fail of this.#replies) fail(error)
  }
}
