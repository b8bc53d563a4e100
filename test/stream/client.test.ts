import { once } from 'node:events'
import { connect } from 'node:net'
import t from 'tap'
import { oneProvider, startApp } from '../helper/app.ts'
import { openStream } from '../helper/events.ts'
import { delta, sse, startUpstream } from '../helper/upstream.ts'

t.test('a client that leaves closes the upstream connection', async t => {
  for (const when of ['before the head', 'in mid-stream'] as const) {
    const closed = new Promise<void>(resolve => {
      t.teardown(() => resolve())
      startUpstream(t, response => {
        response.on('close', resolve)
        if (when === 'in mid-stream') response.writeHead(200, { 'content-type': 'text/event-stream' }).write(sse(delta({ content: 'one' })))
      }).then(async upstream => {
        const { url } = await startApp(t, { config: oneProvider(upstream.url, 'openai', { Stream: { pingAfter: 20 } }) })
        const stream = await openStream(url, {})
        await stream.until(text => text.includes(when === 'in mid-stream' ? 'one' : 'ping'))
        stream.leave()
      }, t.threw)
    })
    await closed
    t.pass(when)
  }
})

t.test('a client that leaves a plain request closes it as well, and the log says so', async t => {
  const upstream = await startUpstream(t, () => {})
  const { url, log } = await startApp(t, { config: oneProvider(upstream.url) })
  const leaving = new AbortController()
  const call = fetch(`${url}/v1/messages`, { method: 'POST', signal: leaving.signal, headers: { 'content-type': 'application/json' }, body: JSON.stringify({ model: 'm', max_tokens: 5, messages: [{ role: 'user', content: 'x' }] }) })
  while (upstream.requests.length === 0) await new Promise(resolve => setImmediate(resolve))
  leaving.abort()
  await t.rejects(call)
  while (upstream.requests[0]?.aborted !== true || log.at(-1)?.['route'] !== '/v1/messages') await new Promise(resolve => setTimeout(resolve, 5))
  t.match(log.at(-1), { status: 499, provider: 'scripted' })
})

t.test('a client that does not read holds the provider back', async t => {
  const piece = sse(delta({ content: 'x'.repeat(64 * 1024) }))
  const total = 100 * 1024 * 1024
  let sent = 0
  const upstream = await startUpstream(t, async response => {
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    while (sent < total) {
      sent += piece.length
      if (!response.write(piece)) await once(response, 'drain')
    }
    response.end(sse(delta({}, 'stop'), '[DONE]'))
  })
  const { url } = await startApp(t, { config: oneProvider(upstream.url) })
  const { hostname, port } = new URL(url)
  const socket = connect(Number(port), hostname)
  const body = JSON.stringify({ model: 'm', max_tokens: 5, stream: true, messages: [{ role: 'user', content: 'x' }] })
  socket.write(`POST /v1/messages HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`)
  await once(socket, 'readable')

  // Nobody reads now: the provider must come to a standstill, all buffers on the way full.
  let before = -1
  for (let still = 0; still < 5;) {
    await new Promise(resolve => setTimeout(resolve, 50))
    still = sent === before ? still + 1 : 0
    before = sent
  }
  t.ok(sent < total / 4, `the provider was stopped after ${Math.round(sent / 1024 / 1024)} MB`)
  socket.destroy()
})
