import { once } from 'node:events'
import { type ServerResponse, createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { startApp } from '../helper/app.ts'
import { ask } from '../helper/ask.ts'
import { until } from '../helper/until.ts'
import { gatewayFolder, startGateway } from '../helper/gateway-process.ts'
import { USAGE, delta, json, sse, startUpstream } from '../helper/upstream.ts'

/** What is under way when the configuration changes, beside answers. */

const HEADERS = { 'content-type': 'application/json', 'x-api-key': 'admin-key' }
const PNG = Buffer.from('iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==', 'base64')

async function change (url: string, patch: object): Promise<void> {
  const reply = await fetch(`${url}/api/config`, { method: 'PATCH', headers: HEADERS, body: JSON.stringify(patch) })
  const text = await reply.text()
  if (reply.status !== 200) throw new Error(text)
}

/** A server of files: `/a` is redirected to `/b`, but not before it is let go. */
async function startFiles (t: Test): Promise<{ url: string, held: ServerResponse[] }> {
  const held: ServerResponse[] = []
  const server = createServer((request, response) => {
    if (request.url === '/a') held.push(response)
    else response.writeHead(200, { 'content-type': 'image/png' }).end(PNG)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, held }
}

t.test('a file that is loaded for a request', async t => {
  const files = await startFiles(t)
  const upstream = await startUpstream(t, response => json(response, { candidates: [{ content: { role: 'model', parts: [{ text: 'A dot.' }] }, finishReason: 'STOP' }], usageMetadata: { promptTokenCount: 1, candidatesTokenCount: 1 } }))
  const { url } = await startApp(t, {
    config: {
      APIKEY: 'admin-key',
      Providers: [{ name: 'p', api_base_url: `${upstream.url}/v1beta/models/`, api_key: 'k', models: ['m'], transformer: { use: ['gemini'] } }],
      Router: { default: 'p,m' },
      Media: { allowHosts: ['127.0.0.1'] }
    }
  })
  const asked = ask(url, { messages: [{ role: 'user', content: [{ type: 'image', source: { type: 'url', url: `${files.url}/a` } }, { type: 'text', text: 'What is it?' }] }] }, HEADERS)
  await until('the file is asked for', () => files.held.length > 0)
  await change(url, { Media: { timeout: 14_000 } })
  files.held[0]?.writeHead(302, { location: '/b' }).end()
  t.match(await asked, { status: 200, json: { content: [{ text: 'A dot.' }] } })
  t.match(JSON.stringify(upstream.requests[0]?.body), PNG.toString('base64'))
})

t.test('looks at a slow server: many changes are one', async t => {
  const held: ServerResponse[] = []
  const upstream = await startUpstream(t, response => { held.push(response) })
  const { url, app } = await startApp(t, { config: { APIKEY: 'admin-key', Providers: [{ name: 'p', api_base_url: `${upstream.url}/v1/chat/completions`, models: ['m'], transformer: { use: ['vllm'] } }], Router: { default: 'p,m' } } })
  await until('it is looked at', () => held.length === 1)
  for (let i = 0; i < 10; i++) await change(url, { Stream: { pingAfter: 1000 + i } })
  t.equal(upstream.requests.length, 1)
  for (const response of held) json(response, { data: [{ id: 'm', max_model_len: 4096 }] })
  await until('it is known', () => app.health.providers.get('p')?.status === 'up')
  t.equal(app.config.current.providers.get('p')?.get('m')?.capabilities.contextWindow, 4096, 'and what it told is known in the latest configuration')
})

t.test('a service that stops: the grace is that of the configuration in force', { timeout: 60_000 }, async t => {
  let end = (): void => {}
  const upstream = await startUpstream(t, response => {
    response.writeHead(200, { 'content-type': 'text/event-stream' }).write(sse(delta({ role: 'assistant', content: 'a' })))
    end = () => { response.end(sse(delta({ content: 'z' }), delta({}, 'stop', { usage: USAGE }), '[DONE]')) }
  })
  const folder = await gatewayFolder(t, { APIKEY: 'admin-key', Stream: { shutdownGrace: 0 }, Providers: [{ name: 'p', api_base_url: `${upstream.url}/v1/chat/completions`, models: ['m'] }], Router: { default: 'p,m' } })
  const { url, child } = await startGateway(t, folder)
  await change(url, { Stream: { shutdownGrace: 30_000 } })
  const reply = await fetch(`${url}/v1/messages`, { method: 'POST', headers: HEADERS, body: JSON.stringify({ model: 'x', max_tokens: 10, stream: true, messages: [{ role: 'user', content: 'Hi' }] }) })
  child.kill('SIGTERM')
  // Longer than the first configuration would have given it, five seconds for what is left included.
  await sleep(6000)
  t.equal(child.exitCode, null)
  end()
  t.match(await reply.text(), /"z"[^]*message_stop/)
  if (child.exitCode === null) await once(child, 'exit')
  t.equal(child.exitCode, 0)
})
