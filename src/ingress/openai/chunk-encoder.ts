import type { ApiError } from '../../errors.ts'
import type { Ending } from '../../message/ending.ts'
import type { DeltaKind, MessageSink } from '../../message/sink.ts'
import type { ContentBlock, Usage } from '../../wire/anthropic.ts'
import type { JsonObject } from '../../wire/json.ts'
import { annotationOf } from './annotation.ts'
import { chatErrorEvent } from './error-body.ts'
import { finishReasonOf } from './finish-reason.ts'
import { chatUsage } from './usage.ts'

/** What every chunk of an answer says of it. */
export interface ChunkHead {
  readonly id: string
  /** The name that the client asked for. */
  readonly model: string
  /** Seconds since 1970. */
  readonly created: number
}

/** What ends a stream (https://platform.openai.com/docs/api-reference/chat-streaming). */
const DONE_EVENT = 'data: [DONE]\n\n'

/**
 * Prints a reply as chunks of a chat completion. What is printed gathers until {@link take}: deltas of one kind that leave together
 * are one chunk. Thinking goes as `reasoning_content`, as DeepSeek has it and most clients read it; signatures have no place there.
 */
export class ChunkEncoder implements MessageSink {
  readonly #head: string
  readonly #withUsage: boolean
  #out = ''
  #kind: DeltaKind | null = null
  #value = ''
  #calls = 0
  /** Whether a call is open that has no arguments yet. */
  #bare = false
  /** How much text there is, and where the open one begins. */
  #length = 0
  #begin = 0
  /** Whether the text that comes is a refusal. */
  #refuses = false

  /** @param withUsage whether the client asked for the counts, in a chunk of their own at the end */
  constructor ({ id, model, created }: ChunkHead, withUsage: boolean) {
    this.#head = `data: {"id":${JSON.stringify(id)},"object":"chat.completion.chunk","created":${created},"model":${JSON.stringify(model)},"choices":[`
    this.#withUsage = withUsage
  }

  /** What was printed since the last call; empty if nothing was. */
  take (): string {
    this.#flush()
    const out = this.#out
    this.#out = ''
    return out
  }

  start (): void {
    this.#chunk('{"role":"assistant","content":""}')
  }

  refuses (): void {
    if (this.#refuses) return
    this.#flush()
    this.#refuses = true
  }

  blockStart (_index: number, block: ContentBlock): void {
    if (block.type === 'text') this.#begin = this.#length
    if (block.type !== 'tool_use') return
    this.#flush()
    this.#bare = true
    this.#chunk(`{"tool_calls":[{"index":${this.#calls++},"id":${JSON.stringify(block.id)},"type":"function","function":{"name":${JSON.stringify(block.name)},"arguments":""}}]}`)
  }

  delta (_index: number, kind: DeltaKind, value: string): void {
    if (kind === 'signature' || value === '') return
    if (kind === 'text' && !this.#refuses) this.#length += value.length
    if (kind === 'input') this.#bare = false
    if (kind === this.#kind) {
      this.#value += value
      return
    }
    this.#flush()
    this.#kind = kind
    this.#value = value
  }

  citation (_index: number, citation: JsonObject): void {
    const annotation = annotationOf(citation, this.#begin, this.#length)
    if (annotation === undefined) return
    this.#flush()
    this.#chunk(`{"annotations":[${JSON.stringify(annotation)}]}`)
  }

  /** Clients parse the arguments of every call: of one that has none, too. */
  blockStop (index: number): void {
    if (this.#bare) this.delta(index, 'input', '{}')
    this.#flush()
  }

  end ({ reason, details, filtered }: Ending, usage: Usage): void {
    this.#flush()
    const words = filtered || this.#refuses ? null : details?.explanation ?? null
    const refused = this.#refuses || (words !== null && this.#length === 0)
    this.#chunk(words === null ? '{}' : `{"refusal":${JSON.stringify(words)}}`, finishReasonOf(reason, refused))
    if (this.#withUsage) this.#out += `${this.#head}],"usage":${JSON.stringify(chatUsage(usage))}}\n\n`
    this.#out += DONE_EVENT
  }

  error (error: ApiError): void {
    this.#flush()
    this.#out += chatErrorEvent(error)
  }

  #chunk (delta: string, finish: string | null = null): void {
    this.#out += `${this.#head}{"index":0,"delta":${delta},"logprobs":null,"finish_reason":${finish === null ? 'null' : `"${finish}"`}}]}\n\n`
  }

  #flush (): void {
    if (this.#kind === null) return
    const value = JSON.stringify(this.#value)
    if (this.#kind === 'text') this.#chunk(`{"${this.#refuses ? 'refusal' : 'content'}":${value}}`)
    else if (this.#kind === 'thinking') this.#chunk(`{"reasoning_content":${value}}`)
    else this.#chunk(`{"tool_calls":[{"index":${this.#calls - 1},"function":{"arguments":${value}}}]}`)
    this.#kind = null
    this.#value = ''
  }
}
