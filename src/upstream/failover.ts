import { ApiError } from '../errors.ts'
import type { Target } from '../provider.ts'
import { type Place, QueueError } from './fair-queue.ts'
import type { Journey, Outcome } from './journey.ts'
import { type Closed, type Lane, type Lanes, settle } from './lanes.ts'
import { isBusy, verdictOf } from './verdict.ts'

export interface FailoverSettings {
  /** How often one target is tried. */
  readonly tries: number
  /** Milliseconds before the same target is tried again, more or less. */
  readonly backoff: number
  /** Milliseconds; a provider that asks for a longer pause is not waited for. */
  readonly maxWait: number
}

/** What comes after a target: the `next` one, one for `overflow`, or the `end`. */
type Step = 'next' | 'overflow' | 'end'

/**
 * Tries targets until one answers, or the client has seen something of an answer (docs/routing.md, "Failures").
 *
 * A target that rests is passed over. If nothing answers, those that rest by our own guess are tried after all: a request is
 * not lost to what befell others before it. What a provider asked for itself is kept.
 */
export class Failover {
  readonly #journey: Journey
  readonly #lanes: Lanes
  readonly #settings: FailoverSettings
  readonly #closed: Closed[] = []
  #answered = false
  /** The error of the last real try. */
  #error: ApiError | null = null
  /** That of a try that was refused here. */
  #refusal: ApiError | null = null

  constructor (journey: Journey, lanes: Lanes, settings: FailoverSettings) {
    this.#journey = journey
    this.#lanes = lanes
    this.#settings = settings
  }

  /** @returns null where the client has its answer, else the most useful error */
  async run (): Promise<ApiError | null> {
    await this.#tryTargets()
    return this.#answered ? null : this.#error ?? this.#refusal ?? this.#restError()
  }

  async #tryTargets (): Promise<void> {
    const { targets, overflow } = this.#journey
    for (const [i, target] of targets.entries()) {
      const step = await this.#tryTarget(target, i === targets.length - 1)
      if (step === 'end') return
      if (step === 'overflow') return this.#tryAll(overflow)
    }
    await this.#tryAll(this.#closed.filter(({ told }) => !told).map(({ target }) => target), true)
  }

  /** The last targets that there are. */
  async #tryAll (targets: readonly Target[], force = false): Promise<void> {
    for (const target of targets) {
      const step = force ? await this.#tryOnce(target) : await this.#tryTarget(target, target === targets.at(-1))
      if (step === 'overflow' && force) return this.#tryAll(this.#journey.overflow)
      if (step !== 'next') return
    }
  }

  async #tryTarget (target: Target, isLast: boolean): Promise<Step> {
    let otherKeys = target.provider.apiKeys.length - 1
    for (let tries = 1; ;) {
      const lane = this.#lanes.of(target.provider).enter(target)
      if (!('breaker' in lane)) return this.#pass(lane)
      const failure = await this.#tryLane(lane)
      if (failure === null || failure === 'end') return 'end'
      if (failure === this.#refusal) return 'next'
      const verdict = verdictOf(failure)
      // Another key has an account and limits of its own.
      if ((verdict === 'key' || failure.status === 429) && otherKeys-- > 0) continue
      if (verdict === 'final') return 'end'
      if (verdict === 'overflow') return 'overflow'
      if (verdict !== 'again' || ++tries > this.#settings.tries || (isBusy(failure) && !isLast)) return 'next'
      if (!await this.#pause(failure, tries)) return this.#journey.interruption.reason === null ? 'next' : 'end'
    }
  }

  /** A last resort, whether its lane is open or not. */
  async #tryOnce (target: Target): Promise<Step> {
    const failure = await this.#tryLane(this.#lanes.of(target.provider).force(target))
    if (failure === null || failure === 'end') return 'end'
    const verdict = failure === this.#refusal ? 'next' : verdictOf(failure)
    return verdict === 'final' ? 'end' : verdict === 'overflow' ? 'overflow' : 'next'
  }

  /**
   * One try.
   * @returns null where the answer is whole, 'end' where nothing more can be tried
   */
  async #tryLane (lane: Lane): Promise<ApiError | 'end' | null> {
    const { attempt, interruption, who } = this.#journey
    const lanes = this.#lanes.of(lane.target.provider)
    let place: Place
    try {
      place = lanes.queue.enter(who)
      if (place.ready !== undefined) {
        interruption.begin(() => place.leave())
        await place.ready
      }
    } catch (error) {
      lane.breaker.left()
      return this.#notServed(lane.target, error)
    } finally {
      interruption.end()
    }
    try {
      // A probe that answers is well, however long the answer takes.
      return this.#settle(lane, await attempt(lane.target, () => { if (lane.breaker.state === 'half-open') lane.breaker.succeeded() }))
    } catch (error) {
      lane.breaker.left()
      throw error
    } finally {
      place.leave()
    }
  }

  #settle (lane: Lane, { error, committed, refused = false, firstContent }: Outcome): ApiError | 'end' | null {
    const lanes = this.#lanes.of(lane.target.provider)
    if (firstContent !== null) lanes.latency.record(firstContent)
    const over = this.#journey.interruption.reason !== null
    if (over || refused) lane.breaker.left()
    else settle(lane, lanes, error)
    if (error === null) {
      this.#answered = true
      return null
    }
    if (refused) this.#refusal = error
    else this.#error = error
    return over || committed ? 'end' : error
  }

  /** Its turn did not come. */
  #notServed (target: Target, error: unknown): ApiError | 'end' {
    const { reason } = this.#journey.interruption
    if (reason !== null) {
      this.#error = reason
      return 'end'
    }
    if (!(error instanceof QueueError)) throw error
    this.#journey.skip(target, error.reason === 'full' ? 'queue full' : 'queue timeout')
    this.#refusal = new ApiError('overloaded_error', `${target.provider.name} gets as many requests at once as its configuration allows. ${error.message}`, { retryAfter: 2 })
    return this.#refusal
  }

  #pass (closed: Closed): Step {
    this.#closed.push(closed)
    this.#journey.skip(closed.target, 'resting')
    return 'next'
  }

  /** @returns whether another try may follow */
  async #pause ({ retryAfter }: ApiError, tries: number): Promise<boolean> {
    const { backoff, maxWait } = this.#settings
    const { interruption } = this.#journey
    if (retryAfter !== undefined && retryAfter * 1000 > maxWait) return false
    // Jitter, so that requests that failed together do not come again together.
    await interruption.pause(retryAfter !== undefined ? retryAfter * 1000 : backoff * 2 ** (tries - 2) * (0.5 + Math.random()))
    return interruption.reason === null
  }

  /** Every target rests because its provider asked for it: what it said then still holds. */
  #restError (): ApiError {
    const soonest = this.#closed.reduce((first, closed) => closed.opensIn < first.opensIn ? closed : first)
    const retryAfter = Math.max(1, Math.ceil(soonest.opensIn / 1000))
    const { type, status, message } = soonest.error ?? new ApiError('overloaded_error', `${soonest.target.name} rests for ${retryAfter} s.`)
    return new ApiError(type, message, { status, retryAfter })
  }
}
