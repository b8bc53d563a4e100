import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { totalOf as tokensIn } from '../../account/entry.ts'
import { tokensOf } from '../../account/tokens-of.ts'
import type { ApiError } from '../../errors.ts'
import { clientHead } from '../../http/client-head.ts'
import { Exchange } from '../../http/exchange.ts'
import type { Asked, ClientHead } from '../../provider.ts'
import type { Routed } from '../../routed.ts'
import { Interruption } from '../../upstream/interruption.ts'
import type { Media } from '../../upstream/load-media.ts'
import type { MessagesRequest } from '../../wire/anthropic.ts'
import type { Admission } from './admission.ts'
import { askedOf } from './asked.ts'
import type { ClientWire } from './client-wire.ts'
import { MESSAGES_WIRE } from './messages-wire.ts'
import { RequestAccount, type Total } from './request-account.ts'
import { RequestBody } from './request-body.ts'

/** All that belongs to the work on one model request, over all of its tries. */
export interface Work {
  readonly app: FastifyInstance
  readonly request: FastifyRequest
  readonly reply: FastifyReply
  /** How the client speaks. */
  readonly wire: ClientWire
  readonly routed: Routed
  readonly exchange: Exchange
  readonly asked: Asked
  readonly head: ClientHead
  readonly body: RequestBody
  readonly interruption: Interruption
  /** Where its tries are noted; null where they are not. */
  readonly account: RequestAccount | null
  /**
   * The last try is over: its place is free, and it is noted.
   * @returns a promise for the moment in which the client may know, if it is not now
   */
  finish (error: ApiError | null): Promise<void> | undefined
  /** Files that were loaded for it, by URL. */
  readonly media: Map<string, Media>
}

/** What a count of tokens has in the place of an account and an admission: it is no answer. */
const UNCOUNTED = { account: null, finish: () => undefined }

/** A request as it was understood. Nothing else may hold its objects: whoever waits for an answer keeps what it was given. */
export interface Understood {
  /** As the Messages API has it. */
  readonly body: RequestBody
  readonly wire: ClientWire
}

/** A request of the Messages API is what it is. */
export function asMessages (request: FastifyRequest): Understood {
  return { body: new RequestBody(request.body as MessagesRequest, rawOf(request), raw => JSON.parse(raw.toString()) as MessagesRequest), wire: MESSAGES_WIRE }
}

/** The bytes of a request, or what stands for them where it was changed on the way. */
export function rawOf ({ rawBody, body }: FastifyRequest): Buffer {
  return rawBody ?? Buffer.from(JSON.stringify(body))
}

/** Takes a request's body in hand: from here on it is out of reach for everyone else. */
export function takeWork (app: FastifyInstance, request: FastifyRequest, reply: FastifyReply, routed: Routed, admission: Admission | null, { body, wire }: Understood = asMessages(request)): Work {
  request.body = undefined
  request.rawBody = null
  const exchange = request.exchange = new Exchange(routed.route, request.id, body.parsed.stream === true, wire.idHeader)
  const counted = admission === null ? UNCOUNTED : count(app, request, routed, exchange, admission, wire)
  const asked = askedOf(body.parsed)
  return { app, request, reply, wire, routed, exchange, ...counted, asked, head: clientHead(request, asked.conversation), body, interruption: new Interruption(), media: new Map() }
}

function count (app: FastifyInstance, request: FastifyRequest, routed: Routed, exchange: Exchange, admission: Admission, wire: ClientWire): Pick<Work, 'account' | 'finish'> {
  const account = accountOf(app, request, routed, exchange, wire)
  exchange.budgetWarning = admission.warning
  return {
    account,
    finish (error) {
      const settled = account?.end(error)
      admission.leave(account?.total ?? totalOf(exchange))
      return settled
    }
  }
}

function accountOf ({ account, router, running, metrics }: FastifyInstance, { identity, headers }: FastifyRequest, routed: Routed, exchange: Exchange, { ingress }: ClientWire): RequestAccount | null {
  if (account === null) return null
  const { ledger, instance } = account
  return new RequestAccount({
    ledger,
    instance,
    identity,
    headers,
    routed,
    ingress,
    tokensFor: target => router.tokensFor(target, routed.traits),
    stopped: () => running.over,
    spent: (target, cost) => metrics.spent(target, cost)
  }, exchange)
}

/** What a request used by its providers' own counts, where there is no account. */
function totalOf ({ attempts }: Exchange): Total {
  const tokens = attempts.reduce((sum, { account }) => sum + (account === null ? 0 : tokensIn(tokensOf(account.usageCounts))), 0)
  return { cost: null, tokens, sent: attempts.length > 0 }
}
