import { ApiError } from '../../src/errors.ts'
import { legalToolId, newToolId } from '../../src/message/ids.ts'
import { billedOf, readUsage } from '../../src/message/usage.ts'
import type { MessageWriter } from '../../src/message/writer.ts'
import type { Asked, ReplyDecoder, Target } from '../../src/provider.ts'
import type { ContentBlock, StopDetails, StopReason } from '../../src/wire/anthropic.ts'
import { type JsonObject, isJsonObject, objectsOf, parseJson, textOf } from '../../src/wire/json.ts'
import { streamedError } from './decode-error.ts'
import { familyOf } from './foreign-thinking.ts'
import { SignedThinking } from './signed-thinking.ts'

/**
 * Reads the events of a Messages stream, or a plain message, where they cannot pass as they are: an adapter changes
 * them, or the form is not the one that was asked for.
 */
export class MessagesDecoder implements ReplyDecoder {
  readonly #writer: MessageWriter
  readonly #target: Target
  /** The open block, if it is of a kind that is told as a whole, and the arguments it has so far. */
  #block: JsonObject | null = null
  #input = ''
  #citations: JsonObject[] = []
  /** The text of the open thinking block. */
  #thought = ''
  readonly #signed: SignedThinking
  #index = 0
  finished = false

  constructor (writer: MessageWriter, target: Target, { conversation }: Pick<Asked, 'conversation'>) {
    this.#writer = writer
    this.#target = target
    this.#signed = new SignedThinking(target.provider.memory.of(conversation), familyOf(target))
  }

  push (chunk: unknown): void {
    if (!isJsonObject(chunk)) return
    switch (chunk['type']) {
      case 'message_start': return this.#begin(objectOf(chunk['message']))
      case 'content_block_start': return this.#start(objectOf(chunk['content_block']))
      case 'content_block_delta': return this.#delta(objectOf(chunk['delta']))
      case 'content_block_stop': return this.#stop()
      case 'message_delta': return this.#end(objectOf(chunk['delta']), chunk['usage'])
      case 'message': return this.#message(chunk)
      default: if (chunk['error'] !== undefined) this.#writer.fail(streamedError(chunk, this.#target.provider))
    }
  }

  end (): void {
    if (!this.finished && !this.#writer.started) this.#writer.fail(new ApiError('api_error', `${this.#target.provider.name} answered with an empty reply.`, { status: 502 }))
  }

  /** The prompt is counted, and the answer has begun. */
  #begin ({ model, usage }: JsonObject): void {
    this.#writer.counts.served(model)
    this.#writer.usage(readUsage(usage))
  }

  #message (message: JsonObject): void {
    this.#writer.counts.served(message['model'])
    for (const block of objectsOf(message['content'])) {
      this.#start(block)
      this.#stop()
    }
    this.#end(message, message['usage'])
  }

  #start (block: JsonObject): void {
    this.#stop()
    switch (block['type']) {
      case 'text':
        this.#citations = objectsOf(block['citations'])
        this.#text(textOf(block['text']))
        break
      case 'thinking':
        this.#thought = textOf(block['thinking'])
        this.#writer.thinking(this.#thought)
        this.#sign(textOf(block['signature']))
        break
      case 'tool_use':
        this.#toolUse(textOf(block['id']), textOf(block['name']), block['input'])
        break
      default: if (typeof block['type'] === 'string') this.#block = block
    }
  }

  #delta (delta: JsonObject): void {
    switch (delta['type']) {
      case 'text_delta': return this.#text(textOf(delta['text']))
      case 'thinking_delta':
        this.#thought += textOf(delta['thinking'])
        return this.#writer.thinking(textOf(delta['thinking']))
      case 'signature_delta': return this.#sign(textOf(delta['signature']))
      case 'input_json_delta':
        if (this.#block === null) this.#writer.toolInput(this.#index, textOf(delta['partial_json']))
        else this.#input += textOf(delta['partial_json'])
        return
      case 'citations_delta': if (isJsonObject(delta['citation'])) this.#citations.push(delta['citation'])
    }
  }

  #toolUse (id: string, name: string, input: unknown): void {
    if (name === '') return this.#writer.fail(new ApiError('api_error', 'The model called a tool without naming it.', { status: 502 }))
    const told = id === '' ? newToolId() : legalToolId(id)
    this.#writer.toolUse(++this.#index, told, name)
    this.#signed.called(told)
    if (isJsonObject(input) && Object.keys(input).length > 0) this.#writer.toolInput(this.#index, JSON.stringify(input))
  }

  /** Citations come before the text that they belong to, which opens the block. */
  #text (text: string): void {
    if (text === '') return
    this.#writer.text(text)
    this.#cite()
  }

  #cite (): void {
    for (const citation of this.#citations) this.#writer.citation(citation)
    this.#citations = []
  }

  #sign (signature: string): void {
    if (signature === '') return
    // Thinking whose text the model keeps to itself still has to go back.
    if (this.#thought === '') this.#writer.block({ type: 'thinking', thinking: '', signature })
    else this.#writer.signature(signature)
    this.#target.provider.memory.signed(signature, familyOf(this.#target))
    this.#signed.add({ type: 'thinking', thinking: this.#thought, signature })
  }

  /** A block of another kind (`redacted_thinking`, a server's tool and its result …) is told once it is whole. */
  #stop (): void {
    this.#cite()
    this.#writer.endProse()
    if (this.#block === null) return
    const block = this.#block
    if (this.#input !== '') block['input'] = parsed(this.#input)
    this.#block = null
    this.#input = ''
    if (block['type'] === 'redacted_thinking') {
      if (typeof block['data'] !== 'string') return
      this.#target.provider.memory.signed(block['data'], familyOf(this.#target))
      this.#signed.add(block)
    }
    this.#writer.block(block as unknown as ContentBlock)
  }

  #end (delta: JsonObject, usage: unknown): void {
    this.#stop()
    const reason = delta['stop_reason']
    this.#writer.usage(readUsage(usage), typeof reason === 'string')
    if (typeof reason !== 'string') return
    this.#writer.counts.billed = billedOf(objectOf(usage))
    this.finished = true
    const sequence = delta['stop_sequence']
    const details = delta['stop_details']
    this.#writer.finish(reason as StopReason, typeof sequence === 'string' ? sequence : null, isJsonObject(details) ? details as unknown as StopDetails : null)
  }
}

function objectOf (value: unknown): JsonObject {
  return isJsonObject(value) ? value : {}
}

function parsed (input: string): JsonObject | string {
  const value = parseJson(input)
  return isJsonObject(value) ? value : input
}
