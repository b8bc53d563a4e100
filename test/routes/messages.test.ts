import t from 'tap'
import { oneProvider, startApp } from '../helper/app.ts'
import { answer, startUpstream } from '../helper/upstream.ts'

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
