import { connect } from 'node:net'
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
    [{ model: 'm', max_tokens: 5, messages: [{ role: 'user', content: [{ type: 'image', source: { type: 'base64' } }] }] }, /^messages\.0\.content\.0\.source\.media_type: Field required$/],
    [{ model: 'm', max_tokens: 5, messages: [{ role: 'user', content: [{ type: 'image', source: { type: 'url' } }] }] }, /^messages\.0\.content\.0\.source\.url: Field required$/],
    [{ model: 'm', max_tokens: 5, messages: [{ role: 'user', content: [{ type: 'document', source: { type: 'content', content: 5 } }] }] }, /^messages\.0\.content\.0\.source\.content: Input should be a valid string or array$/],
    [{ model: 'm', max_tokens: 5, messages: [{ role: 'user', content: [{ type: 'search_result', source: 's', title: 't' }] }] }, /^messages\.0\.content\.0\.content: Field required$/],
    [{ model: 'm', max_tokens: 5, messages: [{ role: 'assistant', content: [{ type: 'thinking', thinking: 't', signature: 5 }] }] }, /^messages\.0\.content\.0\.signature: Input should be a valid string$/],
    [{ model: 'm', max_tokens: 5, messages: [{ role: 'assistant', content: [{ type: 'web_search_tool_result', tool_use_id: 'a', content: [null] }] }] }, /^messages\.0\.content\.0\.content\.0: Input should be a valid object$/],
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

t.test('what a client makes too deep, too many or unprintable is its own fault or none at all', async t => {
  const { app } = await readyApp(t)
  const post = async (body: string): Promise<{ statusCode: number, headers: Record<string, unknown> }> => app.inject({ method: 'POST', url: '/v1/messages', headers, payload: body })
  const message = '"model":"m","max_tokens":5,"messages":[{"role":"user","content":"hi"}]'
  const deep = (depth: number): string => `{${message},"tools":[{"name":"T","input_schema":${'{"a":'.repeat(depth)}{}${'}'.repeat(depth)}}]}`
  t.equal((await post(deep(200_000))).statusCode, 400, 'nested 200,000 deep')
  const blocks = Array.from({ length: 200_000 }, () => ({ type: 'text', text: 'x' }))
  t.equal((await post(JSON.stringify({ model: 'm', max_tokens: 5, messages: [{ role: 'user', content: blocks }] }))).statusCode, 200, '200,000 blocks')
  t.equal((await post(`{${message},"\\ud800":1}`)).statusCode, 200, 'a name that is half a character')
  const names = await post(`{${message},${Array.from({ length: 500 }, (_, i) => `"${i}${'n'.repeat(500)}":1`).join(',')}}`)
  t.ok(String(names.headers['x-router-dropped']).length <= 1000)
})

t.test('what is no JSON, too large or not there at all', async t => {
  const { app } = await readyApp(t)
  const broken = await app.inject({ method: 'POST', url: '/v1/messages', headers, payload: '{"model":' })
  t.match([broken.statusCode, broken.json().error], [400, { type: 'invalid_request_error', message: /not valid JSON/ }])
  const large = await app.inject({ method: 'POST', url: '/v1/messages', headers: { ...headers, 'content-length': String(33 * 1024 * 1024) }, payload: '{}' })
  t.match([large.statusCode, large.json().error], [413, { type: 'request_too_large', message: /^Prompt is too long: .*32 MB/ }])
  const nowhere = await app.inject({ method: 'GET', url: '/v1/nowhere?x=1', headers: { 'anthropic-version': '2023-06-01' } })
  t.match([nowhere.statusCode, nowhere.json().error], [404, { type: 'not_found_error', message: 'There is no GET /v1/nowhere here.' }])
  const form = await app.inject({ method: 'POST', url: '/v1/messages', headers: { 'content-type': 'text/plain' }, payload: 'hi' })
  t.match([form.statusCode, form.json().error], [415, { type: 'invalid_request_error', message: /application\/json/ }])
  const empty = await app.inject({ method: 'POST', url: '/v1/messages', headers })
  t.match([empty.statusCode, empty.json().error.type], [400, 'invalid_request_error'])
})

t.test('what is no HTTP request is refused in the same form', async t => {
  const { app } = await readyApp(t)
  const url = new URL(await app.listen({ host: '127.0.0.1', port: 0 }))
  const say = async (text: string): Promise<string> => {
    const socket = connect(Number(url.port), url.hostname)
    socket.end(text)
    let reply = ''
    for await (const piece of socket) reply += String(piece)
    return reply
  }
  t.match(await say('NONSENSE\r\n\r\n'), /^HTTP\/1\.1 400 [^]*request-id: req_[^]*"type":"invalid_request_error"/)
  t.match(await say(`GET / HTTP/1.1\r\nhost: x\r\nlarge: ${'x'.repeat(20_000)}\r\n\r\n`), /^HTTP\/1\.1 431 [^]*headers of the request are too large/)
  t.match(await say('GET /%zz HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n'), /^HTTP\/1\.1 400 [^]*request-id: req_[^]*"type":"invalid_request_error"/)
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
