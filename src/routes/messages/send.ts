import { adaptRequest } from '../../adapt.ts'
import type { Attempt } from '../../http/exchange.ts'
import { checkKnownValues } from '../../ingress/anthropic/known-values.ts'
import type { RequestPassing, Target, UpstreamRequest } from '../../provider.ts'
import { type Adjustment, adjust } from '../../routing/adjust.ts'
import type { RequestTraits } from '../../routing/traits.ts'
import type { UpstreamCall } from '../../upstream/call.ts'
import type { Passage } from '../../upstream/passage.ts'
import type { MessagesRequest } from '../../wire/anthropic.ts'
import { checkLosses } from './check-losses.ts'
import type { ClientWire } from './client-wire.ts'
import type { Work } from './work.ts'

/** A request under way to a target. */
export interface Sent {
  readonly attempt: Attempt
  /** Null where the gateway answers in the provider's place. */
  readonly call: UpstreamCall | null
  readonly answer: UpstreamRequest['answer']
  /** Where the reply's bytes may pass as they are: how they do. */
  readonly passage: Passage | null
}

/** A request as a target gets it. */
export interface Prepared {
  readonly upstream: UpstreamRequest
  /** What was changed for the target, in words. */
  readonly told: Adjustment['told']
  /** Whether it is the client's own, so that the reply is on the client's wire. */
  readonly passes: boolean
}

/** Where a request's form comes from: parsed, its bytes, and the wire that they are on. */
export type Original = Pick<Work, 'head' | 'wire'> & { readonly body: { readonly parsed: MessagesRequest, readonly raw: Buffer } }

/**
 * Writes a request for a target: in its own bytes where the wire is the client's and `passing` says how, else anew.
 * @throws {ApiError} when it cannot be carried, or not without a loss that the provider's configuration forbids
 */
export function prepare ({ body, head, wire }: Original, target: Target, passing: RequestPassing | undefined, traits: RequestTraits, systemPrompt: string | undefined, path = ''): Prepared {
  const { parsed } = body
  const { members, told, dropped } = adjust(parsed, target, traits, systemPrompt)
  const request = members === null ? parsed : { ...parsed, ...members }
  const bytes = passing === undefined || passing.takes?.(request, target) === false ? undefined : wire.adjusted(body, members)
  const passes = passing !== undefined && bytes !== undefined
  const upstream = passes ? passing.request({ ...head, raw: bytes, body: request, path }, target) : encode(request, target, head, wire)
  upstream.dropped.push(...dropped)
  checkLosses(upstream, target.provider)
  return { upstream, passes, told: bytes === body.raw ? [] : told }
}

function encode (request: MessagesRequest, target: Target, head: Work['head'], wire: ClientWire): UpstreamRequest {
  checkKnownValues(request)
  const fitted = wire.fit(request, target)
  const upstream = target.provider.pair.encodeRequest(fitted.request, target, head)
  upstream.dropped.push(...fitted.dropped)
  adaptRequest(upstream, target, fitted.request)
  return upstream
}

/**
 * Sends a request to a target.
 * @param mayPass whether the reply's bytes may pass: not where the client has the head of a message already
 * @param answers is called with the first content
 * @throws {ApiError} when it cannot be carried there
 */
export function send (work: Work, target: Target, mayPass: boolean, answers: () => void): Sent {
  const { app, wire, routed: { traits, config }, exchange, account, asked, body, interruption } = work
  const { upstream, told, passes } = prepare(work, target, mayPass ? wire.passing(target) : undefined, traits, config.systemPrompt)
  const attempt = exchange.begin(target, upstream.dropped, told, answers)
  attempt.own = upstream.answer !== undefined
  account?.begin(attempt)
  const call = upstream.answer === undefined ? app.upstream.send(upstream, target, exchange.requestId) : null
  if (call !== null) interruption.begin(reason => call.abort(reason))
  body.fold()
  return { attempt, call, answer: upstream.answer, passage: passes ? wire.passage(target, asked) : null }
}
