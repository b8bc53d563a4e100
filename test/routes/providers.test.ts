import t from 'tap'
import type { FairQueue } from '../../src/upstream/fair-queue.ts'
import { startApp } from '../helper/app.ts'
import { ask } from '../helper/ask.ts'
import { openStream } from '../helper/events.ts'
import { answer, delta, json, sse, startUpstream } from '../helper/upstream.ts'

const KEYS = ['canary-first-key', 'canary-second-key']
let release = (): void => {}
const upstream = await startUpstream(t, (response, request) => {
  const { model } = request.body
  if (model === 'broken') json(response, { error: { message: `No worker for ${KEYS.join(' or ')} at ?code=canary-url-key` } }, 500)
  else if (model === 'busy') json(response, { error: { message: 'Slow down.' } }, 429, { 'retry-after': '30' })
  else if (model === 'guarded' && request.headers.authorization?.includes(KEYS[0] ?? '') === true) json(response, { error: { message: 'Wrong key.' } }, 401)
  else if (model === 'slow') {
    response.writeHead(200, { 'content-type': 'text/event-stream' }).write(sse(delta({ role: 'assistant', content: 'Wait.' })))
    release = () => { response.end(sse(delta({}, 'stop'), '[DONE]')) }
  } else answer(response, request, 'Well.')
})
const provider = (name: string, models: string[], rest: object = {}): object => ({ name, api_base_url: `${upstream.url}/v1/chat/completions?code=canary-url-key`, api_key: KEYS, models, transformer: { use: ['openai'] }, ...rest })
const { app, url, log } = await startApp(t, {
  config: {
    APIKEY: 'canary-gateway-key',
    Providers: [
      provider('fine', ['well', 'qwen3-coder'], { capabilities: { well: { contextWindow: 1000, tools: false } } }),
      provider('ill', ['broken', 'busy']),
      provider('guarded', ['guarded']),
      provider('narrow', ['slow'], { maxConcurrent: 1, maxQueue: 7, api_key: KEYS[0] }),
      provider('keyless', ['well'], { api_key: '' }),
      provider('token', ['well'], { api_base_url: `${upstream.url.replace('//', '//canary-token@')}/v1/chat/completions?sig=canary%2Bsig&v=1`, api_key: '' })
    ],
    Router: { default: 'fine,well' },
    Failover: { tries: 1, breakAfter: 2, coolDown: 60_000, maxCoolDown: 60_000, maxWait: 1_000 }
  }
})
const headers = { 'x-api-key': 'canary-gateway-key' }

interface Lane { key: number, breaker: string, failures: number, opensIn: number, keyRests: number }
interface Provider {
  name: string
  url: string
  queue: object
  firstContentMs: { count: number } | null
  lastError: { at: string, message: string } | null
  models: { model: string, lanes: Lane[] }[]
}

async function providers (): Promise<Record<string, Provider>> {
  const reply = await app.inject({ url: '/api/providers', headers })
  t.equal(reply.statusCode, 200)
  t.notMatch(reply.body, /canary/, 'no key is told')
  return Object.fromEntries(reply.json<{ providers: Provider[] }>().providers.map(each => [each.name, each]))
}

/** A client may have its answer a moment before the gateway is done with it. */
async function queueOf (name: string, holds: (queue: FairQueue) => boolean): Promise<void> {
  const [target] = app.config.current.providers.get(name)?.values() ?? []
  if (target === undefined) throw new Error(`there is no ${name}`)
  while (!holds(app.lanes.of(target.provider).queue)) await new Promise(resolve => setImmediate(resolve))
}

const lanesOf = (provider: Provider | undefined, model: string): Lane[] | undefined => provider?.models.find(each => each.model === model)?.lanes
const WELL = { breaker: 'closed', failures: 0, opensIn: 0, keyRests: 0 }

t.test('it needs a key', async t => {
  t.equal((await app.inject({ url: '/api/providers' })).statusCode, 401)
})

t.test('before the first request', async t => {
  const all = await providers()
  t.same(Object.keys(all), ['fine', 'ill', 'guarded', 'narrow', 'keyless', 'token'])
  t.equal(all['token']?.url, `${upstream.url.replace('//', '//[key]@')}/v1/chat/completions?sig=[key]&v=[key]`, 'no user name, and no value, however short')
  t.match(all['fine'], {
    name: 'fine',
    transformer: 'openai',
    url: `${upstream.url}/v1/chat/completions?code=[key]`,
    health: null,
    queue: { running: 0, waiting: 0, limit: null, maxWaiting: 100 },
    firstContentMs: null,
    lastError: null,
    models: [{ model: 'well', capabilities: { contextWindow: 1000, tools: false } }, { model: 'qwen3-coder', capabilities: { vision: false, contextWindow: 262_144 } }]
  })
  t.same(lanesOf(all['fine'], 'well'), [{ key: 1, ...WELL }, { key: 2, ...WELL }], 'a lane for each key')
  t.match(all['narrow'], { queue: { limit: 1, maxWaiting: 7 } })
  t.same(lanesOf(all['keyless'], 'well'), [{ key: 1, ...WELL }])
})

t.test('how long requests take is counted for those that were answered', async t => {
  for (let i = 0; i < 3; i++) t.equal((await ask(url, { model: 'fine,well' }, headers)).status, 200)
  await queueOf('fine', ({ running }) => running === 0)
  const { fine, ill } = await providers()
  t.match(fine?.firstContentMs, { count: 3, p50: Number, p95: Number, p99: Number })
  t.equal(ill?.firstContentMs, null)
})

t.test('a model that fails rests, each key by itself, and no other model', async t => {
  for (let i = 0; i < 3; i++) t.equal((await ask(url, { model: 'ill,broken' }, headers)).status, 500)
  const { ill, fine } = await providers()
  const [first, second] = lanesOf(ill, 'broken') ?? []
  t.match([first, second].map(lane => [lane?.breaker, lane?.failures]).sort(), [['closed', 1], ['open', 2]])
  const open = [first, second].find(lane => lane?.breaker === 'open')
  t.ok(open !== undefined && open.opensIn > 0 && open.opensIn <= 60_000)
  t.same(lanesOf(ill, 'busy'), [{ key: 1, ...WELL }, { key: 2, ...WELL }])
  t.match(ill?.lastError, { model: 'broken', status: 500, type: 'api_error', message: 'ill: No worker for [key] or [key] at ?code=[key]' })
  t.ok(Number.isFinite(Date.parse(ill?.lastError?.at ?? '')))
  t.equal(ill?.firstContentMs, null)
  t.equal(fine?.lastError, null, 'of others it says nothing')

  t.equal((await ask(url, { model: 'ill,broken' }, headers)).status, 500)
  t.match(lanesOf((await providers())['ill'], 'broken')?.map(({ breaker }) => breaker), ['open', 'open'])
  const explained = await app.inject({ method: 'POST', url: '/api/route', headers, payload: { model: 'ill,broken', max_tokens: 1, messages: [{ role: 'user', content: 'Hi' }] } })
  t.match(explained.json(), { targets: [{ target: 'ill,broken', lanes: [{ key: 1, breaker: 'open', failures: 2 }, { key: 2, breaker: 'open', failures: 2 }] }] }, 'so says an explanation')
})

t.test('a key that is refused, or limited, rests, and another takes its place', async t => {
  for (let i = 0; i < 2; i++) t.equal((await ask(url, { model: 'guarded,guarded' }, headers)).status, 200)
  await queueOf('guarded', ({ running }) => running === 0)
  const { guarded } = await providers()
  const [first, second] = lanesOf(guarded, 'guarded') ?? []
  t.ok((first?.keyRests ?? 0) > 60_000, 'five minutes')
  t.match([first, second], [{ breaker: 'closed', failures: 0 }, { breaker: 'closed', failures: 0, keyRests: 0 }])
  t.match(guarded, { lastError: { status: 401, type: 'authentication_error', message: "guarded rejected the gateway's API key: Wrong key." }, firstContentMs: { count: 2 } })

  t.equal((await ask(url, { model: 'ill,busy' }, headers)).status, 429)
  const { ill } = await providers()
  t.match(lanesOf(ill, 'busy')?.map(({ breaker, keyRests }) => [breaker, keyRests > 0 && keyRests <= 30_000]), [['open', true], ['open', true]], 'a longer pause than is waited for')
  t.match(ill?.lastError, { model: 'busy', status: 429, type: 'rate_limit_error' })
})

t.test('requests that run, and those that wait', async t => {
  const one = await openStream(url, { model: 'narrow,slow' }, headers)
  await one.until(text => text.includes('Wait.'))
  t.match((await providers())['narrow'], { queue: { running: 1, waiting: 0 } })
  const two = ask(url, { model: 'narrow,slow', stream: true }, headers)
  await queueOf('narrow', ({ waiting }) => waiting === 1)
  t.match((await providers())['narrow'], { queue: { running: 1, waiting: 1 }, firstContentMs: null })
  const sent = upstream.requests.length
  release()
  await one.end()
  while (upstream.requests.length === sent) await new Promise(resolve => setImmediate(resolve))
  t.match((await providers())['narrow'], { queue: { running: 1, waiting: 0 }, firstContentMs: { count: 1 } })
  release()
  t.equal((await two).status, 200)
  await queueOf('narrow', ({ running }) => running === 0)
  t.match((await providers())['narrow'], { queue: { running: 0, waiting: 0 }, firstContentMs: { count: 2 }, lastError: null })
})

t.test('no key is logged', async t => {
  t.ok(log.length > 10)
  t.notMatch(JSON.stringify(log), /canary/)
})
