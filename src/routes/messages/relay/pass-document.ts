import type { FastifyReply } from 'fastify'
import { ApiError } from '../../../errors.ts'
import type { Exchange } from '../../../http/exchange.ts'
import { spliceModel } from '../../../message/splice.ts'
import type { ReplyHead } from '../../../upstream/call.ts'
import { readBytes } from '../../../upstream/read-bytes.ts'
import { type JsonObject, isJsonObject, parseJson } from '../../../wire/json.ts'
import type { RelayContext } from './context.ts'

const MAX_DOCUMENT = 64 * 1024 * 1024

/**
 * Answers with the upstream's own message, under the model name that the client asked for.
 * @throws {ApiError} when it is not whole, no JSON, or an error inside a 200
 */
export async function passDocument (context: RelayContext, { headers }: ReplyHead): Promise<void> {
  const { call, reply, exchange, target, observer, asked } = context
  const { provider } = target
  const { bytes, whole } = await readBytes(call, MAX_DOCUMENT)
  if (!whole) throw new ApiError('api_error', `${provider.name} sent a reply that is too large.`, { status: 502 })
  const message = parse(bytes, provider.name)
  if (message['type'] === 'error') throw observer.toError(message)
  observer.message(message)
  exchange.sentContent()
  sendDocument(reply, exchange, spliceModel(bytes, asked.model), exchange.pass(headers))
}

/** Past Fastify, as streams are: its way of setting headers and sending costs as much as the rest. */
export function sendDocument (reply: FastifyReply, exchange: Exchange, body: Buffer, headers: Record<string, string>): void {
  reply.hijack()
  if (!exchange.left) reply.raw.writeHead(200, { 'content-type': 'application/json', 'content-length': body.length, ...exchange.headers, ...headers }).end(body)
}

function parse (bytes: Buffer, provider: string): JsonObject {
  const value = parseJson(bytes.toString().replace(/^\uFEFF/, ''))
  if (isJsonObject(value)) return value
  throw new ApiError('api_error', `${provider} sent a reply that is not JSON.`, { status: 502 })
}
