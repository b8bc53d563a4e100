import t from 'tap'
import { ApiError } from '../../src/errors.ts'
import { Limiter, type Permit } from '../../src/limits/limiter.ts'
import { MINUTE, Minutes } from '../../src/limits/minutes.ts'
import { type Count, RequestStore } from '../../src/limits/request-store.ts'
import { requestsExceeded, streamsExceeded, tokensExceeded } from '../../src/limits/exceeded.ts'
import { key } from './stage.ts'

class Clock {
  time = 1000
  readonly now = (): number => this.time
}

function alone (defaults: { tokensPerMinute?: number, concurrentStreams?: number } = {}, { now } = new Clock()): Limiter {
  return new Limiter({ defaults: () => ({ requestsPerMinute: 100, budgetWarning: 0.8, ...defaults }), shared: null, now })
}

let ids = 0
/** Enters where nobody else is asked: the permit, or the refusal. */
function enter (limiter: Limiter, who: ReturnType<typeof key>, tokens = 1): Permit | ApiError {
  try {
    const permit = limiter.enter(who, `request ${ids++}`, tokens)
    if (permit instanceof Promise) throw new Error('a promise without need')
    return permit
  } catch (error) {
    if (error instanceof ApiError) return error
    throw error
  }
}

function entered (t: { equal (found: unknown, wanted: unknown, message: string): unknown }, limiter: Limiter, who: ReturnType<typeof key>, tokens = 1): Permit {
  const permit = enter(limiter, who, tokens)
  t.equal(permit instanceof ApiError, false, 'is let in')
  return permit as Permit
}

t.test('a key without limits gets the one permit that all such keys get', async t => {
  const limiter = alone()
  t.equal(enter(limiter, key('ann'), 1e9), enter(limiter, key('bob'), 1e9))
  entered(t, limiter, key('ann')).leave(1e9)
  t.equal(limiter.running, 0)
})

t.test('without a key there is no limit, not even the default', async t => {
  const limiter = alone({ tokensPerMinute: 1, concurrentStreams: 1 })
  for (let i = 0; i < 5; i++) entered(t, limiter, key(''), 1000)
})

t.test('tokens a minute: the prompt counts at once, what it came to counts in its place', async t => {
  const clock = new Clock()
  const limiter = alone({ tokensPerMinute: 1000 }, clock)
  const first = entered(t, limiter, key('ann'), 600)
  t.match(enter(limiter, key('ann'), 500), { status: 429, message: /1000 tokens a minute; it has used 600, and this request has about 500/ })
  first.leave(100)
  const second = entered(t, limiter, key('ann'), 900)
  t.type(enter(limiter, key('ann'), 1), ApiError, 'exactly the limit is used')
  first.leave(0)
  t.type(enter(limiter, key('ann'), 1), ApiError, 'to leave twice gives nothing back')
  entered(t, limiter, key('bob'), 900)
  second.leave(5000)
  t.match(enter(limiter, key('ann'), 1), { message: /has used 5100/, headers: { 'anthropic-ratelimit-tokens-remaining': '0' } })
  clock.time += MINUTE - 1
  t.match(enter(limiter, key('ann'), 1), { retryAfter: 1 })
  clock.time += 1
  entered(t, limiter, key('ann'), 1000)
  t.equal(limiter.refused.tokens, 5)
})

t.test('tokens of an answer that outlasts its minute count in the one it ends in; nothing is given back to another minute', async t => {
  const clock = new Clock()
  const limiter = alone({ tokensPerMinute: 1000 }, clock)
  const long = entered(t, limiter, key('ann'), 100)
  const cheap = entered(t, limiter, key('ann'), 800)
  clock.time += 2 * MINUTE
  long.leave(700)
  t.match(enter(limiter, key('ann'), 401), { message: /has used 600/ }, '700 less the 100 of the first minute')
  cheap.leave(10)
  t.match(enter(limiter, key('ann'), 401), { message: /has used 600/ })
  entered(t, limiter, key('ann'), 400)
})

t.test('a prompt that is larger than the limit goes through, alone', async t => {
  const clock = new Clock()
  const limiter = alone({ tokensPerMinute: 1000 }, clock)
  entered(t, limiter, key('ann'), 5000)
  t.type(enter(limiter, key('ann'), 1), ApiError)
  clock.time += MINUTE
  entered(t, limiter, key('ann'), 1)
  t.type(enter(limiter, key('ann'), 5000), ApiError)
})

t.test('requests at once: a place is free when one is left, whatever it came to', async t => {
  const limiter = alone({ concurrentStreams: 2 })
  const first = entered(t, limiter, key('ann'))
  entered(t, limiter, key('ann'))
  const refusal = enter(limiter, key('ann'))
  t.match(refusal, { status: 429, type: 'rate_limit_error', retryable: true, message: /ann may have 2 requests run at once/ })
  t.ok((refusal as ApiError).retryAfter as number >= 1 && (refusal as ApiError).retryAfter as number <= 5)
  entered(t, limiter, key('bob'))
  first.leave(NaN)
  first.leave(0)
  entered(t, limiter, key('ann'))
  t.type(enter(limiter, key('ann')), ApiError, 'one place was left, once')
  t.equal(limiter.running, 3)
  t.same(limiter.refused, { requests: 0, tokens: 0, streams: 2 })
})

t.test('limits of a key stand above those of all; one that refuses takes nothing of the other', async t => {
  const limiter = alone({ tokensPerMinute: 1000, concurrentStreams: 1 })
  const wide = key('ann', { tokensPerMinute: 100, concurrentStreams: 2 })
  const first = entered(t, limiter, wide, 60)
  t.match(enter(limiter, wide, 60), { message: /^tokensPerMinute/ })
  const second = entered(t, limiter, wide, 10)
  t.match(enter(limiter, wide, 10), { message: /^concurrentStreams/ })
  first.leave(60)
  second.leave(10)
  entered(t, limiter, wide, 30)
  t.match(enter(limiter, wide, 1), { message: /^tokensPerMinute.*used 100/ })
})

t.test('requests: a minute begins with the first one, and ends', async t => {
  const clock = new Clock()
  const minutes = new Minutes(clock.now)
  const store = new RequestStore(null, minutes)
  const count = (who: string): Count => {
    let found: Count | undefined
    store.incr(who, (_error, count) => { found = count })
    return found as Count
  }
  t.same(count('ann'), { current: 1, ttl: MINUTE })
  clock.time += 20_000
  t.same(count('ann'), { current: 2, ttl: 40_000 })
  t.same(count('bob'), { current: 1, ttl: MINUTE })
  clock.time += 39_999
  t.same(count('ann'), { current: 3, ttl: 1 })
  clock.time += 1
  t.same(count('ann'), { current: 1, ttl: MINUTE })
  t.equal(minutes.size, 2)
  t.equal(store.child(), store, 'all routes count together')
  for (let i = 0; i < 1000; i++) count(`key ${i}`)
  clock.time += MINUTE
  count('last')
  t.equal(minutes.size, 1, 'minutes that are over are forgotten')
})

t.test('refusals say what, how much and until when', async t => {
  const now = Date.UTC(2026, 0, 31, 23, 59, 30, 250)
  const error = requestsExceeded('ann', { limit: 100, used: 100, left: 29_100 }, now)
  t.match(error, { type: 'rate_limit_error', status: 429, retryable: true, retryAfter: 30 })
  t.equal(error.message, 'requestsPerMinute: the key ann may send 100 requests a minute, and has. It resets in 30 s, at 2026-02-01T00:00:00Z.')
  t.same(error.headers, { 'anthropic-ratelimit-requests-limit': '100', 'anthropic-ratelimit-requests-remaining': '0', 'anthropic-ratelimit-requests-reset': '2026-02-01T00:00:00Z' })
  t.same(tokensExceeded('ann', { limit: 1000, used: 900, left: 0 }, 200, now).headers, { 'anthropic-ratelimit-tokens-limit': '1000', 'anthropic-ratelimit-tokens-remaining': '100', 'anthropic-ratelimit-tokens-reset': '2026-01-31T23:59:31Z' })
  for (const [left, seconds] of [[-5, 1], [0, 1], [1, 1], [1001, 2], [MINUTE, 60], [MINUTE + 5, 60]] as const) t.equal(requestsExceeded('ann', { limit: 1, used: 1, left }).retryAfter, seconds, `${left} ms`)
  t.equal(streamsExceeded('ann', 3).headers, undefined)
  const passed = error.as({ status: 429, headers: {}, body: '{}' })
  t.same(passed.headers, error.headers, 'they are kept beside the provider\'s own words')
})
