/** When a breaker opens, and for how long. */
export interface BreakerSettings {
  /** Consecutive failures that open it. */
  readonly failures: number
  /** How long it stays open at first, in ms; doubles with each probe that fails. */
  readonly coolDown: number
  /** The longest that it stays open before the next probe, in ms. */
  readonly maxCoolDown: number
  /** A `Retry-After` longer than this (ms) opens it at once, for as long as the provider says, at most `maxCoolDown`. */
  readonly patience: number
}

/** closed: requests go. open: none goes. half-open: one goes, to see whether the provider is well again. */
export type BreakerState = 'closed' | 'open' | 'half-open'

/**
 * Keeps requests from a provider's model that fails, so that they go to the next target without a wait
 * (https://martinfowler.com/bliki/CircuitBreaker.html). One for each provider, model and key.
 *
 * Whoever was let in says how it ended, once: `succeeded`, `failed` or `left`. Results carry no name, so those of requests
 * sent before it opened may come at any time after. What they can do wrong is little: let a second probe go, or end
 * a probe's wait early. The next result puts that right.
 */
export class Breaker {
  readonly #settings: BreakerSettings
  readonly #now: () => number
  #failures = 0
  #failedAt: number | undefined
  /** When the next probe may go, by the clock; undefined while closed. */
  #until: number | undefined
  /** Whether `#until` is what the provider said, and not our guess. */
  #told = false
  /** How long it will stay open when it next opens by our own guess, in ms. */
  #coolDown: number
  /** When the probe went that has not come back. */
  #probeAt: number | undefined

  /** @param now a clock that never goes back, in ms */
  constructor (settings: BreakerSettings, now: () => number = () => performance.now()) {
    this.#settings = settings
    this.#now = now
    this.#coolDown = firstCoolDown(settings)
  }

  get state (): BreakerState {
    if (this.#until === undefined) return 'closed'
    return this.#now() < this.#until ? 'open' : 'half-open'
  }

  /** Failures since the last success. */
  get failures (): number { return this.#failures }

  /** How long ago the last failure was, in ms; undefined if there never was one. */
  get sinceFailure (): number | undefined {
    return this.#failedAt === undefined ? undefined : this.#now() - this.#failedAt
  }

  /** In how many ms a request may go, at the latest; 0 when one may go now. */
  get opensIn (): number {
    return this.#until === undefined ? 0 : Math.max(0, this.#until - this.#now(), this.#probeLeft())
  }

  /** Whether it is open because the provider itself said when to come again. */
  get told (): boolean { return this.#told && this.state === 'open' }

  /** Whether a request may go now. When half-open, the one that hears true is the probe. */
  enter (): boolean {
    if (this.#until === undefined) return true
    if (this.opensIn > 0) return false
    this.#probeAt = this.#now()
    return true
  }

  /**
   * The provider answered: closes it, also when the request was sent before it opened, since the provider is well enough
   * to answer now. Not while it is told: an answer that was on its way does not take back "come again in a minute".
   */
  succeeded (): void {
    this.#failures = 0
    if (this.#until === undefined || this.told) return
    this.#until = this.#probeAt = undefined
    this.#coolDown = firstCoolDown(this.#settings)
  }

  /**
   * The provider failed. When it is not closed and no probe is out, this is a request sent before it opened. That tells
   * nothing new, and requests that time out one after another must not keep it open, unless the provider says until when.
   *
   * @param retryAfter what the provider said, in ms
   */
  failed (retryAfter = 0): void {
    const now = this.#now()
    this.#failures++
    this.#failedAt = now
    const { failures, patience } = this.#settings
    if (this.#until === undefined) {
      if (retryAfter > patience || this.#failures >= failures) this.#open(now, retryAfter)
    } else if (this.#probeAt !== undefined) {
      this.#open(now, retryAfter)
    } else {
      const until = now + this.#capped(retryAfter)
      if (until > this.#until) {
        this.#until = until
        this.#told = true
      }
    }
  }

  /** The request came to nothing (its client left, or nothing was learned from it): if it was the probe, another may go. */
  left (): void {
    this.#probeAt = undefined
  }

  /** Only where the length is our guess does the next one double: a provider that names the time is not guessed about. */
  #open (now: number, retryAfter: number): void {
    const said = this.#capped(retryAfter)
    this.#told = retryAfter > this.#settings.patience || said > this.#coolDown
    this.#until = now + (this.#told ? said : this.#coolDown)
    if (!this.#told) this.#coolDown = this.#capped(this.#coolDown * 2)
    this.#probeAt = undefined
  }

  #capped (ms: number): number { return Math.min(ms, this.#settings.maxCoolDown) }

  /**
   * How long the probe that is out still keeps others from going, in ms. It does so for the longest cool-down: one that
   * never comes back must not shut the provider off for good.
   */
  #probeLeft (): number {
    return this.#probeAt === undefined ? 0 : this.#probeAt + this.#settings.maxCoolDown - this.#now()
  }
}

function firstCoolDown ({ coolDown, maxCoolDown }: BreakerSettings): number {
  return Math.min(coolDown, maxCoolDown)
}
