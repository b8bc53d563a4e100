import { adaptRequest } from '../../adapt.ts'
import type { Attempt } from '../../http/exchange.ts'
import { checkKnownValues } from '../../ingress/anthropic/known-values.ts'
import { spliceRequest } from '../../message/splice.ts'
import type { Relay, Target, UpstreamRequest } from '../../provider.ts'
import { type Adjustment, adjust } from '../../routing/adjust.ts'
import type { RequestTraits } from '../../routing/traits.ts'
import type { UpstreamCall } from '../../upstream/call.ts'
import { RelayObserver } from '../../upstream/relay-observer.ts'
import type { MessagesRequest } from '../../wire/anthropic.ts'
import { checkLosses } from './check-losses.ts'
import type { Work } from './work.ts'

/** A request under way to a target. */
export interface Sent {
  readonly attempt: Attempt
  /** Null where the gateway answers in the provider's place. */
  readonly call: UpstreamCall | null
  readonly answer: UpstreamRequest['answer']
  /** Where the reply's bytes may pass as they are: what reads them on the side. */
  readonly observer: RelayObserver | null
}

/** A request as a target gets it. */
export interface Prepared {
  readonly upstream: UpstreamRequest
  readonly adjustment: Adjustment
}

/** How a target takes requests as they are; undefined where they must be written anew. */
export function relayOf ({ provider: { pair, adapters } }: Target): Relay | undefined {
  return adapters.length === 0 ? pair.relay : undefined
}

/** Where a request's form comes from: parsed, and its bytes. */
export type Original = Pick<Work, 'head'> & { readonly body: { readonly parsed: MessagesRequest, readonly raw: Buffer } }

/**
 * Writes a request for a target: in its own bytes where the wire is the client's and `relay` says how, else anew.
 * @throws {ApiError} when it cannot be carried, or not without a loss that the provider's configuration forbids
 */
export function prepare ({ body, head }: Original, target: Target, relay: Relay | undefined, traits: RequestTraits, systemPrompt: string | undefined, path = ''): Prepared {
  const { parsed } = body
  const adjustment = adjust(parsed, target, traits, systemPrompt)
  const request = adjustment.members === null ? parsed : { ...parsed, ...adjustment.members }
  const upstream = relay === undefined ? encode(request, target, head) : relay.request({ ...head, raw: bytesOf(body, adjustment), body: request, path }, target)
  upstream.dropped.push(...adjustment.dropped)
  checkLosses(upstream, target.provider)
  return { upstream, adjustment }
}

function encode (request: MessagesRequest, target: Target, head: Work['head']): UpstreamRequest {
  checkKnownValues(request)
  const upstream = target.provider.pair.encodeRequest(request, target, head)
  adaptRequest(upstream, target, request)
  return upstream
}

function bytesOf ({ parsed, raw }: Original['body'], { members }: Adjustment): Buffer {
  return members === null ? raw : spliceRequest(raw, parsed, members, () => undefined)
}

/**
 * Sends a request to a target.
 * @param mayRelay whether the reply's bytes may pass: not where the client has the head of a message already
 * @param answers is called with the first content
 * @throws {ApiError} when it cannot be carried there
 */
export function send (work: Work, target: Target, mayRelay: boolean, answers: () => void): Sent {
  const { app, routed: { traits, config }, exchange, account, body, interruption } = work
  const relay = mayRelay ? relayOf(target) : undefined
  const { upstream, adjustment } = prepare(work, target, relay, traits, config.systemPrompt)
  const attempt = exchange.begin(target, upstream.dropped, adjustment.told, answers)
  attempt.own = upstream.answer !== undefined
  account?.begin(attempt)
  const call = upstream.answer === undefined ? app.upstream.send(upstream, target) : null
  if (call !== null) interruption.begin(reason => call.abort(reason))
  body.fold()
  const observer = relay === undefined ? null : new RelayObserver({ memory: target.provider.memory, family: relay.family(target) }, data => relay.decodeEvent(data, target))
  return { attempt, call, answer: upstream.answer, observer }
}
