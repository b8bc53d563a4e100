import type { ChunkAdapter, ReplyDecoder, Target, UpstreamRequest } from './provider.ts'
import type { MessagesRequest } from './wire/anthropic.ts'
import { type JsonObject, isJsonObject } from './wire/json.ts'

/** Lets the target's adapters change a request as its pair made it, or let it pass, in the order of `use`; what they carry is not dropped. */
export function adaptRequest (upstream: UpstreamRequest, target: Target, original: MessagesRequest): void {
  for (const { carries } of target.provider.adapters) {
    if (carries !== undefined) upstream.dropped = upstream.dropped.filter(field => !carries.includes(field))
  }
  const adapters = target.provider.adapters.filter(({ request }) => request !== undefined)
  if (adapters.length > 0 && Buffer.isBuffer(upstream.body)) upstream.body = JSON.parse(upstream.body.toString()) as JsonObject
  for (const adapter of adapters) adapter.request?.(upstream.body as JsonObject, target, original)
}

/** Whether the target's adapters change replies. */
export function adaptsReplies ({ provider }: Target): boolean {
  return provider.adapters.some(({ reply, chunk }) => reply !== undefined || chunk !== undefined)
}

/** A decoder that gets its chunks through the target's adapters, in the reverse order of `use`. */
export function adaptDecoder (decoder: ReplyDecoder, target: Target): ReplyDecoder {
  const adapters = target.provider.adapters.toReversed().flatMap((adapter): ChunkAdapter[] => [
    ...(adapter.reply === undefined ? [] : [adapter.reply(target)]),
    ...(adapter.chunk === undefined ? [] : [(chunk: JsonObject) => adapter.chunk?.(chunk, target)])
  ])
  if (adapters.length === 0) return decoder
  return {
    get finished () { return decoder.finished },
    get began () { return decoder.began === true },
    push (chunk) {
      if (isJsonObject(chunk)) for (const adapt of adapters) adapt(chunk)
      decoder.push(chunk)
    },
    end () { decoder.end() }
  }
}
