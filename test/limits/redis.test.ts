import { setTimeout as sleep } from 'node:timers/promises'
import { Redis } from 'ioredis'
import { pino } from 'pino'
import t, { type Test } from 'tap'
import { ApiError } from '../../src/errors.ts'
import { Limiter, type Permit } from '../../src/limits/limiter.ts'
import { redisAddress } from '../../src/limits/redis-address.ts'
import { RedisLink, createRedis } from '../../src/limits/redis-link.ts'
import { COUNT } from '../../src/limits/scripts.ts'
import { SharedLimits } from '../../src/limits/shared-limits.ts'
import { until } from '../helper/until.ts'
import { NO_REDIS, type OwnRedis, type Replica, key, ownRedis, replica, sparePort } from './stage.ts'

const WARN = 40
const INFO = 30
const told = ({ log }: Pick<Replica, 'log'>, level: number): string[] => log.filter(line => line.level === level && line.msg.includes('Redis')).map(({ msg }) => msg)

async function withRedis (name: string, test: (t: Test, redis: OwnRedis, port: number) => Promise<void>): Promise<void> {
  await t.test(name, async t => {
    const port = await sparePort()
    const redis = await ownRedis(t, port)
    if (redis === undefined) t.pass(NO_REDIS, { skip: NO_REDIS })
    else await test(t, redis, port)
  })
}

let ids = 0
async function enter (limiter: Limiter, who: ReturnType<typeof key>, tokens = 1): Promise<Permit | ApiError> {
  try {
    return await limiter.enter(who, `request ${ids++}`, tokens)
  } catch (error) {
    if (error instanceof ApiError) return error
    throw error
  }
}

/** The permits of those that were let in, of so many. */
async function permits (times: number, ask: (i: number) => Promise<Permit | ApiError>): Promise<Permit[]> {
  const all = await Promise.all(Array.from({ length: times }, (_, i) => ask(i)))
  return all.filter(permit => !(permit instanceof ApiError)) as Permit[]
}

await withRedis('two replicas hold a limit of requests together, exactly', async (t, redis) => {
  const options = { redis: redis.url, keys: [key('bob', { requestsPerMinute: 7 })] }
  const [a, b] = await Promise.all([replica(t, options), replica(t, options)])
  t.equal((await Promise.all([a.admitted('ann', 90), b.admitted('ann', 90)])).reduce((x, y) => x + y), 100)
  t.equal((await Promise.all([a.admitted('bob', 20), b.admitted('bob', 20)])).reduce((x, y) => x + y), 7)
  const [{ count, left }] = await counts(redis, 'switchyard:{ann}:requests')
  t.equal(count, 180)
  t.ok(left > 0 && left <= 60_000, 'the count is gone with the minute')
  const client = new Redis(redis.url)
  await client.script('FLUSH')
  await client.pexpire('switchyard:{bob}:requests', 1)
  await client.quit()
  await sleep(5)
  t.equal(await a.admitted('bob', 20), 7, 'a new minute, for a server that has forgotten the script')
  t.equal(await b.ask('bob'), 429)
  for (const one of [a, b]) t.same([...told(one, WARN), ...told(one, INFO)], [], 'nothing to tell')
})

async function counts ({ url }: OwnRedis, ...names: string[]): Promise<[{ count: number, left: number }]> {
  const client = new Redis(url)
  const found = await Promise.all(names.map(async name => ({ count: Number(await client.get(name)), left: await client.pttl(name) })))
  await client.quit()
  return found as [{ count: number, left: number }]
}

await withRedis('two replicas hold limits of tokens and of requests at once together', async (t, redis) => {
  const options = { redis: redis.url, limits: { tokensPerMinute: 1000, concurrentStreams: 8 } }
  const replicas = await Promise.all([replica(t, options), replica(t, options)])
  const [a, b] = replicas.map(({ app }) => app.limiter) as [Limiter, Limiter]
  const ann = key('ann')

  const running = await permits(20, i => enter(i % 2 === 0 ? a : b, ann, 10))
  t.equal(running.length, 8)
  t.match(await enter(b, ann, 10), { message: /^concurrentStreams.*8 requests/ })
  running[0]?.leave(10)
  running[0]?.leave(10)
  const others: Permit[] = []
  // Redis hears of it by another connection than that which asks for the place.
  await until('the place is free', async () => others.push(...await permits(1, () => enter(b, ann, 10))) > 0)
  others.push(...await permits(5, () => enter(b, ann, 10)))
  t.equal(others.length, 1, 'a place that one replica left is another\'s')
  for (const permit of running) permit.leave(10)

  const bob = key('bob', { tokensPerMinute: 1000 })
  const first = await enter(a, bob, 900) as Permit
  const refusal = await enter(b, bob, 200)
  t.match(refusal, { status: 429, message: /it has used 900/, headers: { 'anthropic-ratelimit-tokens-limit': '1000', 'anthropic-ratelimit-tokens-remaining': '100' } })
  const seconds = (refusal as ApiError).retryAfter as number
  t.ok(seconds >= 55 && seconds <= 60)
  first.leave(300)
  await until('the tokens were given back', async () => !(await enter(b, bob, 700) instanceof ApiError))
  t.type(await enter(a, bob, 1), ApiError)

  const large = key('large', { tokensPerMinute: 50 })
  t.notOk(await enter(a, large, 5000) instanceof ApiError, 'larger than the limit, but the first')
  t.type(await enter(b, large, 1), ApiError)
  t.same(replicas.flatMap(one => told(one, WARN)), [])
})

await withRedis('the place of a replica that died is free when its lease ends; that of a living one is kept', async (t, redis) => {
  const lease = 400
  const open = async (): Promise<Limiter> => {
    const link = new RedisLink(createRedis(redisAddress(redis.url)), {}, pino({ level: 'silent' }))
    t.teardown(() => link.close())
    await link.open(2000)
    return new Limiter({ defaults: () => ({ requestsPerMinute: 100, budgetWarning: 0.8, concurrentStreams: 2 }), shared: new SharedLimits(link, lease) })
  }
  const [dead, alive, other] = await Promise.all([open(), open(), open()])
  const ann = key('ann')
  await enter(dead, ann)
  const kept = await enter(alive, ann) as Permit
  const renewal = setInterval(() => { alive.renew().catch(error => t.fail(error)) }, 100)
  t.teardown(() => clearInterval(renewal))
  const began = performance.now()
  t.match(await enter(other, ann), { message: /^concurrentStreams/ })
  await until('a place is free', async () => !(await enter(other, ann) instanceof ApiError))
  const waited = performance.now() - began
  t.ok(waited > lease / 2 && waited < 4 * lease, `${Math.round(waited)} ms`)
  await sleep(2 * lease)
  t.equal((await permits(5, () => enter(other, ann))).length, 1, 'that of the other request has ended too, unlike the one that is renewed')
  kept.leave(1)
  await until('a place is free', async () => !(await enter(other, ann) instanceof ApiError))
})

await withRedis('Redis dies: requests go on, each replica counts alone, one warning; it returns: they count together', async (t, redis, port) => {
  const options = { redis: redis.url, limits: { requestsPerMinute: 20, concurrentStreams: 2 } }
  const [a, b] = await Promise.all([replica(t, options), replica(t, options)])
  t.equal(await a.admitted('ann', 12), 12)
  const held = await enter(a.app.limiter, key('ann')) as Permit
  t.equal(await b.ask('ann'), 200)

  // In the middle of requests.
  const during = Promise.all(Array.from({ length: 40 }, () => a.ask('bob')))
  await redis.stop()
  const statuses = await during
  t.same([...new Set(statuses)].filter(status => status !== 200 && status !== 429), [], 'limits are the only reason to refuse')
  await until('the loss is known', () => [a, b].every(one => one.app.redisLink?.up === false))

  t.equal(await a.admitted('ann', 20), 8, 'what it had counted before is not forgotten')
  t.equal(await b.admitted('ann', 30), 19)
  t.equal((await permits(5, () => enter(a.app.limiter, key('ann')))).length, 1, 'and one place is taken')
  const fallen = await enter(b.app.limiter, key('carl')) as Permit
  await sleep(500)
  for (const one of [a, b]) t.equal(told(one, WARN).length, 1, 'one warning, whoever asks and however often it is tried')

  const again = await ownRedis(t, port)
  t.not(again, undefined)
  await until('both are back', () => [a, b].every(one => one.app.redisLink?.up === true))
  t.equal((await Promise.all([a.admitted('dan', 20), b.admitted('dan', 20)])).reduce((x, y) => x + y), 20)
  await until('the place that was taken in between is known to all', async () => (await permits(2, () => enter(a.app.limiter, key('carl')))).length < 2)
  t.match(await enter(b.app.limiter, key('ann')), { message: /^concurrentStreams/ }, 'so are those from before, though this Redis is new')
  held.leave(1)
  fallen.leave(1)
  for (const one of [a, b]) {
    t.equal(told(one, WARN).length, 1)
    t.equal(told(one, INFO).length, 1, 'and one line that it is over')
  }
})

await withRedis('Redis hangs: nobody waits for it twice', async (t, redis) => {
  const { app, ask, log } = await replica(t, { redis: redis.url, limits: { concurrentStreams: 100 } })
  t.equal(await ask('ann'), 200)
  process.kill(redis.pid, 'SIGSTOP')
  let began = performance.now()
  t.equal(await ask('ann'), 200)
  t.ok(performance.now() - began < 1000, 'once, and not for long')
  began = performance.now()
  for (let i = 0; i < 30; i++) t.equal(await ask('ann'), 200)
  t.notOk(await enter(app.limiter, key('ann')) instanceof ApiError)
  t.ok(performance.now() - began < 1500, `${Math.round(performance.now() - began)} ms for thirty`)
  await sleep(1500)
  process.kill(redis.pid, 'SIGCONT')
  await until('it is back', () => app.redisLink?.up === true)
  t.equal(told({ log }, WARN).length, 1)
  t.equal(told({ log }, INFO).length, 1)
})

await withRedis('a process that was busy itself does not blame Redis', async (t, redis) => {
  const one = await replica(t, { redis: redis.url })
  const asking = one.app.redisLink?.ask(COUNT, ['switchyard:test'], [60_000])
  const busyUntil = performance.now() + 500
  while (performance.now() < busyUntil);
  t.match(await asking, [1, Number])
  t.same(told(one, WARN), [])
})

await withRedis('a Redis that lets nobody write is as good as none; what is wrong is told, not the password', async (t, redis) => {
  const admin = new Redis(redis.url)
  t.teardown(() => admin.disconnect())
  await admin.acl('SETUSER', 'reader', 'on', '>hushhush', '~*', '+@all', '-set', '-incr')
  const reader = await replica(t, { redis: redis.url.replace('//', '//reader:hushhush@'), limits: { requestsPerMinute: 3 } })
  t.equal(reader.app.redisLink?.up, false)
  t.equal(await reader.admitted('ann', 5), 3)
  const stranger = await replica(t, { redis: redis.url.replace('//', '//reader:wrongpass@'), limits: { requestsPerMinute: 3 } })
  t.equal(await stranger.admitted('ann', 5), 3)
  await sleep(1500)
  for (const { log } of [reader, stranger]) {
    t.equal(told({ log }, WARN).length, 1)
    t.match(JSON.stringify(log), /can't run this command|WRONGPASS/)
    t.notMatch(JSON.stringify(log), /hushhush|wrongpass"|wrongpass@/)
  }
})

t.test('a Redis that is not there keeps nothing from starting', async t => {
  const began = performance.now()
  const { ask, app, log } = await replica(t, { redis: `redis://127.0.0.1:${await sparePort()}` })
  t.ok(performance.now() - began < 2000)
  t.equal(await ask('ann'), 200)
  t.equal(app.redisLink?.up, false)
  t.equal(told({ log }, WARN).length, 1)
})

t.test('REDIS_URL is checked at the start, and never repeated', async t => {
  for (const url of ['localhost:6379', 'http://hushhush@localhost', 'redis://', 'redis://:hush/hush@localhost:6379', 'redis://:hushhush@localhost/zero', 'redis://:%hushhush@localhost', 'redis://:hushhush@localhost:99999', 'redis://localhost?password=hushhush', 'hushhush']) {
    await t.rejects(replica(t, { redis: url }), { name: 'ConfigError', message: /^(?!.*hush).*REDIS_URL: must be of the form redis:\/\//s }, url)
  }
  t.same(redisAddress('rediss://ann:p%40ss@[::1]/3'), { host: '::1', port: 6379, db: 3, username: 'ann', password: 'p@ss', tls: {} })
  t.same(redisAddress('redis://:p%23@redis.internal:6380/'), { host: 'redis.internal', port: 6380, db: 0, password: 'p#' })
})
