import type { FastifyRequest } from 'fastify'
import type { ApiError } from '../errors.ts'
import { chatErrorBody, chatStatus } from '../ingress/openai/error-body.ts'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Whose clients ask: OpenAI's, or those of either, which are told apart by `anthropic-version`; without it, Anthropic's. */
    wire?: 'openai' | 'either'
  }
}

/** How a client is told an error. */
export interface ErrorForm {
  readonly status: number
  readonly body: object
  /** Headers by which its SDK finds the id of the request. */
  readonly ids: readonly string[]
}

/** An error in the form that the client of a request knows. */
export function errorForm (error: ApiError, request: FastifyRequest): ErrorForm {
  if (isOpenAi(request)) return { status: chatStatus(error.status), body: chatErrorBody(error), ids: ['request-id', 'x-request-id'] }
  return { status: error.status, body: error.toBody(request.id), ids: ['request-id'] }
}

/** What never reached a route has no options of one. */
function isOpenAi ({ routeOptions, headers }: FastifyRequest): boolean {
  const wire = routeOptions?.config?.wire
  return wire === 'openai' || (wire === 'either' && headers['anthropic-version'] === undefined)
}
