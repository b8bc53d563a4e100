import { setTimeout as sleep } from 'node:timers/promises'
import { Redis } from 'ioredis'
import t, { type Test } from 'tap'
import { openStore } from '../../src/store/open.ts'
import { askMany, startCountingProvider } from '../helper/counted-load.ts'
import { postgresPlace } from '../helper/databases.ts'
import { type GatewayProcess, gatewayFolder, startGateway } from '../helper/gateway-process.ts'

/** Crashes of one replica or the other; `CRASHES=20` shows more. */
const CRASHES = Number(process.env['CRASHES'] ?? 4)
const MISSING = 'no PostgreSQL or no Redis answers at 127.0.0.1'
/** US dollars per million tokens, and so micro-dollars per token. */
const PRICE = { input: 3, output: 15 }
const MAX_TOKENS = 100
const ADMIN = { 'x-api-key': 'admin-secret', 'content-type': 'application/json' }

t.setTimeout(120_000 + CRASHES * 15_000)

/** A database number of Redis that nobody else uses here, emptied; undefined where there is none. */
async function redisPlace (t: Pick<Test, 'teardown'>): Promise<string | undefined> {
  const redis = new Redis({ host: '127.0.0.1', db: 13, lazyConnect: true, retryStrategy: () => null })
  try {
    await redis.connect()
    await redis.flushdb()
  } catch (error) {
    if (process.env['CI_SERVICES'] === 'required') throw error
    return undefined
  } finally {
    redis.disconnect()
  }
  return 'redis://127.0.0.1:6379/13'
}

interface Key { id: string, key: string }

t.test('two replicas that share PostgreSQL and Redis', async t => {
  const [place, redis] = [await postgresPlace(t), await redisPlace(t)]
  if (place === undefined || redis === undefined) {
    t.pass(MISSING, { skip: MISSING })
    return
  }
  const provider = await startCountingProvider(t, () => Math.random() * 40)
  const folder = await gatewayFolder(t, {
    APIKEY: 'admin-secret',
    Providers: [{ name: 'counting', api_base_url: `${provider}/v1/chat/completions`, models: ['m'], transformer: { use: ['openai'] } }],
    Router: { default: 'counting,m' },
    Limits: { requestsPerMinute: 1_000_000 },
    Prices: [{ model: 'm', ...PRICE }]
  })
  const start = (): Promise<GatewayProcess> => startGateway(t, folder, { DATABASE_URL: place.url, REDIS_URL: redis })
  const replicas = await Promise.all([start(), start()])
  const url = (i: number): string => (replicas[i % 2] as GatewayProcess).url
  const create = async (name: string, settings: object): Promise<Key> => {
    const reply = await fetch(`${url(0)}/api/keys`, { method: 'POST', headers: ADMIN, body: JSON.stringify({ name, ...settings }) })
    t.equal(reply.status, 201)
    return await reply.json() as Key
  }
  const say = async (i: number, { key }: Key, n = 1): Promise<number> => {
    const reply = await fetch(`${url(i)}/v1/messages`, { method: 'POST', headers: { 'content-type': 'application/json', 'x-api-key': key }, body: JSON.stringify({ model: 'any', max_tokens: MAX_TOKENS, messages: [{ role: 'user', content: `request ${n}` }] }) })
    await reply.arrayBuffer()
    return reply.status
  }
  const store = await openStore({ store: place }, () => {})
  t.teardown(() => store.close())
  /** A key that was just made is known to the other replica within a second. */
  const known = async (key: Key): Promise<void> => { while (await say(1, key) === 401) await sleep(50) }

  await t.test('a limit of requests holds over both', async t => {
    const key = await create('limited', { requestsPerMinute: 20 })
    await sleep(1000)
    const results = await Promise.all(Array.from({ length: 60 }, (_, i) => say(i, key)))
    t.equal(results.filter(status => status === 200).length, 20)
    t.equal(results.filter(status => status === 429).length, 40)
  })

  await t.test('a key that is revoked at one is refused by the other within a second', async t => {
    const key = await create('revoked', {})
    await known(key)
    t.equal((await fetch(`${url(0)}/api/keys/${key.id}`, { method: 'DELETE', headers: { 'x-api-key': 'admin-secret' } })).status, 204)
    t.equal(await say(0, key), 401)
    await sleep(1000)
    t.equal(await say(1, key), 401)
  })

  await t.test('a budget holds over both, whenever one of them is killed', async t => {
    const budget = 0.6
    const key = await create('spender', { budgets: [{ per: 'month', usd: budget }] })
    await known(key)
    let n = 0
    let refused = 0
    let served = 0
    for (let crash = 0; crash < CRASHES; crash++) {
      const stop = new AbortController()
      const loads = [0, 1].map(i => askMany(url(i), { clients: 4, next: () => n++, signal: stop.signal, headers: { 'x-api-key': key.key } }))
      await sleep(200 + Math.random() * 500)
      const victim = crash % 2
      await replicas[victim]?.kill()
      await sleep(200)
      stop.abort()
      const statuses = (await Promise.all(loads)).flat().map(({ status }) => status)
      refused += statuses.filter(status => status === 429).length
      served += statuses.filter(status => status === 200).length
      replicas[victim] = await start()
    }
    // Until the budget is used up; whoever is refused tries again a moment later, as clients do.
    for (let tries = 0, over = 0; over < 10 && tries < 3000; tries++) over = await say(tries, key, n++) === 429 ? over + 1 : 0
    const spent = async (): Promise<number> => (await store.db.selectFrom('spend').select(eb => eb.fn.sum<number>('cost').as('cost')).where('key_id', '=', key.id).executeTakeFirstOrThrow()).cost ?? 0
    const rows = await store.db.selectFrom('ledger').select(['state', eb => eb.fn.countAll<number>().as('count'), eb => eb.fn.max<number>('cost').as('dearest')]).where('key_id', '=', key.id).groupBy('state').execute()
    const worst = 2000 * PRICE.input + MAX_TOKENS * 15
    t.comment(`${CRASHES} crashes, ${served} served and ${refused} refused meanwhile; ${await spent()} of ${budget * 1e6} micro-dollars spent; ${rows.map(({ state, count }) => `${count} ${state}`).join(', ')}`)
    t.ok(await spent() <= budget * 1e6 + worst, 'no more is spent than the budget and one request')
    t.ok(await spent() > 0, 'something was')

    // Leases last a minute: that minute is over now.
    await store.db.updateTable('reservation').set({ expires_at: 1 }).where('key_id', '=', key.id).execute()
    const change = await fetch(`${url(0)}/api/keys/${key.id}`, { method: 'PATCH', headers: ADMIN, body: JSON.stringify({ budgets: [{ per: 'month', usd: (await spent() + 2 * worst) / 1e6 }] }) })
    t.equal(change.status, 200)
    await sleep(1000)
    t.strictSame([await say(0, key), await say(1, key)], [200, 200], 'nothing is refused for what a dead process kept free')
  })

  await Promise.all(replicas.map(replica => replica.stop()))
  t.strictSame(await store.db.selectFrom('ledger').select('request_id').where('settled_at', 'is', null).execute(), [], 'nothing is left open')
})
