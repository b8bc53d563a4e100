import { ApiError } from '../../errors.ts'
import type { Provider } from '../../provider.ts'
import type { UpstreamCall } from '../../upstream/call.ts'
import type { Passage } from '../../upstream/passage.ts'
import { readBytes } from '../../upstream/read-bytes.ts'
import type { Work } from './work.ts'

const MAX_DOCUMENT = 64 * 1024 * 1024

/**
 * The upstream's own answer, under the model name that the client asked for.
 * @throws {ApiError} when it is not whole, no answer, an empty one, or an error inside a 200
 */
export async function readDocument (call: UpstreamCall, passage: Passage, provider: Provider): Promise<Buffer> {
  const { bytes, whole } = await readBytes(call, MAX_DOCUMENT)
  if (!whole) throw new ApiError('api_error', `${provider.name} sent a reply that is too large.`, { status: 502 })
  return passage.document(bytes)
}

/** Past Fastify, as streams are: its way of setting headers and sending costs as much as the rest. */
export function sendDocument ({ reply, exchange }: Pick<Work, 'reply' | 'exchange'>, body: Buffer, headers: Record<string, string>): void {
  reply.hijack()
  if (!exchange.left) reply.raw.writeHead(200, { 'content-type': 'application/json', 'content-length': body.length, ...exchange.headers, ...headers }).end(body)
}
