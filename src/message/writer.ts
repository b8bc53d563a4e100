import { ApiError } from '../errors.ts'
import type { ContentBlock, StopDetails, StopReason, Usage } from '../wire/anthropic.ts'
import type { JsonObject } from '../wire/json.ts'
import { type Ending, isCutCall, reasonByCalls } from './ending.ts'
import { HeldBlocks, type ToolKey } from './held-blocks.ts'
import { ReplyCounts } from './reply-counts.ts'
import type { MessageSink } from './sink.ts'
import { parseToolInput } from './tool-input.ts'

/**
 * The only producer of Messages events. It alone numbers, opens and closes content blocks: decoders say what arrived, in whatever order, and it
 * makes that a legal message. Of tool calls that arrive interleaved the first one streams; what arrives beside it waits until its arguments are complete.
 */
export class MessageWriter {
  readonly usageCounts: Usage = { input_tokens: 0, output_tokens: 0, cache_creation_input_tokens: 0, cache_read_input_tokens: 0 }
  readonly counts = new ReplyCounts()
  readonly #sink: MessageSink
  readonly #maxCalls: number
  #index = -1
  #open: 'text' | 'thinking' | 'tool' | null = null
  #openTool: { key: ToolKey, input: string } | null = null
  readonly #held = new HeldBlocks()
  #signed = false
  #calls = 0
  #content = false
  #idle = false
  #ending: Ending | null = null
  #failure: ApiError | null = null
  /** Nothing is written after the end, or after a failure. */
  #over = false

  /** @param maxCalls how many tool calls the client takes; more are left out */
  constructor (sink: MessageSink, maxCalls = Infinity) {
    this.#sink = sink
    this.#maxCalls = maxCalls
  }

  /** Whether the provider gave the client something to see. */
  get started (): boolean { return this.#content || this.#calls > 0 }
  /** Why the reply broke, once it did. */
  get failure (): ApiError | null { return this.#failure }
  /** The stop reason, once the reply ended. */
  get stopReason (): StopReason | null { return this.#over && this.#failure === null ? this.#ending?.reason ?? null : null }

  /** A piece of the answer's text. Empty pieces open no block. @param refuses whether the model refuses in these words */
  text (delta: string, refuses = false): void {
    if (refuses) this.#sink.refuses?.()
    this.counts.written += delta.length
    this.#prose('text', delta)
  }

  /** A piece of the model's reasoning. */
  thinking (delta: string): void {
    this.counts.written += delta.length
    this.#prose('thinking', delta)
  }

  /** The signature of the thinking block that is open; the block ends with it. */
  signature (value: string): void {
    if (this.#over || this.#held.sign(value) || this.#open !== 'thinking' || this.#signed) return
    this.#signed = true
    this.#sink.delta(this.#index, 'signature', value)
  }

  /** The open text or thinking is complete: what follows of its kind is a block of its own. One that {@link keepAlive} opened is still to be filled. */
  endProse (): void {
    if (!this.#over && this.#open !== 'tool' && !this.#idle) this.#close()
  }

  /** A source of what the open text says; of no use where none is open. */
  citation (citation: JsonObject): void {
    if (!this.#over && this.#open === 'text') this.#sink.citation(this.#index, citation)
  }

  /** A tool call begins. `key` names it for {@link toolInput}; `id` and `name` are the client's to see. */
  toolUse (key: ToolKey, id: string, name: string): void {
    if (this.#over || this.#calls === this.#maxCalls) return
    this.#calls++
    if (this.#mustHold()) this.#held.tool(key, id, name)
    else this.#openToolBlock(key, id, name)
  }

  /** A piece of a call's arguments, as JSON text. */
  toolInput (key: ToolKey, partialJson: string): void {
    if (this.#over || partialJson === '') return
    this.counts.written += partialJson.length
    if (this.#openTool?.key === key) {
      this.#openTool.input += partialJson
      this.#sink.delta(this.#index, 'input', partialJson)
    } else this.#held.toolInput(key, partialJson)
  }

  /** A block that arrived whole: `redacted_thinking`, `server_tool_use`, `web_search_tool_result` … */
  block (complete: ContentBlock): void {
    if (this.#over) return
    this.#content = true
    if (this.#mustHold()) return this.#held.block(complete)
    this.#close()
    this.#start()
    this.#sink.blockStart(++this.#index, complete)
    this.#sink.blockStop(this.#index)
  }

  /**
   * Token counts as far as they are known; later ones replace earlier ones.
   * @param final whether the answer is whole, so that its count is that of all of it
   */
  usage (counts: Partial<Usage>, final = false): void {
    Object.assign(this.usageCounts, counts)
    this.counts.reported(counts, final)
  }

  /** The provider said why it stopped. The first word counts: some send another, or null, after it. @param filtered whether a filter refused, not the model */
  finish (reason: StopReason, sequence: string | null = null, details: StopDetails | null = null, filtered = false): void {
    this.#ending ??= { reason, sequence, details, filtered }
  }

  /** The reply broke. Terminal: whatever comes later is ignored. */
  fail (error: ApiError): void {
    if (this.#over) return
    this.#over = true
    this.#failure = error
    this.#sink.error(error)
  }

  /** No more will come. Without a {@link finish} the reply was cut, and is told as that. */
  end (): void {
    if (this.#over) return
    if (this.#ending === null) return this.fail(new ApiError('api_error', 'The provider ended the reply before it was complete.', { status: 502 }))
    this.#ending.reason = reasonByCalls(this.#ending.reason, this.#calls, isCutCall([this.#openTool, ...this.#held.calls()]))
    this.#release()
    this.#close()
    this.#start()
    this.#over = true
    this.#sink.end(this.#ending, this.usageCounts)
  }

  /** Shows life by an empty delta: Claude Code's watchdog counts content only. Where no block is open, one of the expected kind is opened. */
  keepAlive (expected: 'text' | 'thinking'): void {
    if (this.#over) return
    this.#idle ||= this.#open === null || this.#signed
    if (this.#open === null || this.#signed) this.#openProse(expected)
    if (this.#open !== null) this.#sink.delta(this.#index, this.#open === 'tool' ? 'input' : this.#open, '')
  }

  #prose (kind: 'text' | 'thinking', delta: string): void {
    if (delta === '' || this.#over) return
    this.#content = true
    if (this.#mustHold()) return this.#held.prose(kind, delta)
    if (this.#open !== kind || (kind === 'thinking' && this.#signed)) this.#openProse(kind)
    this.#idle = false
    this.#sink.delta(this.#index, kind, delta)
  }

  /** Whether a call is open whose arguments may still grow. */
  #mustHold (): boolean {
    return this.#open === 'tool' && (!this.#held.empty || parseToolInput(this.#openTool?.input ?? '') === undefined)
  }

  /** Writes out what was held back; no call can grow any more. */
  #release (): void {
    for (const item of this.#held.take()) {
      this.#close()
      if (item.type === 'block') this.block(item.block)
      else if (item.type === 'tool') this.#openToolBlock(item.key, item.id, item.name, item.input)
      else {
        this.#prose(item.type, item.value)
        if (item.signature !== '') this.signature(item.signature)
      }
    }
  }

  #openProse (kind: 'text' | 'thinking'): void {
    this.#close()
    this.#start()
    this.#open = kind
    this.#sink.blockStart(++this.#index, kind === 'text' ? { type: 'text', text: '' } : { type: 'thinking', thinking: '', signature: '' })
  }

  #openToolBlock (key: ToolKey, id: string, name: string, input = ''): void {
    this.#close()
    this.#start()
    this.#open = 'tool'
    this.#openTool = { key, input }
    this.#sink.blockStart(++this.#index, { type: 'tool_use', id, name, input: {} })
    if (input !== '') this.#sink.delta(this.#index, 'input', input)
  }

  #close (): void {
    if (this.#open === null) return
    this.#open = null
    this.#openTool = null
    this.#signed = false
    this.#sink.blockStop(this.#index)
  }

  #start (): void {
    if (this.#index === -1) this.#sink.start(this.usageCounts)
  }
}
