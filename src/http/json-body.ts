import type { FastifyRequest } from 'fastify'
import { invalidRequest } from '../errors.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** The body's bytes, for a provider that takes them as they are; let go once the request was sent. */
    rawBody: Buffer | null
  }
}

/** What the parser repeats of a body, which may be a secret or a prompt. */
const QUOTE = /, (?:\.\.\.)?"[^]*"(?:\.\.\.)? is not valid JSON$/

/**
 * Parses a JSON body. Fastify's own parser also searches it for `__proto__`, which a body of megabytes pays for and
 * nothing here needs: requests are read field by field and never merged into other objects. A request may name the type of a body
 * and have none: who needs one asks for it by a schema.
 */
export function jsonBody (request: FastifyRequest, body: Buffer, done: (error: Error | null, value?: unknown) => void): void {
  if (body.length === 0) return done(null, undefined)
  let value: unknown
  try {
    value = JSON.parse(body.toString())
  } catch (error) {
    done(invalidRequest(`The request body is not valid JSON: ${(error as Error).message.replace(QUOTE, '')}`))
    return
  }
  request.rawBody = body
  done(null, value)
}
