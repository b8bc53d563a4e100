import type { Identity } from '../account/identity.ts'
import type { DefaultLimits } from '../config/snapshot.ts'
import { streamsExceeded, tokensExceeded } from './exceeded.ts'
import type { Minute } from './minutes.ts'
import type { Claim, SharedLimits, Verdict } from './shared-limits.ts'
import { Streams } from './streams.ts'
import { TokenMeter } from './token-meter.ts'

/** A request's leave to run. */
export interface Permit {
  /**
   * The request is over. To say so again does nothing.
   * @param tokens what it used, of every kind; 0 where nothing was sent
   */
  leave (tokens: number): void
}

/** For all whose key has no such limits. */
const NO_LIMITS: Permit = Object.freeze({ leave () {} })

export interface LimiterParts {
  /** The limits of keys that have none of their own. */
  defaults (): DefaultLimits
  /** Null for a gateway that is alone. */
  readonly shared: SharedLimits | null
  /** A clock that never goes back, in ms. */
  readonly now?: () => number
}

/**
 * How many tokens a minute, and requests at once, a key may use: over all replicas where Redis answers, else in this
 * process, which counts along all the time, so that an outage sets nothing back to naught.
 */
export class Limiter {
  /** How many requests were refused, by limit. */
  readonly refused = { requests: 0, tokens: 0, streams: 0 }
  readonly #defaults: () => DefaultLimits
  readonly #shared: SharedLimits | null
  readonly #meter: TokenMeter
  readonly #streams = new Streams()

  constructor ({ defaults, shared, now }: LimiterParts) {
    this.#defaults = defaults
    this.#shared = shared
    this.#meter = new TokenMeter(now)
  }

  /**
   * Lets a request in; its permit must be left when it is over.
   * @param requestId which no other request has
   * @param estimate tokens of its prompt
   * @returns a promise only where Redis is asked
   * @throws {ApiError} 429 (the promise may reject with it) where a limit is reached
   */
  enter (identity: Identity, requestId: string, estimate: number): Promise<Permit> | Permit {
    const defaults = this.#defaults()
    const { tokensPerMinute = defaults.tokensPerMinute, concurrentStreams = defaults.concurrentStreams } = identity.limits
    // Who needs no key has no limits: he is at his own machine.
    if ((tokensPerMinute === undefined && concurrentStreams === undefined) || identity.id === '') return NO_LIMITS
    const claim: Claim = { key: identity.id, id: requestId, tokens: Math.max(1, Math.ceil(estimate)), tokensPerMinute, concurrentStreams }
    return this.#shared?.up === true ? this.#enterShared(identity, claim, this.#shared) : this.#follow(identity, claim, this.#alone(claim))
  }

  /** Requests of keys with a limit of them that run in this process. */
  get running (): number {
    return this.#streams.size
  }

  /** Keeps the places of what runs here; to be called well within a lease. It never rejects. */
  async renew (): Promise<void> {
    await this.#shared?.renew(this.#streams)
  }

  async #enterShared (identity: Identity, claim: Claim, shared: SharedLimits): Promise<Permit> {
    return this.#follow(identity, claim, await shared.enter(claim) ?? this.#alone(claim))
  }

  #alone ({ key, tokens, tokensPerMinute, concurrentStreams }: Claim): Verdict {
    const against = tokensPerMinute === undefined ? null : this.#meter.against(key, tokensPerMinute, tokens)
    if (against !== null) return { over: 'tokens', ...against }
    if (concurrentStreams !== undefined && this.#streams.count(key) >= concurrentStreams) return { over: 'streams' }
    return { over: null, began: 0 }
  }

  #follow ({ name }: Identity, claim: Claim, verdict: Verdict): Permit {
    const { key, id, tokens, tokensPerMinute = 0, concurrentStreams } = claim
    if (verdict.over !== null) {
      this.refused[verdict.over]++
      throw verdict.over === 'tokens' ? tokensExceeded(name, { limit: tokensPerMinute, ...verdict }, tokens) : streamsExceeded(name, concurrentStreams ?? 0)
    }
    if (concurrentStreams !== undefined) this.#streams.add(key, id)
    const minute = claim.tokensPerMinute === undefined ? null : this.#meter.reserve(key, tokens)
    return new HeldPermit(used => this.#leave(claim, minute, used, verdict.began))
  }

  #leave (claim: Claim, minute: Minute | null, used: number, began: number): void {
    this.#streams.remove(claim.key, claim.id)
    if (minute !== null) this.#meter.correct(claim.key, minute, used - claim.tokens)
    this.#shared?.leave(claim, used, began)
  }
}

class HeldPermit implements Permit {
  #leave: ((tokens: number) => void) | null

  constructor (leave: (tokens: number) => void) {
    this.#leave = leave
  }

  leave (tokens: number): void {
    const leave = this.#leave
    this.#leave = null
    leave?.(Math.max(0, Math.ceil(tokens)))
  }
}
