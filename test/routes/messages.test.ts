import t from 'tap'
import { oneProvider, startApp } from '../helper/app.ts'
import { USAGE, answer, delta, sse, startUpstream } from '../helper/upstream.ts'

t.test('a plain request is translated, answered and told how it was routed', async t => {
  const upstream = await startUpstream(t, (response, request) => answer(response, request, 'Hello.'))
  const { url, log } = await startApp(t, { config: oneProvider(upstream.url) })
  const response = await fetch(`${url}/v1/messages?beta=true`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'claude-x', max_tokens: 50, messages: [{ role: 'user', content: 'Hi' }] })
  })
  t.equal(response.status, 200)
  const message = await response.json() as Record<string, unknown>
  t.match(message, { type: 'message', role: 'assistant', model: 'claude-x', content: [{ type: 'text', text: 'Hello.' }], stop_reason: 'end_turn', usage: { input_tokens: 10, output_tokens: 5 } })
  t.match(Object.fromEntries(response.headers), { 'x-router-provider': 'scripted', 'x-router-model': 'test-model', 'x-router-rule': 'default', 'x-router-attempts': '1', 'request-id': /^req_/ })
  t.match(upstream.requests[0], { path: '/v1/chat/completions', headers: { authorization: 'Bearer upstream-secret' }, body: { model: 'test-model', max_tokens: 50, stream: false, messages: [{ role: 'user', content: 'Hi' }] } })
  t.match(log.at(-1), { route: '/v1/messages', status: 200, provider: 'scripted', usage: { output_tokens: 5 } })
})

t.test('an answer that the provider finished is whole, whatever becomes of the connection', async t => {
  const upstream = await startUpstream(t, response => {
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    response.write(sse(delta({ content: 'All of it.' }), delta({}, 'stop', { usage: USAGE })), () => setImmediate(() => response.destroy()))
  })
  const { url } = await startApp(t, { config: oneProvider(upstream.url) })
  for (const stream of [true, false]) {
    const response = await fetch(`${url}/v1/messages`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ model: 'm', max_tokens: 50, stream, messages: [{ role: 'user', content: 'Hi' }] }) })
    t.match(await response.text(), stream ? /All of it[^]*message_stop/ : /All of it.*"stop_reason":"end_turn"/)
  }
})

t.test('a byte order mark, cut between its bytes, belongs to nothing', async t => {
  const upstream = await startUpstream(t, async (response, request) => {
    const stream = request.body.stream
    response.writeHead(200, { 'content-type': 'application/octet-stream' })
    const bytes = Buffer.from(`\uFEFF${stream ? sse(delta({ content: 'Hello.' }), delta({}, 'stop'), '[DONE] ') : JSON.stringify({ choices: [{ message: { content: 'Hello.' }, finish_reason: 'stop' }] })}`)
    for (const piece of [bytes.subarray(0, 1), bytes.subarray(1, 2), bytes.subarray(2)]) {
      response.write(piece)
      await new Promise(resolve => setTimeout(resolve, 5))
    }
    response.end()
  })
  const { url } = await startApp(t, { config: oneProvider(upstream.url) })
  for (const stream of [true, false]) {
    const response = await fetch(`${url}/v1/messages`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ model: 'm', max_tokens: 50, stream, messages: [{ role: 'user', content: 'Hi' }] }) })
    t.match(await response.text(), /Hello\./)
    t.equal(response.status, 200)
  }
})
