import { setTimeout as sleep } from 'node:timers/promises'
import type { FastifyInstance } from 'fastify'
import t from 'tap'
import { listenProblem } from '../../src/http/listen-problem.ts'
import { readyApp } from '../helper/app.ts'
import { sqlitePlace } from '../helper/databases.ts'

/** The demo as a provider, which needs no server. */
const demo = { Providers: [{ name: 'demo', api_base_url: 'http://demo.invalid/v1', models: ['demo'], transformer: { use: ['demo'] } }], Router: { default: 'demo,demo' } }
/** Without a store, which takes a second to open here. */
const storeless = { ...demo, Usage: { enabled: false } }

const body = { model: 'm', max_tokens: 5, messages: [{ role: 'user', content: 'hi' }] }
const json = { 'content-type': 'application/json' }

t.test('with keys, each of them opens, in either header, and nothing else does', async t => {
  const { app } = await readyApp(t, { config: storeless, env: { APIKEY: 'main-key', VALID_API_KEYS: 'ann, bob' } })
  const post = async (headers: Record<string, string>): Promise<number> => (await app.inject({ method: 'POST', url: '/v1/messages', headers: { ...json, host: 'gateway.example', ...headers }, payload: body })).statusCode
  t.equal(await post({ 'x-api-key': 'main-key' }), 200)
  t.equal(await post({ 'x-api-key': 'ann' }), 200)
  t.equal(await post({ authorization: 'Bearer bob' }), 200)
  t.equal(await post({ authorization: 'bearer bob' }), 200)
  t.equal(await post({ 'x-api-key': 'left-over', authorization: 'Bearer bob' }), 200, 'one of two suffices')
  for (const headers of [{}, { 'x-api-key': 'main-key2' }, { 'x-api-key': 'main-ke' }, { 'x-api-key': '' }, { authorization: 'Bearer ' }, { authorization: 'Basic bob' }, { 'x-api-key': 'ann, bob' }]) t.equal(await post(headers), 401, JSON.stringify(headers))
})

t.test('a missing key is told in the client\'s form, once and for all', async t => {
  const { app } = await readyApp(t, { config: storeless, env: { APIKEY: 'main-key' } })
  const reply = await app.inject({ method: 'POST', url: '/v1/messages', headers: json, payload: body })
  t.match(reply.json(), { type: 'error', error: { type: 'authentication_error', message: /x-api-key/ }, request_id: /^req_/ })
  t.equal(reply.headers['x-should-retry'], 'false', 'Claude Code would repeat it for three minutes')
  t.equal(reply.headers['request-id'], reply.json().request_id)
  const unknown = await app.inject({ url: '/v1/nothing', headers: { host: 'gateway.example' } })
  t.equal(unknown.statusCode, 401, 'who has no key does not learn what there is')
})

t.test('health and the probes need no key', async t => {
  const { app } = await readyApp(t, { config: storeless, env: { APIKEY: 'main-key' } })
  for (const [method, url] of [['GET', '/health'], ['GET', '/'], ['HEAD', '/'], ['HEAD', '/api/hello']] as const) {
    t.equal((await app.inject({ method, url, headers: { host: 'gateway.example' } })).statusCode, 200, `${method} ${url}`)
  }
})

t.test('without a key only this machine is served, and no web page', async t => {
  const { app } = await readyApp(t, { config: storeless })
  const post = async (headers: Record<string, string>): Promise<number> => (await app.inject({ method: 'POST', url: '/v1/messages', headers: { ...json, ...headers }, payload: body })).statusCode
  for (const host of ['localhost', 'localhost:3456', '127.0.0.1:3456', '127.9.9.9', '[::1]:3456']) t.equal(await post({ host }), 200, host)
  for (const host of ['gateway.example', '10.0.0.1:3456', 'localhost.evil.example', '127.0.0.1.evil.example', '[::2]']) t.equal(await post({ host }), 403, host)
  t.equal(await post({ host: 'localhost:3456', origin: 'http://localhost:3456' }), 200, 'its own page')
  for (const origin of ['https://evil.example', 'null', 'http://localhost:8080', 'http://localhost:3456.evil.example']) t.equal(await post({ host: 'localhost:3456', origin }), 403, origin)
  t.equal(await post({ host: 'localhost:3456', 'sec-fetch-site': 'cross-site' }), 403)
  t.equal((await app.inject({ url: '/health', headers: { host: 'evil.example' } })).statusCode, 403, 'health as well: a page must not even find it')
})

t.test('without a key a proxy is served for nobody', async t => {
  const { app } = await readyApp(t, { config: storeless })
  for (const header of ['x-forwarded-for', 'forwarded', 'x-real-ip']) {
    const headers = { host: 'localhost:3456', [header]: header === 'forwarded' ? 'for=10.0.0.1' : '10.0.0.1' }
    for (const [method, url] of [['POST', '/v1/messages'], ['GET', '/metrics'], ['GET', '/api/config']] as const) {
      const reply = await app.inject({ method, url, headers: { ...json, ...headers }, ...(method === 'POST' && { payload: body }) })
      t.match([reply.statusCode, reply.json()], [403, { error: { type: 'permission_error', message: new RegExp(`by its ${header} header this request came through a proxy; set APIKEY`) } }], `${url} ${header}`)
    }
  }
})

t.test('without a key it must not listen where others can reach it', async t => {
  for (const host of ['127.0.0.1', 'localhost', '::1', '127.1.2.3']) t.equal(listenProblem(host, false), undefined, host)
  for (const host of ['0.0.0.0', '::', '192.168.0.1', 'gateway.example']) {
    t.match(listenProblem(host, false), /^HOST: .*APIKEY/, host)
    t.equal(listenProblem(host, true), undefined)
  }
})

interface Refusal { error: { type: string, message: string } }

/** What a request for an answer comes to: its status, and the words of a refusal. */
async function answerOf (app: FastifyInstance, key: string, headers: Record<string, string> = {}): Promise<[number, string]> {
  const reply = await app.inject({ method: 'POST', url: '/v1/messages', headers: { ...json, host: 'gateway.example', 'x-api-key': key, ...headers }, payload: body })
  return [reply.statusCode, reply.statusCode === 200 ? '' : reply.json<Refusal>().error.message]
}

/** Makes a key of the store. */
async function createKey (app: FastifyInstance, admin: string, fields: object): Promise<{ id: string, key: string }> {
  const reply = await app.inject({ method: 'POST', url: '/api/keys', headers: { 'x-api-key': admin }, payload: fields })
  if (reply.statusCode !== 201) throw new Error(reply.body)
  return reply.json()
}

t.test('what a key is for', async t => {
  const Keys = ['inference', 'viewer', 'admin'].map(role => ({ name: `configured-${role}`, key: `configured-${role}`, role }))
  const { app } = await readyApp(t, { config: { ...demo, APIKEY: 'main-key', Keys } })
  const stored = await Promise.all(['inference', 'viewer', 'admin'].map(role => createKey(app, 'main-key', { name: `stored-${role}`, role })))
  const get = async (url: string, key: string): Promise<number> => (await app.inject({ url, headers: { 'x-api-key': key } })).statusCode
  const table = { inference: [200, 403], viewer: [403, 403], admin: [200, 200] }
  for (const [i, [role, [model, api]]] of Object.entries(table).entries()) {
    for (const key of [`configured-${role}`, stored[i]?.key ?? '']) {
      t.equal((await answerOf(app, key))[0], model, `${role} asks a model`)
      t.equal(await get('/api/providers', key), api, `${role} sees the providers`)
      t.equal(await get('/api/keys', key), api, `${role} sees keys`)
      t.equal(await get('/v1/nothing', key), 404, 'what is not there is there for nobody')
      t.equal(await get('/health', key), 200)
    }
  }
  t.match(await answerOf(app, 'configured-viewer'), [403, /The key configured-viewer is for seeing usage; this takes one with the role inference or admin/])
  const refused = await app.inject({ url: '/api/providers', headers: { 'x-api-key': 'configured-inference' } })
  t.match(refused.json(), { error: { type: 'permission_error', message: /is for asking models.*role admin/ } })
  t.equal(refused.headers['x-should-retry'], 'false')
})

t.test('routes say whom they serve; nothing is open by mistake', async t => {
  const { buildApp } = await import('../../src/app.ts')
  const { path } = await sqlitePlace(t)
  const app = buildApp({ env: { APIKEY: 'main-key', VALID_API_KEYS: 'plain', LOG_LEVEL: 'silent', DATABASE_URL: `sqlite:${path}` } })
  t.teardown(() => app.close())
  app.register(async routes => {
    routes.get('/unmarked', async () => 'ok')
    routes.get('/api/used', { config: { access: 'usage' } }, async ({ identity }) => identity.name)
    routes.get('/watched', { config: { access: 'metrics' } }, async () => 'ok')
    routes.get('/api/mine', { config: { access: 'inference' } }, async () => 'ok')
  })
  const get = async (url: string, key: string): Promise<number> => (await app.inject({ url, headers: { authorization: `Bearer ${key}` } })).statusCode
  for (const [url, plain] of [['/unmarked', 403], ['/api/used', 200], ['/api/mine', 200], ['/api/providers', 403]] as const) {
    t.equal(await get(url, 'plain'), plain, url)
    t.equal(await get(url, 'main-key'), 200, url)
    t.equal(await get(url, 'none'), 401, url)
  }
  const watch = async (remoteAddress: string, headers: Record<string, string>): Promise<number> => (await app.inject({ url: '/watched', remoteAddress, headers: { host: 'localhost:3456', ...headers } })).statusCode
  for (const address of ['127.0.0.1', '::1', '::ffff:127.0.0.1']) t.equal(await watch(address, {}), 200, 'who watches from this machine needs no key')
  t.equal(await watch('127.0.0.1', { host: 'evil.example' }), 403, 'but a web page is no such thing')
  t.equal(await watch('127.0.0.1', { host: 'gateway.example', 'x-api-key': 'main-key' }), 200)
  t.equal(await watch('127.0.0.1', { 'x-api-key': 'plain' }), 403, 'who sends a key is judged by it')
  for (const [address, headers] of [['10.0.0.1', {}], ['::ffff:10.0.0.1', {}], ['127.0.0.1', { 'x-forwarded-for': '10.0.0.1' }]] as const) {
    for (const [key, status] of [['', 401], ['plain', 403], ['main-key', 200]] as const) t.equal(await watch(address, { ...headers, 'x-api-key': key }), status, `${address} ${key}`)
  }
})

t.test('keys of Anthropic are let in where the configuration says so, and nowhere else', async t => {
  const { app } = await readyApp(t, { config: { ...storeless, Auth: { acceptAnthropicKeys: true }, Keys: [{ name: 'ann', key: 'sk-ant-of-ann', role: 'viewer' }] } })
  t.same(await answerOf(app, 'sk-ant-api03-anything'), [200, ''])
  t.same(await answerOf(app, '', { authorization: 'Bearer sk-ant-oat01-anything' }), [200, ''])
  t.match(await answerOf(app, 'sk-ant-of-ann', { authorization: 'Bearer sk-ant-anything' }), [403, /The key ann/], 'a key that is known counts')
  t.match(await answerOf(app, 'sk-an'), [401, /not valid/])
  t.match(await answerOf(app, 'x sk-ant-anything'), [401, /not valid/])
  t.match((await app.inject({ url: '/api/providers', headers: { 'x-api-key': 'sk-ant-anything' } })).json(), { error: { type: 'permission_error', message: /The key anthropic is for asking models/ } })

  const alone = await readyApp(t, { config: { ...storeless, Auth: { acceptAnthropicKeys: true } } })
  t.match(await answerOf(alone.app, '', { host: 'localhost' }), [401, /A key is required/], 'this machine included')
  t.same(await answerOf(alone.app, 'sk-ant-anything'), [200, ''])
  t.equal(alone.app.keys.needed, false, 'it is no key that could keep anyone out: the service must not listen elsewhere by it')

  const closed = await readyApp(t, { config: { ...storeless, APIKEY: 'main-key' } })
  t.match(await answerOf(closed.app, 'sk-ant-anything'), [401, /not valid/])
})

t.test('the first key closes the gateway, for this machine as well, and nothing opens it again', async t => {
  const { app } = await readyApp(t, { config: demo })
  const api = async (method: 'POST' | 'DELETE' | 'PATCH', url: string, payload: object, key = ''): Promise<Partial<Refusal & { id: string, key: string }>> => {
    const reply = await app.inject({ method, url, headers: { host: 'localhost', 'x-api-key': key }, payload })
    return reply.statusCode === 204 ? {} : reply.json()
  }
  t.same(await answerOf(app, '', { host: 'localhost' }), [200, ''])
  t.match(await api('POST', '/api/keys', { name: 'ann' }), { error: { type: 'conflict_error', message: /nobody could manage keys/ } })
  t.same(await answerOf(app, '', { host: 'localhost' }), [200, ''], 'a key that was refused closes nothing')
  const admin = await api('POST', '/api/keys', { name: 'root', role: 'admin' })
  t.match(await answerOf(app, '', { host: 'localhost' }), [401, /A key is required/])
  t.same(await answerOf(app, admin.key ?? ''), [200, ''])
  t.match(await api('DELETE', `/api/keys/${admin.id}`, {}, admin.key), { error: { type: 'conflict_error', message: /nobody/ } })
  await api('PATCH', `/api/keys/${admin.id}`, { expiresAt: new Date(Date.now() + 50).toISOString() }, admin.key)
  await sleep(60)
  t.match(await answerOf(app, admin.key ?? ''), [401, 'The key is expired; ask for a new one.'])
  t.match(await answerOf(app, '', { host: 'localhost' }), [401, /A key is required/])
})
