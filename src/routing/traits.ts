import type { MessagesRequest } from '../wire/anthropic.ts'

/** What routing needs to know of a request, and nothing else. */
export interface RequestTraits {
  /** The model as the client asked for it. */
  readonly model: string
}

/** Reads the traits of a request; done once. */
export function describe (request: MessagesRequest): RequestTraits {
  return { model: request.model }
}
