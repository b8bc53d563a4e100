import { ApiError } from '../../errors.ts'
import { spliceModel } from '../../message/splice.ts'
import type { Asked, Provider } from '../../provider.ts'
import type { UpstreamCall } from '../../upstream/call.ts'
import { readBytes } from '../../upstream/read-bytes.ts'
import type { RelayObserver } from '../../upstream/relay-observer.ts'
import { type JsonObject, isJsonObject, parseJson } from '../../wire/json.ts'
import type { Work } from './work.ts'

const MAX_DOCUMENT = 64 * 1024 * 1024

/**
 * The upstream's own message, under the model name that the client asked for.
 * @throws {ApiError} when it is not whole, no message, an empty one, or an error inside a 200
 */
export async function readDocument (call: UpstreamCall, observer: RelayObserver, asked: Asked, provider: Provider): Promise<Buffer> {
  const { bytes, whole } = await readBytes(call, MAX_DOCUMENT)
  if (!whole) throw new ApiError('api_error', `${provider.name} sent a reply that is too large.`, { status: 502 })
  const message = parse(bytes, provider.name)
  const { type, error = null, content, stop_reason: reason } = message
  if (type === 'error' || error !== null) throw observer.toError(message)
  if (type !== 'message' || !Array.isArray(content)) throw new ApiError('api_error', `${provider.name} sent a reply that is no message.`, { status: 502 })
  if (content.length === 0 && reason === null) throw new ApiError('api_error', `${provider.name} answered with an empty reply.`, { status: 502 })
  observer.message(message)
  return spliceModel(bytes, asked.model)
}

/** Past Fastify, as streams are: its way of setting headers and sending costs as much as the rest. */
export function sendDocument ({ reply, exchange }: Pick<Work, 'reply' | 'exchange'>, body: Buffer, headers: Record<string, string>): void {
  reply.hijack()
  if (!exchange.left) reply.raw.writeHead(200, { 'content-type': 'application/json', 'content-length': body.length, ...exchange.headers, ...headers }).end(body)
}

function parse (bytes: Buffer, provider: string): JsonObject {
  const value = parseJson(bytes.toString().replace(/^\uFEFF/, ''))
  if (isJsonObject(value)) return value
  throw new ApiError('api_error', `${provider} sent a reply that is not JSON.`, { status: 502 })
}
