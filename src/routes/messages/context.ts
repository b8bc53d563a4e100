import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Config } from '../../config/snapshot.ts'
import type { Exchange } from '../../http/exchange.ts'
import type { Running } from '../../http/running.ts'
import type { Asked, UpstreamRequest } from '../../provider.ts'
import type { UpstreamCall } from '../../upstream/call.ts'

/** What both kinds of reply need. */
export interface ReplyContext {
  readonly request: FastifyRequest
  readonly reply: FastifyReply
  readonly asked: Asked
  readonly exchange: Exchange
  /** Null where the gateway answers in the provider's place. */
  readonly call: UpstreamCall | null
  readonly answer: UpstreamRequest['answer']
  readonly config: Config
  readonly running: Running
}
