/** What the main thread asks the database's thread; each is answered once, by its number. */
export type Ask =
  | { readonly id: number, readonly type: 'query', readonly sql: string, readonly parameters: readonly unknown[] }
  /** One statement for many rows. */
  | { readonly id: number, readonly type: 'many', readonly sql: string, readonly rows: readonly (readonly unknown[])[] }

export interface Outcome {
  readonly rows: unknown[]
  /** Rows that were written. */
  readonly changes: number
}

export type Answer =
  | { readonly id: number, readonly outcome: Outcome }
  | { readonly id: number, readonly error: { readonly message: string, readonly code: string | undefined } }

/** What a thread is started with. */
export interface ThreadOptions {
  readonly path: string
  readonly readOnly: boolean
}
