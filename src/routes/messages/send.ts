import { adaptRequest } from '../../adapt.ts'
import type { Attempt } from '../../http/exchange.ts'
import { checkKnownValues } from '../../ingress/anthropic/known-values.ts'
import type { RelayRequest, RequestPassing, Target, UpstreamRequest } from '../../provider.ts'
import { type Adjustment, adjust } from '../../routing/adjust.ts'
import type { RequestTraits } from '../../routing/traits.ts'
import type { UpstreamCall } from '../../upstream/call.ts'
import type { Passage } from '../../upstream/passage.ts'
import type { MessagesRequest } from '../../wire/anthropic.ts'
import type { JsonObject } from '../../wire/json.ts'
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
  const { members, told, dropped } = adjust(parsed, target, traits, systemPrompt, wire.limited)
  const request = members === null ? parsed : { ...parsed, ...members }
  const raw = passing === undefined ? null : wire.adjusted(body, members)
  const upstream = passing === undefined || raw === null ? encode(request, target, head, wire) : pass({ ...head, raw, body: request, path }, target, passing, wire)
  upstream.dropped = [...new Set([...upstream.dropped, ...wire.fields(dropped)])]
  checkLosses(upstream, target.provider)
  return { upstream, passes: raw !== null, told: raw === body.raw ? [] : told }
}

function pass (request: RelayRequest, target: Target, passing: RequestPassing, wire: ClientWire): UpstreamRequest {
  const upstream = passing.request(request, target)
  adaptRequest(upstream, target, request.body)
  upstream.dropped = [...wire.fields(upstream.dropped)]
  return upstream
}

function encode (request: MessagesRequest, target: Target, head: Work['head'], wire: ClientWire): UpstreamRequest {
  checkKnownValues(request)
  const fitted = wire.fit(request, target)
  const upstream = target.provider.pair.encodeRequest(fitted.request, target, head)
  if (!wire.limited && target.provider.pair.wire === 'openai') leaveOutLimit(upstream.body as JsonObject, fitted.request.max_tokens)
  adaptRequest(upstream, target, fitted.request)
  upstream.dropped = [...wire.fields(upstream.dropped), ...fitted.dropped]
  return upstream
}

/** Servers of the chat-completions wire need none. One that the pair changed is its own. */
function leaveOutLimit (body: JsonObject, limit: number): void {
  for (const field of ['max_tokens', 'max_completion_tokens']) if (body[field] === limit) delete body[field]
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
