import { MINUTE, Minutes } from './minutes.ts'
import type { RedisLink } from './redis-link.ts'
import { COUNT, countName } from './scripts.ts'

/** How often a key asked in its minute, and for how many ms that still runs. */
export interface Count { readonly current: number, readonly ttl: number }

/**
 * Where @fastify/rate-limit counts: in Redis for all replicas, where it answers; else in this process. That counts along
 * all the time, so that an outage gives nobody a new minute.
 */
export class RequestStore {
  readonly #link: RedisLink | null
  readonly #minutes: Minutes

  constructor (link: RedisLink | null, minutes: Minutes = new Minutes()) {
    this.#link = link
    this.#minutes = minutes
  }

  /** Counts a request of a key. */
  incr (key: string, done: (error: null, count: Count) => void): void {
    const minute = this.#minutes.add(key, 1)
    const alone = { current: minute.used, ttl: this.#minutes.left(minute) }
    if (this.#link === null || !this.#link.up) return done(null, alone)
    this.#link.ask(COUNT, [countName(key, 'requests')], [MINUTE]).then(answer => {
      const [current, ttl] = answer ?? []
      done(null, current === undefined || ttl === undefined ? alone : { current, ttl })
    }, () => done(null, alone))
  }

  /** All routes are counted together. */
  child (): this {
    return this
  }
}
