import type { ApiError } from '../errors.ts'
import type { Provider, Target } from '../provider.ts'
import { Breaker, type BreakerSettings } from './breaker.ts'
import { FairQueue } from './fair-queue.ts'
import { KeyPool, keyCoolDown } from './key-pool.ts'
import { Latency } from './latency.ts'
import { isTrouble } from './verdict.ts'

/** A way to a model: a target with one of its provider's keys. */
export interface Lane {
  readonly target: Target
  /** Which of the provider's keys. */
  readonly key: number
  readonly breaker: Breaker
}

/** No lane of a target is open. */
export interface Closed {
  readonly target: Target
  /** Milliseconds until one is. */
  readonly opensIn: number
  /** Whether the provider itself said so. */
  readonly told: boolean
  /** The failure that closed it. */
  readonly error: ApiError | undefined
}

/** The last failure of a provider. */
export interface LastError { readonly at: Date, readonly model: string, readonly status: number, readonly type: string, readonly message: string }

/** What is known of the ways to one provider: who waits, which keys rest, what failed. */
export class ProviderLanes {
  readonly queue: FairQueue
  readonly keys: KeyPool
  /** Milliseconds to the first content. */
  readonly latency: Latency
  lastError: LastError | null = null
  readonly #breakers = new Map<string, Breaker>()
  readonly #settings: BreakerSettings
  readonly #now: () => number

  constructor (provider: Provider, settings: BreakerSettings, now: () => number) {
    this.queue = new FairQueue(provider.concurrency)
    this.keys = new KeyPool(Math.max(1, provider.apiKeys.length), now)
    this.latency = new Latency(now)
    this.#settings = settings
    this.#now = now
  }

  breaker (model: string, key: number): Breaker {
    const name = `${key} ${model}`
    let breaker = this.#breakers.get(name)
    if (breaker === undefined) this.#breakers.set(name, breaker = new Breaker(this.#settings, this.#now))
    return breaker
  }

  /** Whether a request could go now: null then, else what keeps it. Nothing is entered. */
  closed (target: Target): Closed | null {
    const closed = this.#closed(target)
    return closed.opensIn === 0 ? null : closed
  }

  /** The lane whose turn it is. It is entered: whoever gets it settles it. */
  enter (target: Target): Lane | Closed {
    const { model } = target
    const key = this.keys.pick(key => this.breaker(model, key).opensIn === 0)
    if (key === undefined) return this.#closed(target)
    const breaker = this.breaker(model, key)
    return breaker.enter() ? { target: withKey(target, key), key, breaker } : this.#closed(target)
  }

  /** The lane that opens soonest, open or not: where nothing else is left to try. */
  force (target: Target): Lane {
    const key = this.#soonest(target)
    const breaker = this.breaker(target.model, key)
    breaker.enter()
    return { target: withKey(target, key), key, breaker }
  }

  #closed (target: Target): Closed {
    const key = this.#soonest(target)
    const breaker = this.breaker(target.model, key)
    return { target, opensIn: Math.max(breaker.opensIn, this.keys.cooling(key)), told: breaker.told, error: failures.get(breaker) }
  }

  #soonest ({ model, provider }: Target): number {
    const waits = Array.from({ length: Math.max(1, provider.apiKeys.length) }, (_, key) => Math.max(this.breaker(model, key).opensIn, this.keys.cooling(key)))
    return waits.indexOf(Math.min(...waits))
  }
}

/**
 * The last failure on each lane that was its provider's: whoever comes while it is closed is told the same. What was wrong
 * with a request is told to nobody else.
 */
const failures = new WeakMap<Breaker, ApiError>()

/** Says how a try on a lane ended. */
export function settle ({ breaker, key, target }: Lane, lanes: ProviderLanes, error: ApiError | null): void {
  if (error === null) return breaker.succeeded()
  const retryAfter = error.retryAfter === undefined ? undefined : error.retryAfter * 1000
  const rest = error.refusesContent ? undefined : keyCoolDown(error.status, retryAfter)
  if (rest !== undefined) lanes.keys.coolDown(key, rest)
  lanes.lastError = { at: new Date(), model: target.model, status: error.status, type: error.type, message: error.message }
  if (isTrouble(error)) {
    failures.set(breaker, error)
    breaker.failed(retryAfter)
  // A refused key says nothing of the model; any other refusal shows that the provider is there and answers.
  } else if (rest === undefined) breaker.succeeded()
  else breaker.left()
}

/** The lanes of all providers, by name. What is known of a provider outlives the configuration that named it first. */
export class Lanes {
  readonly #settings: BreakerSettings
  readonly #now: () => number
  readonly #providers = new Map<string, ProviderLanes>()

  constructor (settings: BreakerSettings, now: () => number = () => performance.now()) {
    this.#settings = settings
    this.#now = now
  }

  of (provider: Provider): ProviderLanes {
    let lanes = this.#providers.get(provider.name)
    if (lanes === undefined) this.#providers.set(provider.name, lanes = new ProviderLanes(provider, this.#settings, this.#now))
    return lanes
  }
}

const keyed = new WeakMap<Target, (Target | undefined)[]>()

/** A target whose provider has another of its keys; always the same object. */
function withKey (target: Target, key: number): Target {
  const { provider } = target
  const apiKey = provider.apiKeys[key]
  if (apiKey === provider.apiKey) return target
  let known = keyed.get(target)
  if (known === undefined) keyed.set(target, known = [])
  return (known[key] ??= Object.freeze({ ...target, capabilities: target.capabilities, provider: Object.freeze({ ...provider, apiKey }) }))
}
