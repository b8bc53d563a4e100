import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import { ApiError, errorTypeOf, invalidRequest } from '../src/errors.ts'
import { sendError } from '../src/http/error-reply.ts'
import { validationMessage } from '../src/http/validation-message.ts'

/**
 * Turns whatever was thrown into an error of the API. What nobody foresaw is logged, and told without details. (At
 * "Prompt is too long" Claude Code compacts its conversation.)
 */
function toApiError (error: FastifyError | ApiError, request: FastifyRequest): ApiError {
  if (error instanceof ApiError) {
    // A fault in a user's own transformer: its author needs to know where.
    if (error.status === 500 && error.cause !== undefined) request.log.error({ err: error.cause, requestId: request.id }, error.message)
    return error
  }
  if (error.validation !== undefined) return invalidRequest(validationMessage(error.validation))
  const status = error.statusCode ?? 500
  // What is nested deeper than the stack fails wherever it is walked first: in the schema, the encoder or the printer.
  if (error instanceof RangeError && status === 500) return invalidRequest('The request body is nested too deeply.')
  if (error.code === 'FST_ERR_CTP_BODY_TOO_LARGE') return new ApiError('request_too_large', 'Prompt is too long: the request is larger than 32 MB.')
  if (status === 415) return new ApiError('invalid_request_error', 'content-type: Input should be application/json', { status })
  if (status >= 400 && status < 500) return new ApiError(errorTypeOf(status), error.message, { status })
  request.log.error({ err: error, requestId: request.id }, 'unexpected error')
  return new ApiError('api_error', 'Internal error of the gateway; its log has the details under this request id.')
}

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
