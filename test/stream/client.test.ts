import { once } from 'node:events'
import { type IncomingMessage, request } from 'node:http'
import { connect } from 'node:net'
import t from 'tap'
import { oneProvider, startApp } from '../helper/app.ts'
import { openStream } from '../helper/events.ts'
import { checkGrammar } from '../helper/grammar.ts'
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

/** A provider of the Messages API whose streams are written anew, since an adapter may change them. */
function rewriting (upstreamUrl: string, Stream: object): object {
  return {
    Providers: [{ name: 'scripted', api_base_url: `${upstreamUrl}/v1`, api_key: 'upstream-secret', models: ['m'], transformer: { use: ['anthropic', ['customparams', { top_k: 1 }]] } }],
    Router: { default: 'scripted,m' },
    Stream
  }
}

const event = (data: { type: string, [field: string]: unknown }): string => `event: ${data.type}\ndata: ${JSON.stringify(data)}\n\n`
const BEGIN = event({ type: 'message_start', message: { usage: { input_tokens: 1, output_tokens: 1 } } })
const END = event({ type: 'message_delta', delta: { stop_reason: 'end_turn', stop_sequence: null }, usage: { output_tokens: 9 } }) + event({ type: 'message_stop' })
const block = (index: number, text: string): string => event({ type: 'content_block_start', index, content_block: { type: 'text', text: '' } }) + event({ type: 'content_block_delta', index, delta: { type: 'text_delta', text } }) + event({ type: 'content_block_stop', index })

t.test('a client that stands still is sent no signs of life, and misses nothing when it reads on', async t => {
  const text = 'x'.repeat(64 * 1024)
  // The client stands still between two of them: their words take much longer than their begin and end.
  const blocks = 400
  let sent = 0
  const upstream = await startUpstream(t, async response => {
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    response.write(BEGIN)
    for (; sent < blocks; sent++) if (!response.write(block(sent, text))) await once(response, 'drain')
    response.end(END)
  })
  const { url } = await startApp(t, { config: rewriting(upstream.url, { pingAfter: 10, contentAfter: 10 }) })
  const call = request(`${url}/v1/messages`, { method: 'POST', headers: { 'content-type': 'application/json' } })
  call.end(JSON.stringify({ model: 'm', max_tokens: 5, stream: true, messages: [{ role: 'user', content: 'x' }] }))
  const [response] = await once(call, 'response') as [IncomingMessage]
  for (let before = -1, still = 0; still < 5;) {
    await new Promise(resolve => setTimeout(resolve, 50))
    still = sent === before ? still + 1 : 0
    before = sent
  }
  t.ok(sent < blocks, `all stood still after ${sent} blocks`)
  const pieces: Buffer[] = []
  for await (const piece of response) pieces.push(piece as Buffer)
  const reply = checkGrammar(Buffer.concat(pieces).toString())
  t.match(reply, { ended: 'message_stop', stopReason: 'end_turn' })
  t.equal(reply.content.filter(block => block['text'] === text).length, blocks)
})

t.test('a block that kept the client waiting between two others takes in what follows', async t => {
  let goOn = (): void => {}
  const upstream = await startUpstream(t, response => {
    response.writeHead(200, { 'content-type': 'text/event-stream' }).write(BEGIN + block(0, 'one'))
    goOn = () => response.end(block(1, 'two') + END)
  })
  const { url } = await startApp(t, { config: rewriting(upstream.url, { contentAfter: 20 }) })
  const stream = await openStream(url, { thinking: { type: 'disabled' } })
  await stream.until(text => text.includes('"text_delta","text":""'))
  goOn()
  t.strictSame(checkGrammar(await stream.end()).content, [{ type: 'text', text: 'one' }, { type: 'text', text: 'two' }])
})
