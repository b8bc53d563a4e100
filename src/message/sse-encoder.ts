import type { ApiError } from '../errors.ts'
import type { ContentBlock, ThinkingBlock, Usage } from '../wire/anthropic.ts'
import type { JsonObject } from '../wire/json.ts'
import type { Ending } from './ending.ts'
import type { DeltaKind, MessageSink } from './sink.ts'

/** `delta.type` and the field that carries the value. */
const DELTA: Record<DeltaKind, string> = {
  text: '{"type":"text_delta","text":',
  thinking: '{"type":"thinking_delta","thinking":',
  signature: '{"type":"signature_delta","signature":',
  input: '{"type":"input_json_delta","partial_json":'
}

const STOP_EVENT = 'event: message_stop\ndata: {"type":"message_stop"}\n\n'

/** A sign of life that every client skips. */
export const PING_EVENT = 'event: ping\ndata: {"type": "ping"}\n\n'

/** The text of a terminal `error` event (https://docs.claude.com/en/docs/build-with-claude/streaming#error-events). */
export function errorEvent (error: ApiError, requestId?: string): string {
  return `event: error\ndata: ${JSON.stringify(error.toBody(requestId))}\n\n`
}

/**
 * Prints a reply as Messages server-sent events. What is printed gathers until {@link take}: everything that one read
 * of the upstream produced leaves in one write, and deltas of one kind in one event, since they leave together anyway.
 */
export class SseEncoder implements MessageSink {
  readonly #id: string
  readonly #model: string
  readonly #requestId: string
  #out = ''
  #kind: DeltaKind | null = null
  #index = 0
  #value = ''

  /** @param model the name that the client asked for: it drops signed thinking of an answer under another name */
  constructor (id: string, model: string, requestId: string) {
    this.#id = id
    this.#model = model
    this.#requestId = requestId
  }

  /** What was printed since the last call; empty if nothing was. */
  take (): string {
    this.#flush()
    const out = this.#out
    this.#out = ''
    return out
  }

  start (usage: Usage): void {
    this.#event('message_start', `,"message":{"id":${JSON.stringify(this.#id)},"type":"message","role":"assistant","model":${JSON.stringify(this.#model)},"content":[],"stop_reason":null,"stop_sequence":null,"usage":${JSON.stringify(usage)}}`)
  }

  blockStart (index: number, block: ContentBlock): void {
    if (block.type === 'thinking' && block.signature !== '') return this.#wholeThinking(index, block)
    this.#event('content_block_start', `,"index":${index},"content_block":${JSON.stringify(block)}`)
  }

  delta (index: number, kind: DeltaKind, value: string): void {
    if (kind === this.#kind) {
      this.#value += value
      return
    }
    this.#flush()
    this.#kind = kind
    this.#index = index
    this.#value = value
  }

  citation (index: number, citation: JsonObject): void {
    this.#event('content_block_delta', `,"index":${index},"delta":{"type":"citations_delta","citation":${JSON.stringify(citation)}}`)
  }

  blockStop (index: number): void {
    this.#event('content_block_stop', `,"index":${index}`)
  }

  end (ending: Ending, usage: Usage): void {
    const delta = { stop_reason: ending.reason, stop_sequence: ending.sequence, ...(ending.details !== null && { stop_details: ending.details }) }
    this.#event('message_delta', `,"delta":${JSON.stringify(delta)},"usage":${JSON.stringify(usage)}`)
    this.#out += STOP_EVENT
  }

  error (error: ApiError): void {
    this.#flush()
    this.#out += errorEvent(error, this.#requestId)
  }

  /** Clients read thinking from its deltas. */
  #wholeThinking (index: number, { thinking, signature }: ThinkingBlock): void {
    this.blockStart(index, { type: 'thinking', thinking: '', signature: '' })
    if (thinking !== '') this.delta(index, 'thinking', thinking)
    this.delta(index, 'signature', signature)
  }

  #event (type: string, rest: string): void {
    this.#flush()
    this.#out += `event: ${type}\ndata: {"type":"${type}"${rest}}\n\n`
  }

  #flush (): void {
    if (this.#kind === null) return
    this.#out += `event: content_block_delta\ndata: {"type":"content_block_delta","index":${this.#index},"delta":${DELTA[this.#kind]}${JSON.stringify(this.#value)}}}\n\n`
    this.#kind = null
    this.#value = ''
  }
}
