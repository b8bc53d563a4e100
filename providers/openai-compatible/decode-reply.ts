import { ApiError } from '../../src/errors.ts'
import { IMAGE_NOTE } from '../../src/message/block-text.ts'
import type { ConversationMemory } from '../../src/message/reasoning-memory.ts'
import { TextMark } from '../../src/message/text-mark.ts'
import { ThinkTagSplitter } from '../../src/message/think-tags.ts'
import { billedOf } from '../../src/message/usage.ts'
import type { MessageWriter } from '../../src/message/writer.ts'
import type { Asked, Provider, ReplyDecoder, Target } from '../../src/provider.ts'
import { type JsonObject, isJsonObject, objectsOf, textOf } from '../../src/wire/json.ts'
import type { ChatChoice, ChatChunk, ChatDelta } from '../../src/wire/openai-chat.ts'
import { Annotations } from './annotations.ts'
import { chatError, isTokenLimit } from './decode-error.ts'
import { decodeUsage } from './decode-usage.ts'
import type { ChatDialect } from './dialect.ts'
import { ReasoningReader } from './reasoning-reader.ts'
import { tellStopReason } from './stop-reason.ts'
import { ToolCallReader } from './tool-call-reader.ts'

/**
 * Reads a chat-completions reply, streamed or plain. Every field is taken as something that may be missing, null or of
 * another form: dozens of servers speak this wire, each a little differently.
 */
export class ChatDecoder implements ReplyDecoder {
  readonly #writer: MessageWriter
  readonly #provider: Provider
  readonly #asked: Asked
  readonly #memory: ConversationMemory
  readonly #reasoning: ReasoningReader
  readonly #calls: ToolCallReader
  /** Made when there are some: few replies hold any. */
  #annotations: Annotations | null = null
  /** Until the answer itself has begun, where thinking may stand in the content. */
  #tags: ThinkTagSplitter | null = null
  #refusal = ''
  readonly #words = new TextMark()
  #called = false
  #sounded = false
  #finish: ChatChoice | null = null

  constructor (writer: MessageWriter, dialect: ChatDialect, target: Target, asked: Asked) {
    const { provider } = target
    this.#writer = writer
    this.#provider = provider
    this.#asked = asked
    this.#memory = provider.memory.of(asked.conversation)
    this.#reasoning = new ReasoningReader(writer, dialect.family(target))
    this.#calls = new ToolCallReader(writer, asked, id => this.#reasoning.remember(this.#memory, id))
    const place = dialect.thinkTags?.(target, asked)
    if (place !== undefined) this.#tags = new ThinkTagSplitter(place, { thinking: delta => this.#reasoning.push({ reasoning: delta }), text: delta => this.#answer(delta) })
  }

  push (chunk: unknown): void {
    if (!isJsonObject(chunk)) return
    const { choices, usage, x_groq: groq, error, model } = chunk as ChatChunk
    if (this.#writer.counts.servedModel === null) this.#writer.counts.served(model)
    const choice = Array.isArray(choices) && isJsonObject(choices[0]) ? choices[0] as ChatChoice : undefined
    const counts = [usage, isJsonObject(groq) ? groq.usage : null, choice?.usage].find(isJsonObject)
    if (counts !== undefined && (counts['prompt_tokens'] !== undefined || counts['completion_tokens'] !== undefined)) this.#count(counts, this.finished || Boolean(choice?.finish_reason))
    if (choice !== undefined) this.#choice(choice)
    const failure = error || choice?.error || flatError(chunk)
    if (failure) this.#error(failure)
  }

  get finished (): boolean { return this.#finish !== null }

  get began (): boolean { return this.#sounded }

  end (): void {
    if (this.#finish === null) {
      this.#checkEmpty()
      return
    }
    this.#tags?.end()
    this.#reasoning.finish(this.#memory, this.#called ? null : this.#words)
    this.#annotations?.end()
    this.#calls.end()
    if (this.#refusal !== '') this.#writer.finish('refusal', null, { type: 'refusal', category: null, explanation: this.#refusal })
    else tellStopReason(this.#finish, this.#writer, this.#asked, this.#provider.name)
  }

  /** Some servers count in every chunk: what they say before the end is no more than a beginning. */
  #count (counts: JsonObject, final: boolean): void {
    this.#writer.usage(decodeUsage(counts), final)
    if (final) this.#writer.counts.billed = billedOf(counts)
  }

  #choice (choice: ChatChoice): void {
    const delta = choice.delta ?? choice.message
    if (isJsonObject(delta)) this.#delta(delta, delta === choice.message)
    // The first reason counts: OpenRouter repeats it with the usage, some servers send another or null after it.
    if (choice.finish_reason && this.#finish === null) this.#finish = choice
  }

  #delta (delta: ChatDelta, whole: boolean): void {
    this.#reasoning.push(delta, whole)
    const { content, refusal } = delta
    if (delta.annotations) (this.#annotations ??= new Annotations(this.#writer)).push(delta.annotations)
    if (typeof content === 'string') this.#text(content)
    else if (content) for (const part of objectsOf(content)) this.#part(part)
    if (typeof refusal === 'string' && refusal !== '') {
      this.#refuse(refusal)
    }
    if (delta.audio) this.#sounded = true
    if (delta.images) for (let i = objectsOf(delta.images).length; i > 0; i--) this.#text(IMAGE_NOTE)
    if (delta.tool_calls) this.#toolCalls(objectsOf(delta.tool_calls))
    else if (delta.function_call) this.#toolCalls([{ index: 0, function: delta.function_call as JsonObject }])
  }

  #text (text: string): void {
    if (text === '') return
    if (this.#tags === null) this.#answer(text)
    else this.#tagged(this.#tags, text)
  }

  /** A server that tells reasoning apart writes no tags, whatever the configuration says of it. */
  #tagged (tags: ThinkTagSplitter, text: string): void {
    if (!tags.begun && this.#reasoning.open) {
      this.#tags = null
      this.#answer(text)
      return
    }
    tags.push(text)
    if (tags.done) this.#tags = null
  }

  #refuse (words: string): void {
    this.#tags?.end()
    this.#reasoning.end()
    this.#refusal += words
    this.#words.push(words)
    this.#writer.text(words, true)
  }

  #answer (text: string): void {
    this.#reasoning.end()
    if (this.#words.empty) this.#annotations?.tell()
    this.#words.push(text)
    this.#writer.text(text)
    this.#annotations?.cite()
  }

  /** Mistral sends content as parts, thinking among them. */
  #part (part: JsonObject): void {
    this.#text(textOf(part['text']))
    for (const thought of objectsOf(part['thinking'])) this.#reasoning.pushPart(textOf(thought['text']))
  }

  #toolCalls (calls: JsonObject[]): void {
    if (calls.length > 0) {
      this.#tags?.end()
      this.#reasoning.end()
      this.#called = true
    }
    for (const call of calls) this.#calls.push(call)
  }

  /**
   * An error inside a 200 ends the reply. Only after the output limit was told as the reason does it add nothing:
   * some vendors send "Token limit reached" behind their `length`.
   */
  #error (error: unknown): void {
    if (isTokenLimit(error) && this.#writer.started) this.#finish ??= { finish_reason: 'length' }
    else if (this.#finish?.finish_reason !== 'length') this.#writer.fail(chatError(error, this.#provider))
  }

  /** A plain 200 without a choice says nothing at all; what was cut in mid-stream is the writer's to tell. */
  #checkEmpty (): void {
    if (!this.#writer.started) this.#writer.fail(new ApiError('api_error', `${this.#provider.name} answered with an empty reply.`, { status: 502 }))
  }
}

/** Older vLLM sends an error as the chunk itself: `{object: "error", message, type, code}`. */
function flatError (chunk: JsonObject): JsonObject | undefined {
  return chunk['object'] === 'error' ? chunk : undefined
}
