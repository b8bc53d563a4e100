import type { Provider, Target } from '../provider.ts'

/** One configuration, resolved and immutable. A request reads it once; a reload makes a new one. */
export interface Config {
  readonly host: string
  readonly port: number
  /** Keys that clients may send; with none, only this machine is served. */
  readonly keys: readonly string[]
  readonly timeout: number
  readonly proxyUrl: string | undefined
  readonly logLevel: string
  readonly providers: ReadonlyMap<string, Provider>
  readonly router: { readonly default: Target }
  readonly stream: { readonly pingAfter: number, readonly contentAfter: number, readonly shutdownGrace: number }
  /** Where it came from, in words. */
  readonly source: string
  /** Keys of the document that were accepted and do nothing. */
  readonly unused: readonly string[]
}
