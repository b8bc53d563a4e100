import t from 'tap'
import { readyApp } from '../helper/app.ts'

const headers = { 'content-type': 'application/json' }

t.test('a body that is not valid is told with the field and what would be right', async t => {
  const { app } = await readyApp(t)
  const message = { role: 'user', content: 'hi' }
  const cases: [unknown, RegExp][] = [
    [{ max_tokens: 5, messages: [message] }, /^model: Field required$/],
    [{ model: 'm', messages: [message] }, /^max_tokens: Field required$/],
    [{ model: 'm', max_tokens: '5', messages: [message] }, /^max_tokens: Input should be a valid integer$/],
    [{ model: 'm', max_tokens: 5, messages: [] }, /^messages: List should have at least one item$/],
    [{ model: 'm', max_tokens: 5, messages: [{ role: 'tool', content: 'x' }] }, /^messages\.0\.role: Input should be 'user', 'assistant' or 'system'$/],
    [{ model: 'm', max_tokens: 5, messages: [message, { role: 'user' }] }, /^messages\.1\.content: Field required$/],
    [{ model: 'm', max_tokens: 5, messages: [{ role: 'user', content: [{ text: 'x' }] }] }, /^messages\.0\.content\.0\.type: Field required$/],
    [{ model: 'm', max_tokens: 5, messages: [{ role: 'user', content: [{ type: 'text' }] }] }, /^messages\.0\.content\.0\.text: Field required$/],
    [{ model: 'm', max_tokens: 5, messages: [{ role: 'assistant', content: [{ type: 'tool_use', name: 'x', input: {} }] }] }, /^messages\.0\.content\.0\.id: Field required$/],
    [{ model: 'm', max_tokens: 5, messages: [{ role: 'user', content: [{ type: 'tool_result', tool_use_id: 'a', content: [{ type: 'image' }] }] }] }, /^messages\.0\.content\.0\.content\.0\.source: Field required$/],
    [{ model: 'm', max_tokens: 5, messages: [message], tools: [{ description: 'x' }] }, /^tools\.0\.name: Field required$/],
    [{ model: 'm', max_tokens: 5, messages: [message], thinking: { type: 'maybe' } }, /^thinking\.type: Input should be 'enabled', 'adaptive', 'disabled' or 'between_tools'$/],
    [[], /^The body: Input should be a valid object$/]
  ]
  for (const [payload, expected] of cases) {
    const reply = await app.inject({ method: 'POST', url: '/v1/messages', headers, payload: JSON.stringify(payload) })
    t.equal(reply.statusCode, 400, JSON.stringify(payload))
    t.match(reply.json(), { type: 'error', error: { type: 'invalid_request_error', message: expected } })
  }
})

t.test('fields and blocks that nobody knows yet pass', async t => {
  const { app } = await readyApp(t)
  const payload = { model: 'm', max_tokens: 5, future: { a: 1 }, messages: [{ role: 'user', content: [{ type: 'text', text: 'hi', cache_control: { type: 'ephemeral' } }, { type: 'hologram', data: 1 }] }] }
  const reply = await app.inject({ method: 'POST', url: '/v1/messages?beta=true', headers, payload })
  t.equal(reply.statusCode, 200)
  t.equal(reply.headers['x-router-dropped'], 'future, messages.hologram', 'and are named where they cannot be carried')
})

t.test('what is no JSON, too large or not there at all', async t => {
  const { app } = await readyApp(t)
  const broken = await app.inject({ method: 'POST', url: '/v1/messages', headers, payload: '{"model":' })
  t.match([broken.statusCode, broken.json().error], [400, { type: 'invalid_request_error', message: /not valid JSON/ }])
  const large = await app.inject({ method: 'POST', url: '/v1/messages', headers: { ...headers, 'content-length': String(33 * 1024 * 1024) }, payload: '{}' })
  t.match([large.statusCode, large.json().error], [413, { type: 'request_too_large', message: /^Prompt is too long: .*32 MB/ }])
  const nowhere = await app.inject({ method: 'GET', url: '/v1/nowhere?x=1' })
  t.match([nowhere.statusCode, nowhere.json().error], [404, { type: 'not_found_error', message: 'There is no GET /v1/nowhere here.' }])
  const form = await app.inject({ method: 'POST', url: '/v1/messages', headers: { 'content-type': 'text/plain' }, payload: 'hi' })
  t.match([form.statusCode, form.json().error], [415, { type: 'invalid_request_error', message: /application\/json/ }])
  const empty = await app.inject({ method: 'POST', url: '/v1/messages', headers })
  t.match([empty.statusCode, empty.json().error.type], [400, 'invalid_request_error'])
})

t.test('a fault of the gateway tells nothing but its request id', async t => {
  const { app, log } = await readyApp(t, {})
  app.upstream.send = () => { throw new Error('secret detail') }
  const reply = await app.inject({ method: 'POST', url: '/v1/messages', headers, payload: { model: 'm', max_tokens: 5, messages: [{ role: 'user', content: 'hi' }] } })
  t.equal(reply.statusCode, 500)
  t.match(reply.json().error, { type: 'api_error', message: /Internal error/ })
  t.notMatch(reply.body, /secret detail|at /)
  t.ok(log.some(line => line['requestId'] === reply.json().request_id && /secret detail/.test(JSON.stringify(line))), 'the log has it')
})
