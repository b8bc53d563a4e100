/** A configuration that cannot be used: every problem by its path, with what would be right. */
export class ConfigError extends Error {
  override name = 'ConfigError'
  readonly problems: readonly string[]

  constructor (source: string, problems: readonly string[]) {
    super(`${source} cannot be used:\n${problems.map(problem => `  - ${problem}`).join('\n')}`)
    this.problems = problems
  }
}
