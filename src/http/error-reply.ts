import type { FastifyReply, FastifyRequest } from 'fastify'
import type { ApiError, PassedReply } from '../errors.ts'
import { errorForm } from './error-form.ts'

/**
 * Answers a request with an error, in the client's form.
 *
 * `x-should-retry: false` goes with every error that a repetition cannot mend: Claude Code would otherwise repeat a 401
 * for three minutes.
 */
export function sendError (error: ApiError, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  if (error.passed !== undefined) return sendPassed(error.passed, error.headers, request, reply)
  if (error.headers !== undefined) reply.headers(error.headers)
  if (error.retryAfter !== undefined) reply.header('retry-after', String(error.retryAfter))
  if (!error.retryable) reply.header('x-should-retry', 'false')
  const { status, body, ids } = errorForm(error, request)
  for (const name of ids) reply.header(name, request.id)
  return reply.code(status).header('content-type', 'application/json').send(JSON.stringify(body))
}

/** Past Fastify, whose hook would put our id of the request in the place of the provider's. */
function sendPassed ({ status, headers, body }: PassedReply, ours: ApiError['headers'], { exchange }: FastifyRequest, reply: FastifyReply): FastifyReply {
  reply.hijack()
  reply.raw.writeHead(status, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body), ...exchange?.headers, ...ours, ...headers }).end(body)
  return reply
}
