/** What the main thread asks the database's thread; each is answered once, by its number. */
export type Ask =
  | { readonly id: number, readonly type: 'query', readonly sql: string, readonly parameters: readonly unknown[] }
  /**
   * A whole transaction in one message: each message costs more than a statement. The steps (`ManyRows[]`) are JSON, which is
   * copied as one text: a structured clone of so many small values takes several times as long.
   */
  | { readonly id: number, readonly type: 'batch', readonly steps: string }

export interface Outcome {
  readonly rows: unknown[]
  /** Rows that were written. */
  readonly changes: number
}

export type Answer =
  | { readonly id: number, readonly outcome: Outcome }
  | { readonly id: number, readonly error: { readonly message: string, readonly code: string | undefined } }

/** The code of {@link UnexpectedCount}. */
export const UNEXPECTED = 'UNEXPECTED_COUNT'

/** What a thread is started with. */
export interface ThreadOptions {
  readonly path: string
  readonly readOnly: boolean
  /** The code of an error that says that a step wrote another number of rows than was expected. */
  readonly unexpected: string
}
