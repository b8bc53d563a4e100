import t, { type Test } from 'tap'
import { type TestApp, startApp } from '../helper/app.ts'
import { startCountingProvider, tokensOfRequest } from '../helper/counted-load.ts'
import { NO_POSTGRES, postgresPlace } from '../helper/databases.ts'
import { until } from '../helper/until.ts'

/** US dollars per million tokens, and so micro-dollars per token. */
const PRICE = { input: 3, output: 15 }
const ADMIN = { 'x-api-key': 'admin-secret', 'content-type': 'application/json' }

function costOf (n: number): number {
  const { input, cacheRead, output } = tokensOfRequest(n)
  return (input + cacheRead) * PRICE.input + output * PRICE.output
}

interface Answer { status: number, headers: Headers, text: string }

interface Gateway extends TestApp {
  ask (key: string, n: number): Promise<Answer>
  create (settings: object): Promise<{ id: string, key: string }>
  change (id: string, settings: object): Promise<void>
}

async function open (t: Test, env: Record<string, string>): Promise<Gateway> {
  const service = await startApp(t, {
    config: {
      APIKEY: 'admin-secret',
      Providers: [{ name: 'counting', api_base_url: `${await startCountingProvider(t, () => 1)}/v1/chat/completions`, models: ['m'], transformer: { use: ['openai'] } }],
      Router: { default: 'counting,m' },
      Prices: [{ model: 'm', ...PRICE }]
    },
    env
  })
  const send = async (method: string, path: string, body: object, headers: Record<string, string> = ADMIN): Promise<Answer> => {
    const reply = await fetch(service.url + path, { method, headers: { 'content-type': 'application/json', ...headers }, body: JSON.stringify(body) })
    return { status: reply.status, headers: reply.headers, text: await reply.text() }
  }
  return {
    ...service,
    ask: (key, n) => send('POST', '/v1/messages', { model: 'any', max_tokens: 100, messages: [{ role: 'user', content: `request ${n}` }] }, { 'x-api-key': key }),
    async create (settings) { return JSON.parse((await send('POST', '/api/keys', settings)).text) },
    async change (id, settings) {
      const { status, text } = await send('PATCH', `/api/keys/${id}`, settings)
      if (status !== 200) throw new Error(text)
    }
  }
}

for (const kind of ['sqlite', 'postgres'] as const) {
  await t.test(kind, async t => {
    const place = kind === 'postgres' ? await postgresPlace(t) : null
    if (place === undefined) {
      t.pass(NO_POSTGRES, { skip: NO_POSTGRES })
      return
    }
    const env = place === null ? {} : { DATABASE_URL: place.url }
    const gateway = await open(t, env)
    const day = new Date(Date.now() + 86_400_000).toISOString().slice(0, 10)

    await t.test('a key that is given a budget while the service runs is held to it by what it spent before', async t => {
      const { id, key } = await gateway.create({ name: 'late' })
      t.equal((await gateway.ask(key, 100)).status, 200)
      await gateway.change(id, { budgets: [{ per: 'month', usd: costOf(100) / 1e6 }] })
      const refused = await gateway.ask(key, 1)
      t.equal(refused.status, 429)
      await gateway.change(id, { budgets: [] })
      t.equal((await gateway.ask(key, 100)).status, 200)
      await gateway.change(id, { budgets: [{ per: 'month', usd: 2 * costOf(100) / 1e6 }] })
      t.equal((await gateway.ask(key, 1)).status, 429, 'and what it spent in between')
      await gateway.change(id, { budgets: [{ per: 'month', usd: 2 * costOf(100) / 1e6 + 1 }] })
      t.equal((await gateway.ask(key, 1)).status, 200)
    })

    await t.test('answers carry a warning; over the budget the answer says which, and when it resets', async t => {
      const { id, key } = await gateway.create({ name: 'spender', budgets: [{ per: 'day', usd: 1 }] })
      t.equal((await gateway.ask(key, 300)).headers.get('x-router-budget'), null)
      t.equal(costOf(300), 2418)
      await gateway.change(id, { budgets: [{ per: 'day', usd: 0.003 }] })
      const near = await gateway.ask(key, 400)
      t.equal(near.status, 200)
      t.equal(near.headers.get('x-router-budget'), `day $0.002418 of $0.003000, resets ${day}T00:00:00Z`)
      const over = await gateway.ask(key, 1)
      t.equal(over.status, 429)
      t.equal(over.headers.get('retry-after'), '60')
      t.equal(over.headers.get('x-should-retry'), 'false')
      t.match(JSON.parse(over.text), { type: 'error', error: { type: 'rate_limit_error', message: new RegExp(`^budgets: the key spender may spend \\$0\\.\\d+ a day, and has spent \\$0\\.\\d+\\. The budget resets at ${day}T00:00:00Z\\.$`) } })
      t.equal(gateway.log.filter(({ msg, key }) => msg === 'a budget is nearly used up' && key === 'spender').length, 1)
      t.equal(gateway.app.budgets?.refused, 3)
    })

    await t.test('what was kept free is free again, whatever became of the request', async t => {
      const { id, key } = await gateway.create({ name: 'whole', budgets: [{ per: 'day', tokens: 1_000_000 }] })
      const answers = await Promise.all(Array.from({ length: 30 }, (_, n) => gateway.ask(key, n)))
      t.same([...new Set(answers.map(({ status }) => status))], [200])
      const spent = answers.reduce((sum, _, n) => sum + Object.values(tokensOfRequest(n)).reduce((a, b) => a + b), 0)
      if (kind === 'postgres') await until('the ledger has counted all', async () => (await gateway.app.store?.db.selectFrom('reservation').select('request_id').execute())?.length === 0)
      await gateway.change(id, { budgets: [{ per: 'day', tokens: spent }] })
      t.match(await gateway.ask(key, 1), { status: 429, text: new RegExp(`has spent ${spent} tokens`) })
    })
  })
}

t.test('what the last process spent counts in the next', async t => {
  const first = await open(t, {})
  const { id, key } = await first.create({ name: 'ann', budgets: [{ per: 'month', usd: 1 }] })
  await first.ask(key, 100)
  const spend = await first.app.store?.db.selectFrom('spend').selectAll().where('key_id', '=', id).execute()
  t.match(spend, [{ cost: costOf(100) }])
  await first.change(id, { budgets: [{ per: 'month', usd: costOf(100) / 1e6 }] })
  const second = await open(t, { DATABASE_URL: `sqlite:${first.app.config.current.usage.store.kind === 'sqlite' ? first.app.config.current.usage.store.path : ''}` })
  t.equal((await second.ask(key, 1)).status, 429)
})
