import type { Target } from '../provider.ts'
import type { TransformerCatalogue } from './transformers.ts'

/** The targets of a provider, by model. */
export type ProviderTargets = ReadonlyMap<string, Target>

/** One configuration, resolved and immutable. A request reads it once; a reload makes a new one. */
export interface Config {
  readonly host: string
  readonly port: number
  /** Keys that clients may send; with none, only this machine is served. */
  readonly keys: readonly string[]
  readonly timeout: number
  readonly proxyUrl: string | undefined
  readonly logLevel: string
  /** Targets by the names of provider and model. */
  readonly providers: ReadonlyMap<string, ProviderTargets>
  readonly router: { readonly default: Target }
  readonly stream: { readonly pingAfter: number, readonly contentAfter: number, readonly shutdownGrace: number }
  readonly media: { readonly maxBytes: number, readonly timeout: number, readonly allowHosts: readonly string[] }
  /** Where it came from, in words. */
  readonly source: string
  /** The transformers that it may name: built in, and from files of its own. */
  readonly catalogue: TransformerCatalogue
  /** Keys of the document that were accepted and do nothing. */
  readonly unused: readonly string[]
}
