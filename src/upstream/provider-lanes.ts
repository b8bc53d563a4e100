import type { ApiError } from '../errors.ts'
import type { Provider, Target } from '../provider.ts'
import { Breaker, type BreakerSettings } from './breaker.ts'
import { FairQueue } from './fair-queue.ts'
import { KeyPool, keyCoolDown } from './key-pool.ts'
import { Latency } from './latency.ts'
import { isTrouble } from './verdict.ts'

/** Where clients may name models that nobody listed, there is no end of names. */
const MAX_BREAKERS = 10_000

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
  readonly #provider: Provider
  readonly #breakers = new Map<string, Breaker>()
  readonly #settings: BreakerSettings
  readonly #now: () => number

  /** @param before those of the same server before its entry in the configuration was changed */
  constructor (provider: Provider, settings: BreakerSettings, now: () => number, before?: ProviderLanes) {
    this.queue = before?.queue ?? new FairQueue(provider.concurrency)
    this.keys = new KeyPool(Math.max(1, provider.apiKeys.length), now)
    this.latency = before?.latency ?? new Latency(now)
    this.#provider = provider
    this.#settings = settings
    this.#now = now
    if (before !== undefined) this.#inherit(before)
  }

  breaker (model: string, key: number): Breaker {
    const name = laneName(key, model)
    let breaker = this.#breakers.get(name)
    if (breaker !== undefined) return breaker
    this.#breakers.set(name, breaker = new Breaker(this.#settings, this.#now))
    if (this.#breakers.size > MAX_BREAKERS) this.#breakers.delete(this.#breakers.keys().next().value as string)
    return breaker
  }

  /** Whether these may serve a provider whose entry was changed: it is the same server. */
  isOf ({ url }: Provider): boolean {
    return url.href === this.#provider.url.href
  }

  /** Who runs and waits is counted on; a key that was there before rests as before, and its breakers go with it. */
  #inherit (before: ProviderLanes): void {
    this.queue.reconfigure(this.#provider.concurrency)
    this.lastError = before.lastError
    const known = new Map(keysOf(before.#provider).map((key, i) => [key, i]))
    for (const [key, secret] of keysOf(this.#provider).entries()) {
      const place = known.get(secret)
      if (place === undefined) continue
      this.keys.coolDown(key, before.keys.cooling(place))
      for (const model of this.#provider.models) {
        const breaker = before.#breakers.get(laneName(place, model))
        if (breaker !== undefined) this.#breakers.set(laneName(key, model), breaker)
      }
    }
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

function laneName (key: number, model: string): string {
  return `${key} ${model}`
}

/** One that wants no key has a lane all the same. */
function keysOf ({ apiKeys }: Provider): readonly string[] {
  return apiKeys.length === 0 ? [''] : apiKeys
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
