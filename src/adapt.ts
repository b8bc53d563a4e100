import type { ChunkAdapter, ReplyDecoder, Target, UpstreamRequest } from './provider.ts'
import type { MessagesRequest } from './wire/anthropic.ts'
import { type JsonObject, isJsonObject } from './wire/json.ts'

/** Lets the target's adapters change what its pair made of a request, in the order of `use`; what they carry is not dropped. */
export function adaptRequest (upstream: UpstreamRequest, target: Target, original: MessagesRequest): void {
  for (const { carries } of target.provider.adapters) {
    if (carries !== undefined) upstream.dropped = upstream.dropped.filter(field => !carries.includes(field))
  }
  for (const adapter of target.provider.adapters) adapter.request?.(upstream.body as JsonObject, target, original)
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
    push (chunk) {
      if (isJsonObject(chunk)) for (const adapt of adapters) adapt(chunk)
      decoder.push(chunk)
    },
    end () { decoder.end() }
  }
}
