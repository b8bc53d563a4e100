import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Config } from '../../config/snapshot.ts'
import type { Exchange } from '../../http/exchange.ts'
import type { Running } from '../../http/running.ts'
import type { UpstreamCall } from '../../upstream/call.ts'
import type { MessagesRequest } from '../../wire/anthropic.ts'

/** What both kinds of reply need. */
export interface ReplyContext {
  readonly request: FastifyRequest
  readonly reply: FastifyReply
  readonly body: MessagesRequest
  readonly exchange: Exchange
  readonly call: UpstreamCall
  readonly config: Config
  readonly running: Running
}
