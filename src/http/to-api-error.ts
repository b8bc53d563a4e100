import type { FastifyError, FastifyRequest } from 'fastify'
import { ApiError, errorTypeOf, invalidRequest } from '../errors.ts'
import { validationMessage } from './validation-message.ts'

/**
 * Turns whatever was thrown into an error of the API. What nobody foresaw is logged, and told without details. (At
 * "Prompt is too long" Claude Code compacts its conversation.)
 */
export function toApiError (error: unknown, request: FastifyRequest): ApiError {
  if (error instanceof ApiError) {
    // A fault in a user's own transformer: its author needs to know where.
    if (error.status === 500 && error.cause !== undefined) request.log.error({ err: error.cause, requestId: request.id }, error.message)
    return error
  }
  const { validation, statusCode: status = 500, code, message = '' } = (error ?? {}) as Partial<FastifyError>
  if (validation !== undefined) return invalidRequest(validationMessage(validation))
  // What is nested deeper than the stack fails wherever it is walked first: in the schema, the encoder or the printer.
  if (error instanceof RangeError && status === 500) return invalidRequest('The request body is nested too deeply.')
  if (code === 'FST_ERR_CTP_BODY_TOO_LARGE') return new ApiError('request_too_large', 'Prompt is too long: the request is larger than 32 MB.')
  if (status === 415) return new ApiError('invalid_request_error', 'content-type: Input should be application/json', { status })
  if (status >= 400 && status < 500) return new ApiError(errorTypeOf(status), message, { status })
  request.log.error({ err: error, requestId: request.id }, 'unexpected error')
  return new ApiError('api_error', 'Internal error of the gateway; its log has the details under this request id.')
}
