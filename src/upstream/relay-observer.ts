import type { ApiError } from '../errors.ts'
import { SseParser } from '../sse/parser.ts'
import type { ReasoningMemory } from '../message/reasoning-memory.ts'
import { readUsage } from '../message/usage.ts'
import type { StopReason, Usage } from '../wire/anthropic.ts'
import { type JsonObject, isJsonObject, parseJson, textOf } from '../wire/json.ts'

/** Where thinking that passes is remembered: by whom it was made. */
export interface Signatures { memory: ReasoningMemory, family: string }

/** The delta that shows life in an open block, by its type. */
const EMPTY_DELTA: Record<string, string> = {
  text: '{"type":"text_delta","text":""}',
  thinking: '{"type":"thinking_delta","thinking":""}',
  tool_use: '{"type":"input_json_delta","partial_json":""}'
}

/** Reads a passing Messages stream on the side: usage, the reason to stop, who signed what. Deltas are not parsed. */
export class RelayObserver {
  readonly usageCounts: Usage = { input_tokens: 0, output_tokens: 0, cache_creation_input_tokens: 0, cache_read_input_tokens: 0 }
  stopReason: StopReason | null = null
  /** Whether the message is whole. */
  finished = false
  /** Whether the client has, or is about to get, something of the answer. */
  hasContent = false
  error: ApiError | null = null
  readonly #parser = new SseParser((data, event) => this.#event(data, event))
  readonly #signatures: Signatures
  /** The error that the data of an `error` event stands for. */
  readonly toError: (data: unknown) => ApiError
  #open: { index: number, type: string } | null = null

  constructor (signatures: Signatures, toError: (data: unknown) => ApiError) {
    this.#signatures = signatures
    this.toError = toError
  }

  push (bytes: Buffer): void {
    this.#parser.push(bytes)
  }

  /** An event that shows life in the open block; undefined where none is open. */
  emptyDelta (): string | undefined {
    const delta = EMPTY_DELTA[this.#open?.type ?? '']
    return delta && `event: content_block_delta\ndata: {"type":"content_block_delta","index":${this.#open?.index},"delta":${delta}}\n\n`
  }

  /** Counts of a plain message, which is one document. */
  message (message: JsonObject): void {
    this.#count(message['usage'])
    this.stopReason = typeof message['stop_reason'] === 'string' ? message['stop_reason'] as StopReason : null
    if (Array.isArray(message['content'])) for (const block of message['content']) this.#remember(block)
  }

  #event (data: string, event: string): void {
    switch (event) {
      case 'message_start': {
        const { message } = parse(data)
        if (isJsonObject(message)) this.#count(message['usage'])
        break
      }
      case 'content_block_start': this.#start(parse(data)); break
      case 'content_block_delta':
        if (this.#open?.type === 'thinking' && data.includes('"signature_delta"')) this.#remember(parse(data)['delta'])
        break
      case 'content_block_stop': this.#open = null; break
      case 'message_delta': this.#end(parse(data)); break
      case 'message_stop': this.finished = true; break
      case 'error': this.error ??= this.toError(parse(data)); break
    }
  }

  #start ({ index, content_block: block }: JsonObject): void {
    this.hasContent = true
    if (typeof index !== 'number' || !isJsonObject(block)) return
    this.#open = { index, type: textOf(block['type']) }
    this.#remember(block)
  }

  #end ({ delta, usage }: JsonObject): void {
    this.hasContent = true
    this.#count(usage)
    if (isJsonObject(delta) && typeof delta['stop_reason'] === 'string') this.stopReason = delta['stop_reason'] as StopReason
  }

  #count (usage: unknown): void {
    Object.assign(this.usageCounts, readUsage(usage))
  }

  #remember (block: unknown): void {
    if (!isJsonObject(block)) return
    const { memory, family } = this.#signatures
    const signature = textOf(block['signature']) || (block['type'] === 'redacted_thinking' ? textOf(block['data']) : '')
    if (signature !== '') memory.signed(signature, family)
  }
}

function parse (data: string): JsonObject {
  const value = parseJson(data)
  return isJsonObject(value) ? value : {}
}
