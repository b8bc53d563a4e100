import type { MessageWriter } from '../message/writer.ts'
import type { ReplyDecoder } from '../provider.ts'
import { type JsonObject, isJsonObject } from '../wire/json.ts'
import { isUsageOnly, withoutError } from './chunk-kinds.ts'

/**
 * Prints the chunks of a chat-completions reply once more, as adapters left them, under the model name that the client asked for. All
 * that they hold stays, be it known here or not.
 */
export class ChunkPrinter {
  readonly #model: string
  readonly #hidesUsage: boolean
  #out = ''
  #document = ''
  #told = false

  /** @param hidesUsage whether the chunk that holds counts only is left out */
  constructor (model: string, hidesUsage: boolean) {
    this.#model = model
    this.#hidesUsage = hidesUsage
  }

  /** Whether the error that ended the reply was told in a way that clients see. */
  get told (): boolean { return this.#told }

  /** The last chunk: a plain reply has one. */
  get document (): string { return this.#document }

  /** What was printed since the last call; empty if nothing was. */
  take (): string {
    const out = this.#out
    this.#out = ''
    return out
  }

  /** A decoder that has each chunk printed which it reads, up to one that says that the reply failed. */
  before (decoder: ReplyDecoder, writer: MessageWriter): ReplyDecoder {
    return {
      get finished () { return decoder.finished },
      get began () { return decoder.began === true },
      push: chunk => {
        if (!isJsonObject(chunk) || writer.failure !== null) return decoder.push(chunk)
        // The decoder may change it.
        const printed = this.#print(chunk)
        const ended = decoder.finished
        decoder.push(chunk)
        if (writer.failure !== null) this.#fail(chunk, printed)
        else this.#add(chunk, printed, ended)
      },
      end () { decoder.end() }
    }
  }

  #print (chunk: JsonObject): string {
    return JSON.stringify(chunk['model'] === undefined ? chunk : { ...chunk, model: this.#model })
  }

  #fail (chunk: JsonObject, printed: string): void {
    this.#told = Boolean(chunk['error'])
    if (this.#told) this.#event(printed)
  }

  #add (chunk: JsonObject, printed: string, ended: boolean): void {
    this.#document = printed
    if (chunk['error']) {
      const rest = withoutError(chunk, ended, this.#hidesUsage)
      if (rest !== null) this.#event(this.#print(rest))
    } else if (!this.#hidesUsage || !isUsageOnly(chunk)) this.#event(printed)
  }

  #event (document: string): void {
    this.#out += `data: ${document}\n\n`
  }
}
