import { ApiError } from '../errors.ts'
import type { Target } from '../provider.ts'
import { type Place, QueueError } from './fair-queue.ts'
import type { Journey, Outcome } from './journey.ts'
import type { Lanes } from './lanes.ts'
import { type Closed, type Lane, settle } from './provider-lanes.ts'
import { type Verdict, isBusy, verdictOf } from './verdict.ts'

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

function stepAfter (verdict: Verdict): Step {
  return verdict === 'overflow' ? 'overflow' : verdict === 'final' ? 'end' : 'next'
}

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
  /** Who was really asked. */
  readonly #tried = new Set<Target>()
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
    const step = await this.#tryAll(this.#journey.targets)
    if (step === 'end') return
    // Who was asked already has said no, and would only be asked more often than it may be.
    const resting = this.#closed.filter(({ target, told }) => !told && !this.#tried.has(target)).map(({ target }) => target)
    if (step === 'overflow' || await this.#force(resting) === 'overflow') await this.#tryAll(this.#journey.overflow)
  }

  async #tryAll (targets: readonly Target[]): Promise<Step> {
    for (const [i, target] of targets.entries()) {
      const step = await this.#tryTarget(target, targets.slice(i + 1))
      if (step !== 'next') return step
    }
    return 'next'
  }

  /** Last resorts: each is tried once, whether its lane is open or not. */
  async #force (targets: readonly Target[]): Promise<Step> {
    for (const target of targets) {
      const failure = await this.#try(target, true)
      const step = failure instanceof ApiError ? stepAfter(verdictOf(failure)) : failure
      if (step !== 'next') return step
    }
    return 'next'
  }

  async #tryTarget (target: Target, later: readonly Target[]): Promise<Step> {
    let otherKeys = target.provider.apiKeys.length - 1
    for (let tries = 1; ;) {
      const failure = await this.#try(target)
      if (!(failure instanceof ApiError)) return failure
      const verdict = verdictOf(failure)
      // Another key has an account and limits of its own.
      if ((verdict === 'key' || (failure.status === 429 && !failure.refusesContent)) && otherKeys-- > 0) continue
      if (verdict !== 'again' || ++tries > this.#settings.tries || (isBusy(failure) && this.#isOpen(later))) return stepAfter(verdict)
      if (!await this.#pause(failure, tries)) return this.#journey.interruption.reason === null ? 'next' : 'end'
    }
  }

  /** Whether one of these would be tried now. */
  #isOpen (targets: readonly Target[]): boolean {
    return targets.some(target => this.#lanes.of(target.provider).closed(target) === null)
  }

  /**
   * One try.
   * @returns the error of one that failed, 'next' where the target was not asked, 'end' where nothing more can be tried
   */
  async #try (target: Target, force = false): Promise<ApiError | 'next' | 'end'> {
    const lanes = this.#lanes.of(target.provider)
    // Nobody waits for a target that rests.
    const closed = force ? null : lanes.closed(target)
    if (closed !== null) return this.#pass(closed)
    const { interruption, who } = this.#journey
    let place: Place | undefined
    try {
      place = lanes.queue.enter(who)
      if (place.ready !== undefined) await interruption.wait(place.ready, () => place?.leave())
      if (interruption.reason !== null) return this.#isOver(interruption.reason)
      // Only now: what was open before the wait may rest by now, and a probe that waits would hold up all others.
      const lane = force ? lanes.force(target) : lanes.enter(target)
      return 'breaker' in lane ? await this.#ask(target, lane) : this.#pass(lane)
    } catch (error) {
      return this.#notServed(target, error)
    } finally {
      place?.leave()
    }
  }

  async #ask (target: Target, lane: Lane): Promise<ApiError | 'next' | 'end'> {
    let outcome: Outcome
    try {
      // A probe that answers is well, however long the answer takes.
      outcome = await this.#journey.attempt(lane.target, () => { if (lane.breaker.state === 'half-open') lane.breaker.succeeded() })
    } catch (error) {
      lane.breaker.left()
      throw error
    }
    const { error, committed, refused = false, firstContent } = outcome
    const lanes = this.#lanes.of(target.provider)
    const { reason } = this.#journey.interruption
    if (firstContent !== null) lanes.latency.record(firstContent)
    if (reason !== null || refused) lane.breaker.left()
    else settle(lane, lanes, error)
    if (error === null) {
      this.#answered = true
      return 'end'
    }
    if (reason !== null) return this.#isOver(reason)
    if (refused) {
      this.#refusal = error
      return 'next'
    }
    this.#tried.add(target)
    this.#error = error
    return committed ? 'end' : error
  }

  /** Its turn did not come. */
  #notServed (target: Target, error: unknown): 'next' | 'end' {
    if (!(error instanceof QueueError)) throw error
    const { reason } = this.#journey.interruption
    if (reason !== null) return this.#isOver(reason)
    this.#journey.skip(target, error.reason === 'full' ? 'queue full' : 'queue timeout')
    this.#refusal = new ApiError('overloaded_error', `${target.provider.name} gets as many requests at once as its configuration allows. ${error.message}`, { retryAfter: 2 })
    return 'next'
  }

  /** The client left, or the service stops. */
  #isOver (reason: ApiError): 'end' {
    this.#error = reason
    return 'end'
  }

  #pass (closed: Closed): 'next' {
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
    const { type, status, message, retryable } = soonest.error ?? new ApiError('overloaded_error', `${soonest.target.name} rests for ${retryAfter} s.`)
    return new ApiError(type, message, { status, retryAfter, retryable })
  }
}
