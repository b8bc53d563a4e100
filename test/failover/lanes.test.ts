import { setImmediate } from 'node:timers/promises'
import t from 'tap'
import { ApiError, type ApiErrorOptions } from '../../src/errors.ts'
import type { Target } from '../../src/provider.ts'
import type { ErrorType } from '../../src/wire/anthropic.ts'
import type { Breaker } from '../../src/upstream/breaker.ts'
import { Failover, type FailoverSettings } from '../../src/upstream/failover.ts'
import { Interruption } from '../../src/upstream/interruption.ts'
import type { Outcome } from '../../src/upstream/journey.ts'
import { Lanes } from '../../src/upstream/lanes.ts'
import type { Closed, Lane } from '../../src/upstream/provider-lanes.ts'
import { networkError } from '../../src/upstream/network-error.ts'
import { isBusy, isTrouble, verdictOf } from '../../src/upstream/verdict.ts'
import { targetOf } from '../helper/pairs.ts'

/** What failover does with targets that rest, keys and queues: no sockets, and a clock that the tests turn. */

const fail = (status: number, type: ErrorType = 'api_error', options: ApiErrorOptions = {}): ApiError => new ApiError(type, `${status}`, { status, ...options })
const busy = (retryAfter?: number): ApiError => fail(429, 'rate_limit_error', { retryAfter })

/** What a try comes to: null is an answer; `committed` is an error behind content. */
type Ending = ApiError | null | { committed: ApiError } | { refused: ApiError } | Promise<ApiError | null>

interface World {
  lanes: Lanes
  wait: (ms: number) => void
  /** One request. Resolves to what it came to. */
  run: (targets: readonly Target[], play: (target: Target, n: number, answers: () => void) => Ending, options?: Partial<{ overflow: readonly Target[], who: string, interruption: Interruption, settings: Partial<FailoverSettings> }>) => Promise<Told>
}

interface Told {
  error: ApiError | null
  /** Who was tried, with which key where there are several, and who was passed over: `a`, `a/2`, `-b resting`. */
  story: string
}

function world (): World {
  let clock = 1000
  const lanes = new Lanes({ failures: 3, coolDown: 1000, maxCoolDown: 60_000, patience: 5000 }, () => clock)
  return {
    lanes,
    wait: ms => { clock += ms },
    async run (targets, play, { overflow = [], who = 'ann', interruption = new Interruption(), settings = {} } = {}) {
      const story: string[] = []
      const error = await new Failover({
        targets,
        overflow,
        who,
        interruption,
        async attempt (target, answers): Promise<Outcome> {
          const { name, apiKey, apiKeys } = target.provider
          const key = apiKeys.indexOf(apiKey ?? '')
          story.push(apiKeys.length > 1 ? `${name}/${key + 1}` : name)
          const ending = await play(target, story.length, answers)
          if (ending === null || ending instanceof ApiError) return { error: ending, committed: false, firstContent: ending === null ? 5 : null }
          return 'committed' in ending ? { error: ending.committed, committed: true, firstContent: 5 } : { error: ending.refused, committed: false, refused: true, firstContent: null }
        },
        skip: ({ provider: { name } }, why) => story.push(`-${name} ${why}`)
      }, lanes, { tries: 2, backoff: 0, maxWait: 5000, ...settings }).run()
      return { error, story: story.join(' ') }
    }
  }
}

/** A provider with one model. */
function target (name: string, { keys = 1, limit = Infinity, maxWaiting = 0, maxWait = 10_000 }: { keys?: number, limit?: number, maxWaiting?: number, maxWait?: number } = {}): Target {
  const apiKeys = Array.from({ length: keys }, (_, i) => `key-${i + 1}`)
  return targetOf('openai', { provider: name, model: 'm', rest: { apiKey: apiKeys[0], apiKeys, concurrency: { limit, maxWaiting, maxWait } } })
}

const broken = (): ApiError => fail(502)
const well = (): null => null

function breakerOf ({ lanes }: World, of: Target, key = 0): Breaker {
  return lanes.of(of.provider).breaker(of.model, key)
}

function isLane (way: Lane | Closed): way is Lane {
  return 'breaker' in way
}

const none: [running: number, waiting: number] = [0, 0]

function queueOf ({ lanes }: World, { provider }: Target): [running: number, waiting: number] {
  const { queue } = lanes.of(provider)
  return [queue.running, queue.waiting]
}

/** Timers that keep the process alive. */
function timers (): number {
  return process.getActiveResourcesInfo().filter(name => name === 'Timeout').length
}

t.test('every code of a failed connection asks for the same target again; a time-out that took all the time does not', async t => {
  const codes: Record<string, [status: number, verdict: string]> = {
    ECONNREFUSED: [502, 'again'],
    ENOTFOUND: [502, 'again'],
    EAI_AGAIN: [502, 'again'],
    ECONNRESET: [502, 'again'],
    EPIPE: [502, 'again'],
    UND_ERR_SOCKET: [502, 'again'],
    ERR_SSL_WRONG_VERSION_NUMBER: [502, 'again'],
    CERT_HAS_EXPIRED: [502, 'again'],
    UND_ERR_CONNECT_TIMEOUT: [504, 'again'],
    ETIMEDOUT: [504, 'again'],
    UND_ERR_HEADERS_TIMEOUT: [504, 'next'],
    UND_ERR_BODY_TIMEOUT: [504, 'next']
  }
  for (const [code, [status, verdict]] of Object.entries(codes)) {
    const error = networkError(Object.assign(new Error(code), { code }), 'a')
    t.equal(error.status, status, code)
    t.equal(verdictOf(error), verdict, code)
    t.equal(isTrouble(error), true)
  }
})

t.test('every status has its verdict', async t => {
  const verdicts: [status: number, verdict: string, trouble: boolean, busy: boolean][] = [
    [400, 'final', false, false], [401, 'key', false, false], [402, 'key', false, false], [403, 'key', false, false], [404, 'next', false, false],
    [408, 'again', true, false], [409, 'again', true, false], [413, 'final', false, false], [422, 'final', false, false], [429, 'again', true, true],
    [500, 'again', true, false], [502, 'again', true, false], [503, 'again', true, true], [504, 'again', true, false], [529, 'again', true, true]
  ]
  for (const [status, ...expected] of verdicts) t.strictSame([verdictOf(fail(status)), isTrouble(fail(status)), isBusy(fail(status))], expected, String(status))
  t.equal(verdictOf(fail(500, 'api_error', { retryable: false })), 'next', 'not to be repeated, and yet no fault of the request')
  t.equal(verdictOf(fail(400, 'invalid_request_error', { retryable: true })), 'again', 'the provider says so')
  t.equal(verdictOf(fail(403, 'permission_error', { refusesContent: true })), 'next', 'another key would not help')
})

t.test('a target is left alone once it has failed so often in a row, and a probe brings it back', async t => {
  const all = world()
  const [a, b] = [target('a'), target('b')]
  const sick = ({ provider }: Target): Ending => provider.name === 'a' ? broken() : null
  t.equal((await all.run([a, b], sick)).story, 'a a b')
  t.equal((await all.run([a, b], sick)).story, 'a -a resting b', 'the third failure closes it')
  t.equal((await all.run([a, b], sick)).story, '-a resting b')
  all.wait(999)
  t.equal((await all.run([a, b], sick)).story, '-a resting b')
  all.wait(1)
  t.equal(breakerOf(all, a).state, 'half-open')
  t.equal((await all.run([a, b], sick)).story, 'a -a resting b', 'one goes to see')
  all.wait(1999)
  t.equal((await all.run([a, b], well)).story, '-a resting b', 'it rests for twice as long')
  all.wait(1)
  t.equal((await all.run([a, b], well)).story, 'a')
  t.equal(breakerOf(all, a).state, 'closed')
  t.equal((await all.run([a, b], well)).story, 'a')
})

t.test('while a probe is under way, others pass; its first content is enough', async t => {
  const all = world()
  const [a, b] = [target('a'), target('b')]
  for (let i = 0; i < 2; i++) await all.run([a], broken)
  all.wait(4000)
  let end = (_error: null): void => {}
  let answer = (): void => {}
  const probe = all.run([a, b], (_target, _n, answers) => new Promise<null>(resolve => {
    answer = answers
    end = resolve
  }))
  t.equal((await all.run([a, b], well)).story, '-a resting b')
  answer()
  t.equal((await all.run([a, b], well)).story, 'a', 'long before its answer is whole')
  end(null)
  t.equal((await probe).error, null)
})

t.test('a probe whose client left lets another go', async t => {
  const all = world()
  const a = target('a')
  for (let i = 0; i < 2; i++) await all.run([a], broken)
  all.wait(4000)
  const interruption = new Interruption()
  const left = fail(499)
  t.equal((await all.run([a], () => { interruption.interrupt(left); return left }, { interruption })).story, 'a')
  t.equal(breakerOf(all, a).state, 'half-open')
  t.equal(breakerOf(all, a).opensIn, 0)
  t.equal((await all.run([a], well)).story, 'a')
})

t.test('a long retry-after closes a target at once, and what it said is kept', async t => {
  const all = world()
  const [a, b] = [target('a'), target('b')]
  const limited = ({ provider }: Target): Ending => provider.name === 'a' ? busy(30) : null
  t.equal((await all.run([a, b], limited)).story, 'a b')
  t.equal((await all.run([a, b], limited)).story, '-a resting b')
  all.wait(10_000)
  const { error, story } = await all.run([a], well)
  t.equal(story, '-a resting', 'it is not asked, though nothing else is left')
  t.match(error, { type: 'rate_limit_error', status: 429, message: '429', retryAfter: 20 })
  all.wait(20_000)
  t.equal((await all.run([a], well)).story, 'a')

  await all.run([a], () => busy(3600))
  t.match((await all.run([a], well)).error, { retryAfter: 60 }, 'a minute at most')
})

t.test('what was wrong with a request is told to nobody else, and whether to repeat is', async t => {
  const all = world()
  const a = target('a')
  let end = (_error: ApiError): void => {}
  const early = all.run([a], () => new Promise<ApiError>(resolve => { end = resolve }))
  await all.run([a], () => fail(429, 'rate_limit_error', { retryAfter: 30, retryable: false }))
  end(new ApiError('invalid_request_error', 'prompt is too long: 2 tokens > 1 maximum'))
  t.match(await early, { error: { status: 400 } })
  t.match(await all.run([a], well), { error: { type: 'rate_limit_error', status: 429, message: '429', retryAfter: 30, retryable: false }, story: '-a resting' })
})

t.test('of several that asked for a pause, the one that is over first is told', async t => {
  const all = world()
  const [a, b] = [target('a'), target('b')]
  await all.run([a, b], ({ provider }) => provider.name === 'a' ? busy(40) : fail(529, 'overloaded_error', { retryAfter: 20 }))
  const { error, story } = await all.run([a, b], well)
  t.equal(story, '-a resting -b resting')
  t.match(error, { status: 529, type: 'overloaded_error', retryAfter: 20 })
})

t.test('targets that rest by our own guess are tried when nothing else answers', async t => {
  const all = world()
  const [a, b] = [target('a'), target('b')]
  for (let i = 0; i < 2; i++) await all.run([a, b], broken)
  t.equal(breakerOf(all, a).state, 'open')
  t.equal(breakerOf(all, b).state, 'open')
  t.equal((await all.run([a, b], ({ provider }) => provider.name === 'b' ? null : broken())).story, '-a resting -b resting a b')
  t.equal((await all.run([b], well)).story, 'b', 'and it is well again, as it answered')

  const told = world()
  await told.run([a, b], ({ provider }) => provider.name === 'a' ? busy(30) : broken())
  await told.run([b], broken)
  t.equal((await told.run([a, b], well)).story, '-a resting -b resting b', 'but not the one that asked for a pause')
})

t.test('who was asked already is no last resort', async t => {
  const all = world()
  const [a, b] = [target('a'), target('b')]
  await all.run([a, b], broken)
  const { error, story } = await all.run([a, b], broken)
  t.equal(story, 'a -a resting b -b resting', 'the third failure closes each')
  t.equal(error?.status, 502)
  t.equal((await all.run([a, b], well)).story, '-a resting -b resting a', 'the next request asks them')
})

t.test('one that has too much to do is asked again where all behind it rest', async t => {
  const all = world()
  const [a, told, guessed] = [target('a'), target('told'), target('guessed')]
  await all.run([told], () => busy(30))
  for (let i = 0; i < 2; i++) await all.run([guessed], broken)
  const play = ({ provider }: Target, n: number): Ending => provider.name === 'a' && n > 1 ? null : fail(503, 'overloaded_error')
  t.strictSame(await all.run([a, told, guessed], play), { error: null, story: 'a a' })
  t.strictSame(await all.run([a, told, target('b')], ({ provider }) => provider.name === 'b' ? null : busy()), { error: null, story: 'a -told resting b' })
})

t.test('a last resort is tried once, and a fault of the request ends it', async t => {
  const all = world()
  const [a, b] = [target('a'), target('b')]
  for (let i = 0; i < 2; i++) await all.run([a, b], broken)
  const { story, error } = await all.run([a, b], ({ provider }) => provider.name === 'a' ? fail(400, 'invalid_request_error') : null)
  t.equal(story, '-a resting -b resting a')
  t.equal(error?.status, 400)
})

t.test('an overflow goes to the targets for it, from a last resort, too', async t => {
  const all = world()
  const [a, b, long] = [target('a'), target('b'), target('long')]
  const tooLong = (): ApiError => new ApiError('invalid_request_error', 'prompt is too long: 2 tokens > 1 maximum')
  const play = ({ provider }: Target): Ending => provider.name === 'long' ? null : tooLong()
  t.match(await all.run([a, b], play, { overflow: [long] }), { error: null, story: 'a long' })
  t.match(await all.run([a, b], play), { error: { status: 400 }, story: 'a' })
  for (let i = 0; i < 2; i++) await all.run([a], broken)
  t.match(await all.run([a], play, { overflow: [long] }), { error: null, story: '-a resting a long' })
})

t.test('answers that broke behind their first content are not followed by anything', async t => {
  const all = world()
  const { error, story } = await all.run([target('a'), target('b')], () => ({ committed: broken() }))
  t.equal(story, 'a')
  t.equal(error?.status, 502)
})

t.test('what cannot be carried to one target goes to the next, and says nothing of the provider', async t => {
  const all = world()
  const [a, b] = [target('a'), target('b')]
  const strict = { refused: fail(400, 'invalid_request_error') }
  for (let i = 0; i < 5; i++) t.equal((await all.run([a, b], ({ provider }) => provider.name === 'a' ? strict : null)).story, 'a b')
  t.equal(breakerOf(all, a).failures, 0)
  t.match((await all.run([a, b], () => strict)).error, { status: 400 })
  t.match((await all.run([a, b], ({ provider }) => provider.name === 'a' ? broken() : strict)).error, { status: 502 }, 'the error of a real try is worth more')
})

t.test('keys take turns', async t => {
  const all = world()
  const a = target('a', { keys: 3 })
  const stories = []
  for (let i = 0; i < 4; i++) stories.push((await all.run([a], well)).story)
  t.strictSame(stories, ['a/1', 'a/2', 'a/3', 'a/1'])
})

t.test('a refused key rests, and another one takes its place without using up a try', async t => {
  for (const status of [401, 402, 403, 429]) {
    const all = world()
    const a = target('a', { keys: 3 })
    const play = ({ provider }: Target, n: number): Ending => n < 3 ? fail(status) : n === 3 ? broken() : provider.apiKey === 'key-3' ? null : broken()
    t.equal((await all.run([a], play)).story, 'a/1 a/2 a/3 a/3', `${status}: two keys are refused, and the third is still tried twice`)
    t.equal((await all.run([a], well)).story, 'a/3')
    all.wait(status === 429 ? 30_000 : 300_000)
    t.equal((await all.run([a], well)).story, 'a/1', 'they come back')
  }
})

t.test('a key that is limited rests for as long as the provider says, at most a minute', async t => {
  const all = world()
  const a = target('a', { keys: 2 })
  const first = ({ provider }: Target): Ending => provider.apiKey === 'key-1' ? busy(50) : null
  t.equal((await all.run([a], first)).story, 'a/1 a/2')
  all.wait(49_999)
  t.equal((await all.run([a], well)).story, 'a/2')
  all.wait(1)
  t.equal((await all.run([a], well)).story, 'a/1')
})

t.test('a key has nothing to do with what was said', async t => {
  const all = world()
  const [a, b] = [target('a', { keys: 2 }), target('b')]
  const moderated = ({ provider }: Target): Ending => provider.name === 'a' ? fail(403, 'permission_error', { refusesContent: true }) : null
  t.equal((await all.run([a, b], moderated)).story, 'a/1 b')
  t.equal((await all.run([a, b], moderated)).story, 'a/2 b')
  t.equal((await all.run([a], well)).story, 'a/1', 'so none rests')
  t.match((await all.run([a], moderated)).error, { status: 403, retryable: false })
})

t.test('where all keys are refused, the next target follows; without one the provider says why', async t => {
  const all = world()
  const [a, b] = [target('a', { keys: 2 }), target('b')]
  const refused = ({ provider }: Target): Ending => provider.name === 'a' ? fail(401, 'authentication_error') : null
  t.equal((await all.run([a, b], refused)).story, 'a/1 a/2 b')
  t.equal((await all.run([a, b], refused)).story, '-a resting b')
  const { error, story } = await all.run([a], refused)
  t.equal(story, '-a resting a/1', 'an only target is asked all the same')
  t.match(error, { status: 401, type: 'authentication_error', message: '401' })
  t.equal(breakerOf(all, a).failures, 0, 'which says nothing of the model')
})

t.test('breakers are kept by model and by key', async t => {
  const all = world()
  const a = target('a', { keys: 2 })
  const other = { ...a, model: 'n', name: 'a,n' }
  for (let i = 0; i < 6; i++) await all.run([a], ({ provider }) => provider.apiKey === 'key-1' ? broken() : null)
  t.equal(breakerOf(all, a, 0).state, 'open')
  t.equal(breakerOf(all, a, 1).state, 'closed')
  t.equal(breakerOf(all, other, 0).state, 'closed')
  for (let i = 0; i < 3; i++) t.equal((await all.run([a], well)).story, 'a/2')
})

t.test('a full queue, and a turn that does not come, lead to the next target', async t => {
  const all = world()
  const [a, b] = [target('a', { limit: 1, maxWaiting: 1, maxWait: 1 }), target('b')]
  let end = (_error: null): void => {}
  const first = all.run([a], () => new Promise<null>(resolve => { end = resolve }))
  const second = all.run([a, b], well)
  // The timers of a queue do not keep a process alive.
  const alive = setInterval(() => {}, 1000)
  t.teardown(() => clearInterval(alive))
  t.equal((await all.run([a, b], well)).story, '-a queue full b')
  t.match((await all.run([a], well)).error, { status: 529, type: 'overloaded_error', retryAfter: 2, message: /^a gets as many requests at once/ })
  t.equal((await second).story, '-a queue timeout b')
  end(null)
  t.equal((await first).story, 'a')
  t.strictSame(queueOf(all, a), none)
  t.equal(breakerOf(all, a).failures, 0, 'that it has much to do is no failure')
})

t.test('a place is free again however a try ends', async t => {
  const all = world()
  const a = target('a', { limit: 1 })
  const bug = new TypeError('a bug')
  for (const ending of [null, broken(), { committed: broken() }, { refused: broken() }]) {
    await all.run([a], () => ending, { settings: { tries: 1 } })
    t.strictSame(queueOf(all, a), none)
  }
  await t.rejects(all.run([a], () => { throw bug }), bug)
  t.strictSame(queueOf(all, a), none)
})

t.test('a probe whose turn does not come lets another go', async t => {
  const all = world()
  const a = target('a', { limit: 1, maxWaiting: 0 })
  let end = (_error: null): void => {}
  const slow = all.run([a], () => new Promise<null>(resolve => { end = resolve }))
  for (let i = 0; i < 3; i++) breakerOf(all, a).failed()
  all.wait(1000)
  t.equal((await all.run([a, target('b')], well)).story, '-a queue full b')
  t.equal(breakerOf(all, a).opensIn, 0)
  end(null)
  await slow
  t.equal((await all.run([a], well)).story, 'a')
})

t.test('a probe that waits for its turn holds up nobody', async t => {
  const all = world()
  const a = target('a', { limit: 1, maxWaiting: 5 })
  let end = (_error: null): void => {}
  const slow = all.run([a], () => new Promise<null>(resolve => { end = resolve }))
  for (let i = 0; i < 3; i++) breakerOf(all, a).failed()
  all.wait(1000)
  const waiting = [all.run([a, target('b')], broken), all.run([a, target('c')], well)]
  await setImmediate()
  t.strictSame(queueOf(all, a), [1, 2])
  t.equal(breakerOf(all, a).opensIn, 0, 'none of them is the probe yet')
  breakerOf(all, a).left()
  end(null)
  await slow
  t.strictSame((await Promise.all(waiting)).map(({ story }) => story), ['a a b b', 'a'])
  t.strictSame(queueOf(all, a), none)
})

t.test('what closed a target while a request waited for its turn is known when its turn comes', async t => {
  const all = world()
  const [a, b] = [target('a', { limit: 1, maxWaiting: 5 }), target('b')]
  let end = (_error: ApiError): void => {}
  const first = all.run([a, b], ({ provider }) => provider.name === 'b' ? null : new Promise<ApiError>(resolve => { end = resolve }))
  const others = [1, 2, 3].map(i => all.run([a, b], well, { who: `session ${i}` }))
  await setImmediate()
  t.strictSame(queueOf(all, a), [1, 3])
  end(busy(30))
  t.equal((await first).story, 'a b')
  t.strictSame((await Promise.all(others)).map(({ story }) => story), Array(3).fill('-a resting b'))
  t.strictSame(queueOf(all, a), none, 'their places are free')
})

t.test('so is the key that rests', async t => {
  const all = world()
  const a = target('a', { keys: 2, limit: 1, maxWaiting: 5 })
  let end = (_error: ApiError): void => {}
  const first = all.run([a], ({ provider }) => provider.apiKey === 'key-2' ? null : new Promise<ApiError>(resolve => { end = resolve }))
  const others = [1, 2, 3].map(i => all.run([a], ({ provider }) => provider.apiKey === 'key-1' ? fail(401, 'authentication_error') : null, { who: `session ${i}` }))
  await setImmediate()
  end(fail(401, 'authentication_error'))
  t.equal((await first).story, 'a/1 a/2')
  t.strictSame((await Promise.all(others)).map(({ story }) => story), Array(3).fill('a/2'))
})

t.test('a client that leaves while it waits for its turn leaves nothing behind', async t => {
  const all = world()
  const [a, b] = [target('a', { limit: 1, maxWaiting: 5 }), target('b')]
  let end = (_error: null): void => {}
  const first = all.run([a], () => new Promise<null>(resolve => { end = resolve }))
  const interruption = new Interruption()
  const second = all.run([a, b], well, { interruption })
  await setImmediate()
  t.strictSame(queueOf(all, a), [1, 1])
  const left = fail(499)
  interruption.interrupt(left)
  t.match(await second, { error: left, story: '' }, 'no other target is tried for it')
  t.strictSame(queueOf(all, a), [1, 0])
  end(null)
  await first
  t.strictSame(queueOf(all, a), none)
  t.equal((await all.run([a], well)).story, 'a')
})

t.test('a client that leaves during a pause leaves nothing behind', async t => {
  const all = world()
  const [a, b] = [target('a', { limit: 1 }), target('b')]
  const before = timers()
  for (const error of [broken(), busy(4)]) {
    const interruption = new Interruption()
    const targets = error.status === 429 ? [a] : [a, b]
    const running = all.run(targets, () => error, { interruption, settings: { backoff: 60_000 } })
    await setImmediate()
    t.equal(timers(), before + 1, 'it pauses')
    t.strictSame(queueOf(all, a), none, 'and gives its place to others meanwhile')
    interruption.interrupt(fail(499))
    t.equal((await running).story, 'a')
    t.equal(timers(), before)
  }
})

t.test('a pause that is too long is not made', async t => {
  const all = world()
  const before = timers()
  const { error, story } = await all.run([target('a')], () => busy(6))
  t.equal(story, 'a')
  t.equal(error?.retryAfter, 6)
  t.equal(timers(), before)
})

t.test('there is no pause before another target', async t => {
  const all = world()
  const settings = { backoff: 2 ** 30, tries: 1 }
  t.equal((await all.run([target('a'), target('b'), target('c')], ({ provider }) => provider.name === 'c' ? null : broken(), { settings })).story, 'a b c')
  const { story } = await all.run([target('d'), target('e')], ({ provider }) => provider.name === 'e' ? null : busy(), { settings: { backoff: 2 ** 30 } })
  t.equal(story, 'd e', 'nor before the same one, where that has too much to do')
})

t.test('a service that stops ends what waits', async t => {
  const all = world()
  const stopped = fail(529, 'overloaded_error')
  const interruption = new Interruption()
  interruption.interrupt(stopped)
  const a = target('a', { limit: 1, maxWaiting: 5 })
  const place = all.lanes.of(a.provider).queue.enter('bob')
  t.match(await all.run([a], well, { interruption }), { error: stopped, story: '' })
  place.leave()
  t.strictSame(queueOf(all, a), none)
})

t.test('of many requests at once, as many run as may, and every one has its answer', async t => {
  const all = world()
  const [a, b] = [target('a', { limit: 3, maxWaiting: 1000 }), target('b', { limit: 2, maxWaiting: 1000 })]
  let running = 0
  let most = 0
  const results = await Promise.all(Array.from({ length: 200 }, (_, i) => all.run([a, b], async ({ provider }) => {
    if (provider.name === 'a') most = Math.max(most, ++running)
    await setImmediate()
    if (provider.name === 'a') running--
    return provider.name === 'a' && i % 4 === 0 ? fail(404) : null
  }, { who: `session ${i % 7}` })))
  t.ok(results.every(({ error }) => error === null))
  t.equal(most, 3)
  t.strictSame([queueOf(all, a), queueOf(all, b)], [none, none])
})

t.test('a target with another of its keys is the same target', async t => {
  const { lanes } = world()
  const a = target('a', { keys: 2 })
  const [first, second, third] = [1, 2, 3].map(() => lanes.of(a.provider).enter(a)).filter(isLane)
  t.equal(first?.target, a)
  t.strictSame([second?.target.name, second?.target.provider.apiKey], ['a,m', 'key-2'])
  t.equal(third?.target, a)
  t.equal(lanes.of(a.provider).force(a).target.name, 'a,m')
})
