import type { Identity } from '../account/identity.ts'
import type { PriceTable } from '../account/price-table.ts'
import type { Target } from '../provider.ts'
import type { Router } from '../routing/router.ts'
import type { CustomRouter } from './custom-router.ts'
import type { TransformerCatalogue } from './transformers.ts'

/** The targets of a provider, by model. */
export type ProviderTargets = ReadonlyMap<string, Target>

/** A key of the configuration: who it is, and what is sent. */
export interface ClientKey {
  readonly identity: Identity
  readonly secret: string
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

/** What keys may use that have no limits of their own. */
export interface DefaultLimits {
  readonly requestsPerMinute: number
  readonly tokensPerMinute?: number | undefined
  readonly concurrentStreams?: number | undefined
  /** The part of a budget from which on answers carry a warning. */
  readonly budgetWarning: number
}

/** The account of what was used. */
export interface UsageSettings {
  readonly enabled: boolean
  /** The store: a PostgreSQL URL, or the path of an SQLite file. */
  readonly store: { readonly kind: 'postgres', readonly url: string } | { readonly kind: 'sqlite', readonly path: string }
  /** Where entries are kept that the store cannot take. */
  readonly spoolFolder: string
  /** Milliseconds that the end of an answer may wait until it is in the account. */
  readonly commitWait: number
  /** Days that single requests are kept; 0 for ever. */
  readonly keepDays: number
}

/** Files of the log. */
export interface LogFileSettings {
  readonly folder: string
  /** Bytes after which another file is begun. */
  readonly maxBytes: number
  /** How many files are kept, that which is being written included. */
  readonly keep: number
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
  /** Undefined where the log goes to standard output alone. */
  readonly logFiles: LogFileSettings | undefined
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
  /** Whether anything that begins as Anthropic's keys do is let in. */
  readonly acceptAnthropicKeys: boolean
  readonly limits: DefaultLimits
  readonly usage: UsageSettings
  /** What models cost: by the configuration, and behind that by what is shipped. */
  readonly prices: PriceTable
  /** Where it came from, in words. */
  readonly source: string
  /** The transformers that it may name: built in, and from files of its own. */
  readonly catalogue: TransformerCatalogue
  /** Keys of the document that were accepted and do nothing. */
  readonly unused: readonly string[]
}
