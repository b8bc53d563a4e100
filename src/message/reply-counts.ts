import type { Usage } from '../wire/anthropic.ts'

/** Names come from the provider, so their length may not be its choice. */
const MAX_NAME = 200

/** What else the account needs to know of a reply, beside its usage: kept by whoever reads it. */
export class ReplyCounts {
  /** What the provider says that it charges, in US dollars; null where it says nothing. */
  billed: number | null = null
  /** Characters of the content that came: text, thinking and the arguments of calls. */
  written = 0
  #servedModel: string | null = null
  #prompt = 0
  /** Tokens of the whole answer; null as long as nobody has counted them. */
  #answer: number | null = null

  /** The model that the provider says it served; null where it says nothing. */
  get servedModel (): string | null { return this.#servedModel }
  /** Whether the provider has counted the prompt. None is without a token: zeros say that nobody counted. */
  get inputReported (): boolean { return this.#prompt > 0 }
  /** Whether the provider has counted the answer, when no more was to come of it. */
  get outputReported (): boolean { return this.#answer !== null && (this.#answer > 0 || this.written === 0) }

  /** The provider says which model it is. The first word counts. @param model whatever stands in that place */
  served (model: unknown): void {
    if (typeof model === 'string' && model !== '') this.#servedModel ??= model.slice(0, MAX_NAME)
  }

  /** The provider has counted. @param final false where more of the answer may come */
  reported ({ input_tokens: fresh = 0, cache_read_input_tokens: read = 0, cache_creation_input_tokens: created = 0, output_tokens: answer }: Partial<Usage>, final: boolean): void {
    this.#prompt = Math.max(this.#prompt, fresh + read + created)
    if (final && answer !== undefined) this.#answer = answer
  }
}
