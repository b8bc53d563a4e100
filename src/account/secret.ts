import { type KeyObject, createHmac, createSecretKey, randomBytes } from 'node:crypto'

/** How secrets begin, so that people and scanners of repositories know what they found. */
const PREFIX = 'sk-sy-'
const SECRET_BYTES = 32
/** Characters of a secret that may be shown, for people to tell keys apart. */
const HINT = 4
/** Characters of a hash that say what it was made with. */
const MARK = 8

/** A secret that nobody can guess, for a new key. */
export function newSecret (): string {
  return PREFIX + randomBytes(SECRET_BYTES).toString('base64url')
}

/** What of a secret may be shown. */
export function hintOf (secret: string): string {
  return secret.slice(-HINT)
}

/** A key for {@link SecretHash}, where none is given. */
export function newHashKey (): string {
  return randomBytes(SECRET_BYTES).toString('hex')
}

/**
 * Hashes secrets with a key of its own: who reads the store without it can neither use a hash nor try secrets on it, and how
 * long a search for one takes tells nothing.
 */
export class SecretHash {
  readonly #key: KeyObject
  readonly #mark: string

  /** @param key any text; best as long as those of {@link newHashKey} */
  constructor (key: string) {
    this.#key = createSecretKey(Buffer.from(key))
    this.#mark = this.#hmac('switchyard').slice(0, MARK)
  }

  /** The hash of a secret, hexadecimal; it begins with a mark of what it was made with. */
  of (secret: string): string {
    return this.#mark + this.#hmac(secret)
  }

  /** Whether a hash was made with this key: no secret is found by one that was not. */
  made (hash: string): boolean {
    return hash.startsWith(this.#mark)
  }

  #hmac (text: string): string {
    return createHmac('sha256', this.#key).update(text).digest('hex')
  }
}
