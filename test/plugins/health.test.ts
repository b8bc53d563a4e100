import { mkdtemp, rm, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { mock } from 'node:test'
import t from 'tap'
import { type TestApp, startApp } from '../helper/app.ts'
import { type Script, json, startUpstream } from '../helper/upstream.ts'

/** The clock stands still unless a test turns it: the looks are half a minute apart. */
mock.timers.enable({ apis: ['setTimeout'] })
t.teardown(() => mock.timers.reset())

type Tap = Parameters<typeof startApp>[0]

const list = (...models: object[]): object => ({ object: 'list', data: models })
const good = list({ id: 'qwen', max_model_len: 32_768 })

/** A configuration of providers by name, the first of which is the default. */
function configOf (providers: Record<string, object>): object {
  const entries = Object.entries(providers).map(([name, rest]) => ({ name, api_key: 'upstream-secret', models: ['qwen'], transformer: { use: ['vllm'] }, ...rest }))
  // The account has timers of its own, which would go by this clock too.
  return { Usage: { enabled: false }, Providers: entries, Router: { default: `${entries[0]?.name},qwen` } }
}

/** Lines of the log that tell of providers, once there are so many. */
async function told ({ log }: TestApp, count: number): Promise<Record<string, unknown>[]> {
  for (;;) {
    const lines = log.filter(({ msg }) => /^provider is/.test(String(msg)))
    if (lines.length >= count) return lines
    await new Promise(resolve => setImmediate(resolve))
  }
}

async function ready ({ url }: { url: string }): Promise<{ status: number, body: unknown, text: string }> {
  const response = await fetch(`${url}/ready`)
  const text = await response.text()
  return { status: response.status, body: JSON.parse(text) as unknown, text }
}

async function start (t: Tap, script: Script, providers?: Record<string, object>): Promise<TestApp & { asked: { path: string, authorization: unknown }[], base: string }> {
  const upstream = await startUpstream(t, script)
  const base = `${upstream.url}/v1`
  const app = await startApp(t, { config: configOf(providers ?? { local: { api_base_url: base } }) })
  return { ...app, base, get asked () { return upstream.requests.map(({ path, headers }) => ({ path, authorization: headers.authorization })) } }
}

t.test('a server that is up is found at once, and its windows are known', async t => {
  const service = await start(t, response => json(response, good))
  t.match(await told(service, 1), [{ level: 30, msg: 'provider is up', provider: 'local' }])
  t.strictSame(service.asked, [{ path: '/v1/models', authorization: 'Bearer upstream-secret' }])
  t.match(await ready(service), { status: 200, body: { status: 'ready', providers: { local: { status: 'up' } } } })
  t.equal(service.app.config.current.router.default[0].provider.facts.contextWindows.get('qwen'), 32_768)
})

t.test('what is learned bounds the next answer', async t => {
  let limit: unknown
  const service = await start(t, (response, request) => {
    if (request.method === 'GET') return json(response, good)
    limit = request.body.max_tokens
    json(response, { choices: [{ message: { content: 'So.' }, finish_reason: 'stop' }] })
  })
  await told(service, 1)
  const answer = await fetch(`${service.url}/v1/messages`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ model: 'x', max_tokens: 64_000, messages: [{ role: 'user', content: 'Hi' }] }) })
  t.equal(answer.status, 200, await answer.text())
  t.ok(typeof limit === 'number' && limit < 32_768 && limit > 32_000, String(limit))
})

t.test('a server that goes and returns is told once each time', async t => {
  let up = true
  const service = await start(t, response => json(response, up ? good : { error: 'loading' }, up ? 200 : 503))
  /** Turns the clock until there is another look; the last one may still be going on. */
  const next = async (): Promise<void> => {
    const before = service.asked.length
    while (service.asked.length === before) {
      mock.timers.tick(30_000)
      await new Promise(resolve => setImmediate(resolve))
    }
  }
  await told(service, 1)
  await next()
  up = false
  await next()
  t.match((await told(service, 2))[1], { level: 40, msg: 'provider is down', provider: 'local', problem: /503/ })
  t.match(await ready(service), { status: 503, body: { status: 'unavailable', providers: { local: { status: 'down' } } } })
  t.equal(service.app.config.current.router.default[0].provider.facts.contextWindows.get('qwen'), 32_768, 'what was known stays')
  up = true
  await next()
  t.match((await told(service, 3))[2], { level: 30, msg: 'provider is up' })
  t.equal((await ready(service)).status, 200)
  t.equal((await told(service, 3)).length, 3, 'the look that found no change is not told')
  await service.app.close()
  const asked = service.asked.length
  mock.timers.tick(120_000)
  await new Promise(resolve => setImmediate(resolve))
  t.equal(service.asked.length, asked, 'nothing is looked at any more')
})

t.test('what is wrong is said in words, without the key', async t => {
  const cases: [string, Script, object, RegExp][] = [
    ['nobody there', () => {}, { api_base_url: 'http://127.0.0.1:1/v1' }, /connection refused/],
    ['a wrong key', response => json(response, { error: 'Unauthorized' }, 401), {}, /api_key/],
    ['a key that comes back', response => json(response, list({ id: 'upstream-secret' })), {}, /does not serve qwen; it serves \[key\]/],
    ['a broken connection', response => { response.destroy() }, {}, /closed the connection/],
    ['a page', response => { response.end('<html>') }, {}, /api_base_url/]
  ]
  for (const [name, script, rest, expected] of cases) {
    const upstream = await startUpstream(t, script)
    const service = await startApp(t, { config: configOf({ local: { api_base_url: `${upstream.url}/v1`, ...rest } }) })
    const [line] = await told(service, 1)
    t.match(line, { level: 40, msg: 'provider is down', problem: expected }, name)
    t.notMatch(JSON.stringify(service.log), /upstream-secret/)
    const { status, text } = await ready(service)
    t.equal(status, 503)
    t.notMatch(text, /127\.0\.0\.1|secret|problem/, 'and to strangers, not at all')
  }
})

t.test('a server that serves only some of the models can be used', async t => {
  const upstream = await startUpstream(t, response => json(response, good))
  const service = await startApp(t, { config: configOf({ local: { api_base_url: `${upstream.url}/v1`, models: ['qwen', 'llama'] } }) })
  t.match(await told(service, 1), [{ level: 40, msg: /^provider is up, but/, problem: /does not serve llama; it serves qwen/ }])
  t.equal((await ready(service)).status, 200)
})

t.test('readiness hangs on the default route alone, and on what is known', async t => {
  const upstream = await startUpstream(t, response => json(response, good))
  const base = `${upstream.url}/v1`
  const away = 'http://127.0.0.1:1/v1'
  const other = await startApp(t, { config: configOf({ local: { api_base_url: base }, away: { api_base_url: away } }) })
  await told(other, 2)
  t.match(await ready(other), { status: 200, body: { status: 'ready', providers: { local: { status: 'up' }, away: { status: 'down' } } } })

  const unlooked = await startApp(t, { config: configOf({ cloud: { api_base_url: away, transformer: { use: ['openai'] } }, away: { api_base_url: away } }) })
  await told(unlooked, 1)
  t.strictSame((await ready(unlooked)).body, { status: 'ready', providers: { away: { status: 'down' } } }, 'a provider that cannot be looked at is not listed')

  const silent = await startUpstream(t, () => {})
  const early = await startApp(t, { config: configOf({ local: { api_base_url: `${silent.url}/v1` } }) })
  t.strictSame((await ready(early)).body, { status: 'ready', providers: {} }, 'before the first look is over')
  await early.app.close()
})

t.test('models with a use of their own share one look and what it found', async t => {
  const service = await start(t, response => json(response, list({ id: 'qwen', max_model_len: 1000 }, { id: 'llama', max_model_len: 2000 })))
  const { base } = service
  const both = await startApp(t, { config: configOf({ local: { api_base_url: base, models: ['qwen', 'llama'], transformer: { use: ['vllm'], llama: { use: [['vllm', { think_tags: 'off' }]] } } } }) })
  await told(both, 1)
  t.equal(service.asked.length, 2, 'one for each service')
  const targets = both.app.config.current.providers.get('local')
  for (const model of ['qwen', 'llama']) t.equal(targets?.get(model)?.provider.facts.contextWindows.get('llama'), 2000)
})

t.test('where nothing can be looked at, nothing is asked', async t => {
  const upstream = await startUpstream(t, response => json(response, good))
  const service = await startApp(t, { config: configOf({ cloud: { api_base_url: `${upstream.url}/v1`, transformer: { use: ['openai'] } } }) })
  t.strictSame((await ready(service)).body, { status: 'ready', providers: {} })
  mock.timers.tick(120_000)
  t.equal(upstream.requests.length, 0)
})

t.test('a bad probe of a user\'s file is told, and the others go on', async t => {
  const folder = await mkdtemp(join(tmpdir(), 'switchyard-probe-'))
  t.teardown(() => rm(folder, { recursive: true, force: true }))
  const limits: AbortController[] = []
  const timeout = mock.method(AbortSignal, 'timeout', () => {
    const limit = new AbortController()
    limits.push(limit)
    return limit.signal
  })
  t.teardown(() => timeout.mock.restore())
  const wrong = /^The transformer never \(.*never\.mjs\) failed: probe must return \{/
  const probes: [string, RegExp | undefined][] = [
    ['() => new Promise(() => {})', /did not answer within \d+ seconds/],
    ['async (provider, get) => { try { await get(provider.url, {}) } catch {} return get(provider.url, {}) }', /did not answer within \d+ seconds/],
    ['() => "fine"', wrong],
    ['async () => {}', wrong],
    ['async () => ({ facts: null })', wrong],
    ['async () => ({ facts: {} })', wrong],
    ['async () => ({ facts: { contextWindows: {} } })', wrong],
    ['async () => ({ problem: 7 })', wrong],
    ['async () => { throw new Error("boom") }', /never\.mjs\) failed: boom$/],
    ['async () => ({ problem: "it sleeps" })', /^it sleeps$/],
    ['async () => ({ facts: { contextWindows: new Map() } })', undefined]
  ]
  const file = join(folder, 'never.mjs')
  for (const [i, [probe, expected]] of probes.entries()) {
    await writeFile(file, `export default { name: 'never', wire: 'own', encodeRequest () {}, decodeReply () {}, decodeError () {}, probe: ${probe} } // ${i}`)
    await utimes(file, 1000 + i, 1000 + i)
    const silent = await startUpstream(t, () => {})
    const upstream = await startUpstream(t, response => json(response, good))
    const config = configOf({ local: { api_base_url: `${upstream.url}/v1` }, own: { api_base_url: silent.url, transformer: { use: ['never'] } } })
    const service = await startApp(t, { config: { ...config, transformers: [{ path: file }] } })
    while (!service.log.some(line => line['provider'] === 'local')) await new Promise(resolve => setImmediate(resolve))
    for (const limit of limits) limit.abort()
    const lines = await told(service, 2)
    t.match(lines.find(line => line['provider'] === 'own'), expected === undefined ? { level: 30, msg: 'provider is up' } : { level: 40, msg: 'provider is down', problem: expected }, probe)
    while (upstream.requests.length < 2) {
      mock.timers.tick(30_000)
      await new Promise(resolve => setImmediate(resolve))
    }
    t.pass('and there is another look at the others')
    await service.app.close()
  }
})

t.test('OpenRouter: a long list is not read again and again, but a server that is away is looked at soon', async t => {
  let status = 502
  const upstream = await startUpstream(t, (response, { path }) => path === '/v1/models' ? json(response, good) : json(response, list({ id: 'qwen', reasoning: { mandatory: true, supports_max_tokens: false } }), status))
  const service = await startApp(t, { config: configOf({ far: { api_base_url: `${upstream.url}/api/v1`, transformer: { use: ['openrouter'] } }, near: { api_base_url: `${upstream.url}/v1` } }) })
  const asked = (path: string): number => upstream.requests.filter(request => request.path === path).length
  /** Turns the clock until the near server was looked at once more. */
  const next = async (): Promise<void> => {
    const before = asked('/v1/models')
    while (asked('/v1/models') === before) {
      mock.timers.tick(30_000)
      await new Promise(resolve => setImmediate(resolve))
    }
  }
  await told(service, 2)
  t.equal((await ready(service)).status, 503)
  status = 200
  await next()
  await told(service, 3)
  t.equal((await ready(service)).status, 200)
  t.strictSame(service.app.config.current.router.default[0].provider.facts.reasoning?.get('qwen'), { mandatory: true, budget: false, efforts: [] }, 'what it told is kept')
  await next()
  await next()
  t.equal(asked('/api/v1/models'), 2)
})
