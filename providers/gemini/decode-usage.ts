import type { Usage } from '../../src/wire/anthropic.ts'
import { type JsonObject, countOf } from '../../src/wire/json.ts'

/** Reads counts that each chunk tells anew. One that a chunk leaves out stays what it was. */
export class UsageReader {
  #prompt = 0
  #tools = 0
  #cached = 0
  #answer = 0
  #thoughts = 0

  /** Token counts in Anthropic's terms: input is what did not come from a cache, output includes thoughts (https://ai.google.dev/api/generate-content#UsageMetadata). */
  read (usage: JsonObject): Partial<Usage> {
    this.#prompt = countOf(usage['promptTokenCount']) ?? this.#prompt
    this.#tools = countOf(usage['toolUsePromptTokenCount']) ?? this.#tools
    this.#cached = countOf(usage['cachedContentTokenCount']) ?? this.#cached
    this.#answer = countOf(usage['candidatesTokenCount']) ?? this.#answer
    this.#thoughts = countOf(usage['thoughtsTokenCount']) ?? this.#thoughts
    return {
      input_tokens: Math.max(0, this.#prompt + this.#tools - this.#cached),
      output_tokens: this.#answer + this.#thoughts,
      cache_read_input_tokens: this.#cached,
      ...(this.#thoughts > 0 && { output_tokens_details: { thinking_tokens: this.#thoughts } })
    }
  }
}
