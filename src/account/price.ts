/** What a model costs. US dollars per million tokens, which is micro-dollars per token. */
export interface Price {
  readonly input: number
  readonly output: number
  readonly cacheRead?: number | undefined
  readonly cacheWrite?: number | undefined
  readonly cacheWrite1h?: number | undefined
  /** US dollars for each request. */
  readonly request?: number | undefined
}

/** A price and what it is for: globs. */
export interface PriceEntry extends Price {
  readonly provider?: string | undefined
  readonly model: string
  /** Only for prompts of more tokens than this, cached ones included. */
  readonly above?: number | undefined
}
