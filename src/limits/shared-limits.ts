import { MINUTE } from './minutes.ts'
import type { RedisLink } from './redis-link.ts'
import { ENTER, LEAVE, RENEW, countName } from './scripts.ts'
import type { Streams } from './streams.ts'

/** How long a place is held for a request whose process gives no sign. Milliseconds. */
export const LEASE = 45_000

/** A request that wants in, and what its key may use. */
export interface Claim {
  readonly key: string
  readonly id: string
  /** Tokens of its prompt, about. */
  readonly tokens: number
  readonly tokensPerMinute: number | undefined
  readonly concurrentStreams: number | undefined
}

/** Whether a request is let in: in which minute it was counted, or which limit is reached. */
export type Verdict =
  | { readonly over: null, readonly began: number }
  | { readonly over: 'tokens', readonly used: number, readonly left: number }
  | { readonly over: 'streams' }

/** The limits of a key over all replicas, in Redis: one script for each request that comes, and one when it goes. */
export class SharedLimits {
  readonly #link: RedisLink
  readonly #lease: number

  /** @param lease milliseconds after which a place is free whose request was not renewed */
  constructor (link: RedisLink, lease: number = LEASE) {
    this.#link = link
    this.#lease = lease
  }

  get up (): boolean { return this.#link.up }

  /** @returns undefined where Redis does not answer */
  async enter ({ key, id, tokens, tokensPerMinute, concurrentStreams }: Claim): Promise<Verdict | undefined> {
    const answer = await this.#link.ask(ENTER, namesOf(key), [MINUTE, tokensPerMinute ?? 0, tokens, concurrentStreams ?? 0, this.#lease, id])
    if (answer === undefined) return undefined
    const [over, first = 0, left = 0] = answer
    if (over === 0) return { over: null, began: first }
    return over === 1 ? { over: 'tokens', used: first, left } : { over: 'streams' }
  }

  /**
   * Tells Redis that a request is over; nobody waits for that. Where Redis does not hear it, the place is free when its
   * lease ends.
   * @param used tokens that it came to
   * @param began when the minute of its prompt began, by Redis's time; 0 where that was not counted there
   */
  leave ({ key, id, tokens, tokensPerMinute }: Claim, used: number, began: number): void {
    const change = tokensPerMinute === undefined ? 0 : used - (began === 0 ? 0 : tokens)
    this.#link.tell(LEAVE, namesOf(key), [MINUTE, began, change, id])
  }

  /** Renews the places of all that run here. */
  async renew (streams: Streams): Promise<void> {
    await Promise.all(Array.from(streams.entries(), ([key, ids]) => this.#link.ask(RENEW, [countName(key, 'streams')], [this.#lease, ...ids])))
  }
}

function namesOf (key: string): string[] {
  return [countName(key, 'tokens'), countName(key, 'streams')]
}
