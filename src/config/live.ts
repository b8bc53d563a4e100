import type { Config } from './snapshot.ts'

/** Takes in another configuration, at once. */
export type ConfigListener = (now: Config, before: Config) => void

/** The configuration in force. A request reads it once, and goes by that to its end. */
export class LiveConfig {
  #current: Config
  readonly #listeners: ConfigListener[] = []

  readonly #failed: (error: unknown) => void

  /** @param failed is told of a listener that could not take a configuration in: the others do all the same */
  constructor (first: Config, failed: (error: unknown) => void) {
    this.#current = first
    this.#failed = failed
  }

  get current (): Config { return this.#current }

  /** Calls a function whenever another configuration has come into force. */
  onChange (listener: ConfigListener): void {
    this.#listeners.push(listener)
  }

  /** Puts another configuration in force: all of it in one moment, but for what was settled when the service started. */
  apply (next: Config): void {
    const before = this.#current
    const { host, port, usage } = before
    this.#current = Object.freeze({ ...next, host, port, usage })
    for (const listener of this.#listeners) {
      try {
        listener(this.#current, before)
      } catch (error) {
        this.#failed(error)
      }
    }
  }
}
