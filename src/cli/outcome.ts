/** What a command came to. */
export interface Outcome {
  /** 0 for good, 1 for a problem, 2 for a command that there is not. */
  readonly code: 0 | 1 | 2
  /** For standard output where it is good, else for standard error. */
  readonly text: string
}

/** An outcome of lines. */
export function outcome (code: Outcome['code'], lines: readonly string[]): Outcome {
  return { code, text: `${lines.join('\n')}\n` }
}
