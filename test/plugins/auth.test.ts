import t from 'tap'
import { listenProblem } from '../../src/http/listen-problem.ts'
import { readyApp } from '../helper/app.ts'

const body = { model: 'm', max_tokens: 5, messages: [{ role: 'user', content: 'hi' }] }
const json = { 'content-type': 'application/json' }

t.test('with keys, each of them opens, in either header, and nothing else does', async t => {
  const { app } = await readyApp(t, { env: { APIKEY: 'main-key', VALID_API_KEYS: 'ann, bob' } })
  const post = async (headers: Record<string, string>): Promise<number> => (await app.inject({ method: 'POST', url: '/v1/messages', headers: { ...json, host: 'gateway.example', ...headers }, payload: body })).statusCode
  t.equal(await post({ 'x-api-key': 'main-key' }), 200)
  t.equal(await post({ 'x-api-key': 'ann' }), 200)
  t.equal(await post({ authorization: 'Bearer bob' }), 200)
  t.equal(await post({ authorization: 'bearer bob' }), 200)
  t.equal(await post({ 'x-api-key': 'left-over', authorization: 'Bearer bob' }), 200, 'one of two suffices')
  for (const headers of [{}, { 'x-api-key': 'main-key2' }, { 'x-api-key': 'main-ke' }, { 'x-api-key': '' }, { authorization: 'Bearer ' }, { authorization: 'Basic bob' }, { 'x-api-key': 'ann, bob' }]) t.equal(await post(headers), 401, JSON.stringify(headers))
})

t.test('a missing key is told in the client\'s form, once and for all', async t => {
  const { app } = await readyApp(t, { env: { APIKEY: 'main-key' } })
  const reply = await app.inject({ method: 'POST', url: '/v1/messages', headers: json, payload: body })
  t.match(reply.json(), { type: 'error', error: { type: 'authentication_error', message: /x-api-key/ }, request_id: /^req_/ })
  t.equal(reply.headers['x-should-retry'], 'false', 'Claude Code would repeat it for three minutes')
  t.equal(reply.headers['request-id'], reply.json().request_id)
  const unknown = await app.inject({ url: '/v1/nothing', headers: { host: 'gateway.example' } })
  t.equal(unknown.statusCode, 401, 'who has no key does not learn what there is')
})

t.test('health and the probes need no key', async t => {
  const { app } = await readyApp(t, { env: { APIKEY: 'main-key' } })
  for (const [method, url] of [['GET', '/health'], ['GET', '/'], ['HEAD', '/'], ['HEAD', '/api/hello']] as const) {
    t.equal((await app.inject({ method, url, headers: { host: 'gateway.example' } })).statusCode, 200, `${method} ${url}`)
  }
})

t.test('without a key only this machine is served, and no web page', async t => {
  const { app } = await readyApp(t)
  const post = async (headers: Record<string, string>): Promise<number> => (await app.inject({ method: 'POST', url: '/v1/messages', headers: { ...json, ...headers }, payload: body })).statusCode
  for (const host of ['localhost', 'localhost:3456', '127.0.0.1:3456', '127.9.9.9', '[::1]:3456']) t.equal(await post({ host }), 200, host)
  for (const host of ['gateway.example', '10.0.0.1:3456', 'localhost.evil.example', '127.0.0.1.evil.example', '[::2]']) t.equal(await post({ host }), 403, host)
  t.equal(await post({ host: 'localhost:3456', origin: 'http://localhost:3456' }), 200, 'its own page')
  for (const origin of ['https://evil.example', 'null', 'http://localhost:8080', 'http://localhost:3456.evil.example']) t.equal(await post({ host: 'localhost:3456', origin }), 403, origin)
  t.equal(await post({ host: 'localhost:3456', 'sec-fetch-site': 'cross-site' }), 403)
  t.equal((await app.inject({ url: '/health', headers: { host: 'evil.example' } })).statusCode, 403, 'health as well: a page must not even find it')
})

t.test('without a key it must not listen where others can reach it', async t => {
  for (const host of ['127.0.0.1', 'localhost', '::1', '127.1.2.3']) t.equal(listenProblem(host, []), undefined, host)
  for (const host of ['0.0.0.0', '::', '192.168.0.1', 'gateway.example']) {
    t.match(listenProblem(host, []), /^HOST: .*APIKEY/, host)
    t.equal(listenProblem(host, ['key']), undefined)
  }
})
