import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import { ApiError } from '../src/errors.ts'
import { sendError } from '../src/http/error-reply.ts'
import { toApiError } from '../src/http/to-api-error.ts'

/** Every failure is answered in the client's own form. */
async function errors (app: FastifyInstance): Promise<void> {
  app.setErrorHandler((error: FastifyError, request: FastifyRequest, reply: FastifyReply) => {
    const apiError = toApiError(error, request)
    if (request.exchange !== null) {
      request.exchange.error = apiError
      reply.headers(request.exchange.headers)
    }
    return sendError(apiError, request, reply)
  })
  app.setNotFoundHandler((request, reply) => sendError(new ApiError('not_found_error', `There is no ${request.method} ${request.url.split('?')[0]} here.`), request, reply))
}

export default fp(errors, { name: 'errors', fastify: '5.x' })
