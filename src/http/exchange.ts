import type { IncomingHttpHeaders } from 'node:http'
import type { ApiError } from '../errors.ts'
import type { Target } from '../provider.ts'
import type { Usage } from '../wire/anthropic.ts'
import type { Route } from '../routing/decide.ts'
import { passedHeaders } from './passed-headers.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** What became of a model request; null on every other route. */
    exchange: Exchange | null
  }
}

const MAX_HEADER = 1000
/** Names come from the client, so neither their number nor their length may be its choice. */
const MAX_NAMES = 20
const MAX_NAME = 64

/** What a reply came to, by whoever reads it. */
export interface ReplyAccount {
  readonly usageCounts: Usage
  readonly stopReason: string | null
}

/** One model request from its routing to its end: what the client is told of it, and what the log says. */
export class Exchange {
  readonly route: Route
  readonly target: Target
  readonly stream: boolean
  /** Headers that say how the request was routed. */
  readonly headers: Record<string, string>
  readonly dropped: readonly string[]
  /** What was counted in the reply; null before there is one. */
  account: ReplyAccount | null = null
  error: ApiError | null = null
  #upstreamId: string | null = null
  /** Whether the client left before the end. */
  left = false
  #begin = performance.now()
  #firstContent: number | null = null

  constructor (route: Route, target: Target, dropped: readonly string[], requestId: string, stream: boolean) {
    this.route = route
    this.target = target
    this.stream = stream
    this.dropped = dropped.slice(0, MAX_NAMES).map(name => name.slice(0, MAX_NAME))
    this.headers = {
      'request-id': requestId,
      'x-router-provider': headerText(target.provider.name),
      'x-router-model': headerText(target.model),
      'x-router-rule': headerText(route.rule),
      'x-router-attempts': '1'
    }
    if (dropped.length > 0) this.headers['x-router-dropped'] = headerText(this.dropped.join(', '))
  }

  /** Milliseconds from the routing to the first content; null while there is none. */
  get firstContent (): number | null { return this.#firstContent }

  /** The upstream's own name of the request, where it has passed to the client. */
  get upstreamId (): string | null { return this.#upstreamId }

  /** The headers of the upstream's reply that go on to the client, its id of the request among them. */
  pass (headers: IncomingHttpHeaders): Record<string, string> {
    const passed = passedHeaders(headers)
    this.#upstreamId = passed['request-id'] ?? null
    return passed
  }

  sentContent (): void {
    this.#firstContent ??= performance.now() - this.#begin
  }

  failed (error: ApiError): void {
    this.error = error
  }
}

/** Header values are printable ASCII; what is not comes percent-encoded. */
function headerText (text: string): string {
  const printable = /^[\x20-\x7e]*$/.test(text) ? text : encodeURIComponent(text.toWellFormed())
  return printable.slice(0, MAX_HEADER)
}
