import type { IncomingHttpHeaders } from 'node:http'
import type { ApiError } from '../errors.ts'
import type { Target } from '../provider.ts'
import type { Usage } from '../wire/anthropic.ts'
import type { ReplyCounts } from '../message/reply-counts.ts'
import type { Route } from '../routing/route.ts'
import { headerText } from './header-text.ts'
import { passedHeaders } from './passed-headers.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** What became of a model request; null on every other route. */
    exchange: Exchange | null
  }
}

/** Names come from the client, so neither their number nor their length may be its choice. */
const MAX_NAMES = 20
const MAX_NAME = 64

/** What a reply came to, by whoever reads it. */
export interface ReplyAccount {
  readonly usageCounts: Usage
  readonly stopReason: string | null
  /** What else the account needs to know. */
  readonly counts: ReplyCounts
}

/** One try of one target. */
export interface Attempt {
  readonly target: Target
  /** Names of request fields that were not carried. */
  readonly dropped: readonly string[]
  /** What was changed for the target, in words. */
  readonly adjusted: readonly string[]
  readonly began: number
  /** Whether the gateway answers in the provider's place: that costs nothing. */
  own: boolean
  /** Called with the first content. */
  readonly answers: () => void
  /** What was counted in the reply, that of a failed try included; null before there is one. */
  account: ReplyAccount | null
  error: ApiError | null
  /** Milliseconds from its begin to the first content, and to its end; null while there is none. */
  firstContent: number | null
  duration: number | null
  /** The upstream's own name of the request, where its reply passes. */
  upstreamId: string | null
}

/** One model request from its routing to its end: what the client is told of it, and what the log says. */
export class Exchange {
  readonly route: Route
  readonly requestId: string
  readonly stream: boolean
  readonly attempts: Attempt[] = []
  /** What the client is told at last, where that is an error. */
  error: ApiError | null = null
  /** What the client is told of a budget that is nearly used up. */
  budgetWarning: string | null = null
  /** Whether the client left before the end. */
  left = false
  /** How it went so far: a word for each target that was tried or passed over. */
  readonly #story: string[] = []

  readonly #idHeader: string | undefined

  /** @param idHeader where the client's SDK looks for the id, beside `request-id` */
  constructor (route: Route, requestId: string, stream: boolean, idHeader?: string) {
    this.route = route
    this.requestId = requestId
    this.stream = stream
    this.#idHeader = idHeader
  }

  /** The try that is under way, or was the last; undefined before there is one. */
  get current (): Attempt | undefined { return this.attempts.at(-1) }

  begin (target: Target, dropped: readonly string[], adjusted: readonly string[], answers: () => void = () => {}): Attempt {
    const names = dropped.slice(0, MAX_NAMES).map(name => name.slice(0, MAX_NAME))
    const attempt: Attempt = { target, dropped: names, adjusted, began: performance.now(), answers, own: false, account: null, error: null, firstContent: null, duration: null, upstreamId: null }
    this.attempts.push(attempt)
    return attempt
  }

  /** The current try is over. */
  end (attempt: Attempt, error: ApiError | null): void {
    attempt.error = error
    attempt.duration = performance.now() - attempt.began
    if (error !== null) this.#story.push(`${attempt.target.name} ${error.status}`)
  }

  /** A target is passed over. */
  skip (target: Target, why: string): void {
    this.#story.push(`${target.name} ${why}`)
  }

  /** Headers that say how the request was routed: for a reply whose head is sent now. */
  get headers (): Record<string, string> {
    const { current, route } = this
    const target = current?.target ?? route.targets[0]
    const headers: Record<string, string> = {
      'request-id': this.requestId,
      'x-router-provider': headerText(target.provider.name),
      'x-router-model': headerText(target.model),
      'x-router-rule': headerText(route.rule),
      'x-router-attempts': this.#story.length === 0 ? String(this.attempts.length) : headerText(`${this.attempts.length}; ${this.#story.join(', ')}`)
    }
    if (this.#idHeader !== undefined) headers[this.#idHeader] = this.requestId
    if (current !== undefined && current.dropped.length > 0) headers['x-router-dropped'] = headerText(current.dropped.join(', '))
    if (current !== undefined && current.adjusted.length > 0) headers['x-router-adjusted'] = headerText(current.adjusted.join(', '))
    if (this.budgetWarning !== null) headers['x-router-budget'] = headerText(this.budgetWarning)
    return headers
  }

  /** The headers of the upstream's reply that go on to the client: its id of the request among them, unless it stands where ours does. */
  pass (attempt: Attempt, headers: IncomingHttpHeaders): Record<string, string> {
    const passed = passedHeaders(headers)
    attempt.upstreamId = passed['request-id'] ?? idIn(headers['x-request-id'])
    return passed
  }

  sentContent (attempt: Attempt): void {
    if (attempt.firstContent !== null) return
    attempt.firstContent = performance.now() - attempt.began
    attempt.answers()
  }
}

/** What a provider calls a request: its length may not be its choice. */
function idIn (header: string | string[] | undefined): string | null {
  return typeof header === 'string' ? header.slice(0, MAX_NAME) : null
}
