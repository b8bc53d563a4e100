import { once } from 'node:events'
import { createServer } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import t from 'tap'
import { oneProvider, startApp } from '../helper/app.ts'
import { answer, json, startUpstream } from '../helper/upstream.ts'

const request = { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ model: 'm', max_tokens: 5, messages: [{ role: 'user', content: 'hi' }] }) }

t.test('one connection serves request after request', async t => {
  const upstream = await startUpstream(t, (response, received) => answer(response, received, 'ok'))
  const { url } = await startApp(t, { config: oneProvider(upstream.url) })
  for (let i = 0; i < 5; i++) t.equal((await fetch(`${url}/v1/messages`, request)).status, 200)
  t.equal(upstream.sockets.size, 1)
})

t.test('PROXY_URL carries requests, but not those to this machine', async t => {
  const upstream = await startUpstream(t, (response, received) => answer(response, received, 'ok'))
  const asked: string[] = []
  const proxy = createServer()
  proxy.on('connect', (call, client) => {
    asked.push(call.url ?? '')
    const tunnel = connect(Number(new URL(upstream.url).port), '127.0.0.1', () => {
      client.write('HTTP/1.1 200 OK\r\n\r\n')
      tunnel.pipe(client).pipe(tunnel)
    })
    tunnel.on('error', () => client.destroy())
    client.on('error', () => tunnel.destroy())
  })
  proxy.listen(0, '127.0.0.1')
  await once(proxy, 'listening')
  t.teardown(() => proxy.close())
  const proxyUrl = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`

  const { url } = await startApp(t, { config: oneProvider('http://provider.invalid', 'openai', { PROXY_URL: proxyUrl }) })
  t.equal((await fetch(`${url}/v1/messages`, request)).status, 200)
  t.same(asked, ['provider.invalid:80'])

  const { url: direct } = await startApp(t, { config: oneProvider(upstream.url, 'openai', { PROXY_URL: proxyUrl }) })
  t.equal((await fetch(`${direct}/v1/messages`, request)).status, 200)
  t.equal(asked.length, 1, 'a model server of this machine needs no proxy')
})

t.test('a provider that cannot be reached is named, with what was the matter', async t => {
  const gone = await startUpstream(t, response => { response.destroy() })
  const { url, log } = await startApp(t, { config: oneProvider(gone.url) })
  const reset = await fetch(`${url}/v1/messages`, request)
  t.equal(reset.status, 502)
  t.match(await reset.json(), { error: { type: 'api_error', message: 'scripted closed the connection.' } })
  t.match(log.at(-1), { error: { message: 'scripted closed the connection.' } })

  const { url: refused } = await startApp(t, { config: oneProvider('http://127.0.0.1:1') })
  t.match(await (await fetch(`${refused}/v1/messages`, request)).json(), { error: { message: 'scripted could not be reached: connection refused.' } })
})

t.test('no key of a provider reaches a client or the log', async t => {
  const upstream = await startUpstream(t, response => json(response, { error: { message: 'Incorrect API key provided: upstream-secret' } }, 401))
  const { url, log } = await startApp(t, { config: oneProvider(upstream.url) })
  const response = await fetch(`${url}/v1/messages`, request)
  t.equal(response.status, 401)
  t.equal(response.headers.get('x-should-retry'), 'false')
  const text = await response.text()
  t.match(text, /scripted rejected the gateway's API key: Incorrect API key provided: \[key\]/)
  t.notMatch(text + JSON.stringify(log), /upstream-secret/)
})

t.test('nor does half of one, or one in an error that is put into other words', async t => {
  const messages = [`maximum context length; key upstream-secret ${'9'.repeat(100_000)}`, `${'x'.repeat(1995)}upstream-secret`]
  const upstream = await startUpstream(t, (response, _request, n) => json(response, { error: { message: messages[n] } }, 400))
  const { url } = await startApp(t, { config: oneProvider(upstream.url) })
  for (let i = 0; i < messages.length; i++) {
    const text = await (await fetch(`${url}/v1/messages`, request)).text()
    t.notMatch(text, /upstr/)
    t.ok(text.length < 3000, 'and it is cut')
  }
})
