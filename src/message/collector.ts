import { ApiError } from '../errors.ts'
import type { ContentBlock, Message, ToolUseBlock, Usage } from '../wire/anthropic.ts'
import { type JsonObject, isJsonObject } from '../wire/json.ts'
import type { Ending } from './ending.ts'
import type { DeltaKind, MessageSink } from './sink.ts'
import { parseToolInput } from './tool-input.ts'

/** Gathers a reply into one Message, for requests without `stream`. */
export class MessageCollector implements MessageSink {
  readonly #message: Message
  #input = ''
  #error: ApiError | null = null
  #filtered = false

  /** @param model the name that the client asked for */
  constructor (id: string, model: string) {
    this.#message = { id, type: 'message', role: 'assistant', model, content: [], stop_reason: null, stop_sequence: null, usage: { input_tokens: 0, output_tokens: 0, cache_creation_input_tokens: 0, cache_read_input_tokens: 0 } }
  }

  /**
   * The whole message.
   * @throws {ApiError} when the reply broke, or holds a call whose arguments are no JSON object
   */
  take (): Message {
    if (this.#error !== null) throw this.#error
    return this.#message
  }

  /** Whether a filter of the provider's stopped the answer. */
  get filtered (): boolean { return this.#filtered }

  start (): void {}

  blockStart (index: number, block: ContentBlock): void {
    this.#message.content[index] = block
    this.#input = ''
  }

  delta (index: number, kind: DeltaKind, value: string): void {
    const block = this.#message.content[index]
    if (kind === 'input') this.#input += value
    else if (kind === 'text' && block?.type === 'text') block.text += value
    else if (kind === 'thinking' && block?.type === 'thinking') block.thinking += value
    else if (kind === 'signature' && block?.type === 'thinking') block.signature = value
  }

  citation (index: number, citation: JsonObject): void {
    const block = this.#message.content[index]
    if (block?.type === 'text') (block.citations ??= []).push(citation)
  }

  blockStop (index: number): void {
    const block = this.#message.content[index]
    if (block?.type === 'tool_use' && this.#input !== '') block.input = parseToolInput(this.#input) ?? this.#input
  }

  end (ending: Ending, usage: Usage): void {
    this.#message.stop_reason = ending.reason
    this.#filtered = ending.filtered
    this.#message.stop_sequence = ending.sequence
    if (ending.details !== null) this.#message.stop_details = ending.details
    this.#message.usage = usage
    this.#checkCalls(ending)
  }

  error (error: ApiError): void {
    this.#error = error
  }

  /**
   * A call that the output limit cut in half is left out, as a client must not run it; any other that cannot be read
   * fails the reply, so that the client asks again.
   */
  #checkCalls (ending: Ending): void {
    const broken = this.#message.content.filter((block): block is ToolUseBlock => block.type === 'tool_use' && !isJsonObject(block.input))
    if (broken.length === 0) return
    if (ending.reason === 'max_tokens') this.#message.content = this.#message.content.filter(block => !broken.includes(block as ToolUseBlock))
    else this.#error = new ApiError('api_error', `The model called ${broken[0]?.name} with arguments that are not a JSON object.`, { status: 502 })
  }
}
