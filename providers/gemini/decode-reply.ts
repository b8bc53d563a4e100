import { ApiError } from '../../src/errors.ts'
import { IMAGE_NOTE } from '../../src/message/block-text.ts'
import { legalToolId, newToolId } from '../../src/message/ids.ts'
import type { MessageWriter } from '../../src/message/writer.ts'
import type { Asked, Provider, ReplyDecoder, Target } from '../../src/provider.ts'
import type { GeminiCandidate, GeminiChunk, GeminiReplyPart } from '../../src/wire/gemini.ts'
import { type JsonObject, isJsonObject, objectsOf, textOf } from '../../src/wire/json.ts'
import { geminiError } from './decode-error.ts'
import { UsageReader } from './decode-usage.ts'
import { Grounding } from './grounding.ts'
import { SignedBlocks } from './signed-blocks.ts'
import { type Finish, isFailure, refuse, tellStopReason } from './stop-reason.ts'
import { longNames, toolName } from './tool-name.ts'

/** Reads a reply, streamed or plain: chunks may lack candidates, content and parts; the stream ends without a mark. */
export class GeminiDecoder implements ReplyDecoder {
  readonly #writer: MessageWriter
  readonly #provider: Provider
  readonly #blocks: SignedBlocks
  /** Ids of calls that a new one may not have. */
  readonly #ids: ReadonlySet<string>
  readonly #own = new Set<string>()
  /** Tools whose names had to be shortened. */
  readonly #longNames: ReadonlyMap<string, string>
  readonly #usage = new UsageReader()
  /** Made when there is some: few replies hold any. */
  #grounding: Grounding | null = null
  #finish: Finish | null = null
  /** Why the prompt was refused. */
  #blocked: string | null = null

  constructor (writer: MessageWriter, { provider }: Target, { toolIds, toolNames, conversation }: Asked) {
    this.#writer = writer
    this.#provider = provider
    this.#blocks = new SignedBlocks(writer, provider.memory.of(conversation))
    this.#ids = toolIds ?? new Set()
    this.#longNames = longNames(toolNames?.values() ?? [])
  }

  get finished (): boolean { return this.#finish !== null || this.#blocked !== null }

  push (chunk: unknown): void {
    if (!isJsonObject(chunk)) return
    const { candidates, promptFeedback, usageMetadata, modelVersion, error } = chunk as GeminiChunk
    const candidate: GeminiCandidate | undefined = Array.isArray(candidates) && isJsonObject(candidates[0]) ? candidates[0] : undefined
    if (isJsonObject(promptFeedback) && promptFeedback['blockReason']) this.#blocked ??= blockedWords(promptFeedback)
    if (this.#writer.counts.servedModel === null) this.#writer.counts.served(modelVersion)
    // It counts in every chunk: before the end that is no more than a beginning.
    if (isJsonObject(usageMetadata)) this.#writer.usage(this.#usage.read(usageMetadata), this.finished || typeof candidate?.finishReason === 'string')
    if (candidate !== undefined) this.#candidate(candidate)
    if (error) this.#writer.fail(geminiError(error, this.#provider))
  }

  end (): void {
    const { name } = this.#provider
    const answered = this.#blocks.answered
    if (this.#finish === null && this.#blocked === null) {
      // A plain 200 without a candidate says nothing at all; what was cut in mid-stream is the writer's to tell.
      if (!this.#writer.started) this.#writer.fail(new ApiError('api_error', `${name} answered with an empty reply.`, { status: 502 }))
      return
    }
    if (this.#finish !== null && isFailure(this.#finish, answered)) return tellStopReason(this.#finish, answered, this.#writer, name)
    if (this.#grounding?.found === true) {
      this.#grounding.cite(this.#writer)
      this.#blocks.close()
      this.#grounding.tell(this.#writer)
    } else this.#blocks.finish()
    if (this.#finish === null) refuse(this.#writer, `${name} refused the prompt (${this.#blocked}).`)
    else tellStopReason(this.#finish, answered, this.#writer, name)
  }

  #candidate ({ content, finishReason, finishMessage, groundingMetadata }: GeminiCandidate): void {
    if (isJsonObject(content)) for (const part of objectsOf(content['parts'])) this.#part(part)
    if (isJsonObject(groundingMetadata)) (this.#grounding ??= new Grounding()).push(groundingMetadata)
    if (typeof finishReason === 'string') this.#finish ??= { reason: finishReason, words: textOf(finishMessage) }
  }

  #part (part: JsonObject & GeminiReplyPart): void {
    const { text, thought, functionCall: call, inlineData, executableCode: code, codeExecutionResult: result } = part
    const signature = textOf(part.thoughtSignature)
    if (isJsonObject(call)) this.#call(call, signature)
    else if (part.toolCall || part.toolResponse) this.#blocks.keep(part)
    else if (thought === true) this.#blocks.thought(textOf(text), signature)
    else if (inlineData) this.#blocks.text(IMAGE_NOTE, '')
    else if (isJsonObject(code)) this.#blocks.text(fenced(textOf(code['language']).toLowerCase(), textOf(code['code'])), '')
    else if (isJsonObject(result)) this.#blocks.text(fenced('', textOf(result['output'])), '')
    else this.#blocks.text(textOf(text), signature)
  }

  /** Older models give calls no ids. */
  #call (call: JsonObject, signature: string): void {
    const given = textOf(call['id'])
    const legal = legalToolId(given)
    const id = given === '' || this.#ids.has(legal) || this.#own.has(legal) ? newToolId() : legal
    this.#own.add(id)
    if (typeof call['name'] !== 'string' || call['name'] === '') {
      this.#writer.fail(new ApiError('api_error', 'The model called a tool without naming it.', { status: 502 }))
      return
    }
    this.#blocks.call(id, toolName(call['name'], this.#longNames), isJsonObject(call['args']) ? call['args'] : {}, signature)
  }
}

/** Code that Google ran, and what it printed. */
function fenced (language: string, text: string): string {
  return `\n\`\`\`${language}\n${text.replace(/\n$/, '')}\n\`\`\`\n`
}

function blockedWords ({ blockReason, blockReasonMessage: words }: JsonObject): string {
  return typeof words === 'string' && words !== '' ? `${String(blockReason)}: ${words}` : String(blockReason)
}
