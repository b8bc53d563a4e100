import type { Target } from '../provider.ts'
import type { Router } from '../routing/router.ts'
import type { CustomRouter } from './custom-router.ts'
import type { TransformerCatalogue } from './transformers.ts'

/** The targets of a provider, by model. */
export type ProviderTargets = ReadonlyMap<string, Target>

/** A key that clients may send. */
export interface ClientKey {
  /** How rules and the log name it. */
  readonly name: string
  readonly secret: string
  /** The profile that its requests go by. */
  readonly profile: string | undefined
}

/** How failures are met; milliseconds. */
export interface FailoverSettings {
  /** How often one target is tried. */
  readonly tries: number
  readonly backoff: number
  readonly maxWait: number
  readonly breakAfter: number
  readonly coolDown: number
  readonly maxCoolDown: number
}

/** One configuration, resolved and immutable. A request reads it once; a reload makes a new one. */
export interface Config {
  readonly host: string
  readonly port: number
  /** Keys that clients may send; with none, only this machine is served. */
  readonly keys: readonly ClientKey[]
  readonly timeout: number
  readonly proxyUrl: string | undefined
  readonly logLevel: string
  /** Targets by the names of provider and model. */
  readonly providers: ReadonlyMap<string, ProviderTargets>
  readonly router: Router
  /** Routers by the name that a client, or its key, chooses them by. */
  readonly profiles: ReadonlyMap<string, Router>
  /** The user's own router, which is asked before the rules. */
  readonly custom: CustomRouter | undefined
  /** What takes the place of a system prompt up to `<env>`. */
  readonly systemPrompt: string | undefined
  readonly failover: FailoverSettings
  readonly stream: { readonly pingAfter: number, readonly contentAfter: number, readonly shutdownGrace: number }
  readonly media: { readonly maxBytes: number, readonly timeout: number, readonly allowHosts: readonly string[] }
  /** Where it came from, in words. */
  readonly source: string
  /** The transformers that it may name: built in, and from files of its own. */
  readonly catalogue: TransformerCatalogue
  /** Keys of the document that were accepted and do nothing. */
  readonly unused: readonly string[]
}
