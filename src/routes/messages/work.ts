import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { clientHead } from '../../http/client-head.ts'
import { Exchange } from '../../http/exchange.ts'
import type { Asked, ClientHead } from '../../provider.ts'
import type { Routed } from '../../routed.ts'
import { Interruption } from '../../upstream/interruption.ts'
import type { Media } from '../../upstream/load-media.ts'
import type { MessagesRequest } from '../../wire/anthropic.ts'
import { askedOf } from './asked.ts'
import { RequestBody } from './request-body.ts'

/** All that belongs to the work on one model request, over all of its tries. */
export interface Work {
  readonly app: FastifyInstance
  readonly request: FastifyRequest
  readonly reply: FastifyReply
  readonly routed: Routed
  readonly exchange: Exchange
  readonly asked: Asked
  readonly head: ClientHead
  readonly body: RequestBody
  readonly interruption: Interruption
  /** Files that were loaded for it, by URL. */
  readonly media: Map<string, Media>
}

/** Takes a request's body in hand: from here on it is out of reach for everyone else. */
export function takeWork (app: FastifyInstance, request: FastifyRequest, reply: FastifyReply, routed: Routed): Work {
  const body = request.body as MessagesRequest
  const raw = request.rawBody ?? Buffer.from(JSON.stringify(body))
  request.body = undefined
  request.rawBody = null
  const exchange = request.exchange = new Exchange(routed.route, request.id, body.stream === true)
  return { app, request, reply, routed, exchange, asked: askedOf(body), head: clientHead(request), body: new RequestBody(body, raw), interruption: new Interruption(), media: new Map() }
}
