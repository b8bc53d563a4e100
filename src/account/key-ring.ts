import { hash } from 'node:crypto'
import type { Identity } from './identity.ts'
import type { SecretHash } from './secret.ts'

/** A key as requests need it: whose it is, and until when. */
export interface KnownKey {
  readonly hash: string
  readonly identity: Identity
  /** Milliseconds since 1970; null for never. */
  readonly expiresAt: number | null
  readonly revoked: boolean
  /** Of two states of a key, the one with the higher number is the later. */
  readonly revision: number
}

/** What is known of what a client sent as its key; undefined for nothing. */
export type Found = Identity | 'expired' | 'revoked' | undefined

/** A key of the configuration. */
interface ConfiguredKey { readonly identity: Identity, readonly secret: string }

/** All keys that clients may send, those of the configuration and those of the store, by the hash of their secret. */
export class KeyRing {
  readonly #hash: SecretHash
  #configured: ReadonlyMap<string, Identity> = new Map()
  readonly #stored = new Map<string, KnownKey>()
  /** Keyed hashes by a plain one, of keys that were sent before: a keyed hash costs a request five times as much. */
  readonly #sent = new Map<string, string>()
  #needed = false

  /** @param keys those of the configuration */
  constructor (secretHash: SecretHash, keys: readonly ConfiguredKey[]) {
    this.#hash = secretHash
    this.configure(keys)
  }

  /**
   * Whether there are keys, so that requests need one. It stays so until the service is started anew: neither a key that
   * expires, nor one that is revoked or taken out of the configuration, may open to everyone what was closed.
   */
  get needed (): boolean { return this.#needed }

  /** Takes in the keys of another configuration: those that are not in it are not served any more. */
  configure (keys: readonly ConfiguredKey[]): void {
    this.#configured = new Map(keys.map(({ identity, secret }) => [this.#hash.of(secret), identity]))
    this.#needed ||= keys.length > 0
  }

  /** Takes in keys that are new or have changed. They may come twice, and late: what is known to be later stays. */
  apply (changes: readonly KnownKey[]): void {
    for (const change of changes) {
      const known = this.#stored.get(change.hash)
      if (known !== undefined && known.revision >= change.revision) continue
      this.#stored.set(change.hash, change)
      this.#needed ||= !change.revoked
    }
  }

  /** The keys of the store that are served. @param now milliseconds since 1970 */
  stored (now = Date.now()): Identity[] {
    return [...this.#stored.values()].flatMap(({ identity, revoked, expiresAt }) => revoked || (expiresAt !== null && expiresAt <= now) ? [] : [identity])
  }

  /** Whose key a client sent, or why it is not served any more. @param now milliseconds since 1970 */
  find (credential: string, now = Date.now()): Found {
    const plain = hash('sha256', credential, 'base64')
    const keyed = this.#sent.get(plain) ?? this.#hash.of(credential)
    const configured = this.#configured.get(keyed)
    const key = this.#stored.get(keyed)
    if (configured === undefined && key === undefined) return undefined
    this.#sent.set(plain, keyed)
    if (configured !== undefined || key === undefined) return configured
    if (key.revoked) return 'revoked'
    return key.expiresAt !== null && key.expiresAt <= now ? 'expired' : key.identity
  }
}
