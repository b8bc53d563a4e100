import type { FastifyRequest } from 'fastify'
import type { ApiError } from '../errors.ts'
import { type ChatErrorBody, chatErrorBody, chatStatus } from '../ingress/openai/error-body.ts'

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
  if (isOpenAi(request)) return { status: chatStatus(error.status), body: chatBody(error, request), ids: ['request-id', 'x-request-id'] }
  return { status: error.status, body: error.toBody(request.id), ids: ['request-id'] }
}

/** An address that does not exist is no model that does not exist. What else is wrong with such a request has a code of its own. */
function chatBody (error: ApiError, { is404 }: FastifyRequest): ChatErrorBody {
  const body = chatErrorBody(error)
  return is404 && error.type === 'not_found_error' ? { error: { ...body.error, code: 'unknown_url' } } : body
}

/** Addresses of OpenAI's API, be they served or not; of Anthropic's, there is but one that its clients know beside the models. */
const OPENAI_PATH = /^\/v1\/(?!messages\b)/

/** What never reached a route has no options of one. */
function isOpenAi ({ routeOptions, headers, is404, url }: FastifyRequest): boolean {
  const wire = routeOptions?.config?.wire ?? (is404 && OPENAI_PATH.test(url) ? 'either' : undefined)
  return wire === 'openai' || (wire === 'either' && headers['anthropic-version'] === undefined)
}
