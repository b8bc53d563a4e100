import { once } from 'node:events'
import { Agent, type IncomingMessage, request } from 'node:http'
import t from 'tap'
import { key, post, replica } from './stage.ts'

t.test('a hundred requests a minute, and not one more', async t => {
  const { admitted, ask } = await replica(t)
  t.equal(await admitted('ann', 130), 100)
  t.equal(await ask('ann'), 429)
  t.equal(await admitted('bob', 101), 100, 'each key has its own')
})

t.test('a key\'s own number and the configured one', async t => {
  const { admitted } = await replica(t, { limits: { requestsPerMinute: 5 }, keys: [key('ann', { requestsPerMinute: 7 }), key('bob', { requestsPerMinute: 1 })] })
  t.same(await Promise.all(['ann', 'bob', 'carl'].map(name => admitted(name, 10))), [7, 1, 5])
})

t.test('all routes for answers count together, and nothing else counts', async t => {
  const { ask, app } = await replica(t, { limits: { requestsPerMinute: 2 } })
  for (let i = 0; i < 5; i++) t.equal(await ask('ann', '/v1/messages/count_tokens'), 200)
  t.equal(await ask('ann', '/v1/nothing'), 404)
  t.equal(await ask('ann'), 200)
  t.equal(await ask('ann', '/v1/chat/completions'), 200)
  t.equal(await ask('ann', '/v1/chat/completions'), 429)
  t.equal(await ask('ann'), 429)
  t.equal(await ask('ann', '/v1/messages/count_tokens'), 200)
  t.same(app.limiter.refused, { requests: 2, tokens: 0, streams: 0 })
})

t.test('who needs no key has no limit', async t => {
  const { admitted } = await replica(t, { limits: { requestsPerMinute: 1 } })
  t.equal(await admitted('', 20), 20)
})

t.test('the refusal is Anthropic\'s, and says when to come again', async t => {
  const { url, ask } = await replica(t, { limits: { requestsPerMinute: 3 } })
  const first = await post(`${url}/v1/messages`, 'ann')
  for (const [name] of first.headers) t.notMatch(name, /ratelimit|retry/, 'no word of limits where none is reached')
  for (let i = 0; i < 2; i++) await ask('ann')
  const refused = await post(`${url}/v1/messages`, 'ann')
  const body = await refused.json() as { error: { message: string }, request_id: string }
  t.equal(refused.status, 429)
  t.match(body, { type: 'error', error: { type: 'rate_limit_error', message: /the key ann may send 3 requests a minute/ }, request_id: /^req_/ })
  t.match(refused.headers.get('retry-after'), /^\d+$/)
  const seconds = Number(refused.headers.get('retry-after'))
  t.ok(seconds >= 55 && seconds <= 60, `${seconds} s`)
  t.equal(refused.headers.get('anthropic-ratelimit-requests-limit'), '3')
  t.equal(refused.headers.get('anthropic-ratelimit-requests-remaining'), '0')
  const reset = refused.headers.get('anthropic-ratelimit-requests-reset') as string
  t.match(reset, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/)
  t.ok(Math.abs(Date.parse(reset) - Date.now() - seconds * 1000) <= 2000)
  t.ok(body.error.message.includes(reset))
  t.equal(refused.headers.get('x-should-retry'), null)
  t.equal(refused.headers.get('request-id'), body.request_id)
  t.equal(refused.headers.get('x-ratelimit-limit'), null)
})

t.test('a refusal comes before the body is read, and the connection serves on', async t => {
  const { url } = await replica(t, { limits: { requestsPerMinute: 1 } })
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  t.teardown(() => agent.destroy())
  const ports = new Set<number | undefined>()
  const send = async (path: string, body: string): Promise<number | undefined> => {
    const asked = request(url + path, { method: 'POST', agent, headers: { 'content-type': 'application/json', 'x-api-key': 'ann' } })
    asked.end(body)
    const [reply] = await once(asked, 'response') as [IncomingMessage]
    ports.add(asked.socket?.localPort)
    reply.resume()
    await once(reply, 'end')
    return reply.statusCode
  }
  t.equal(await send('/v1/messages', '{}'), 200)
  t.equal(await send('/v1/messages', 'this is no JSON'.repeat(1000)), 429, 'what is wrong with it is not even looked at')
  t.equal(await send('/v1/messages/count_tokens', '{}'), 200)
  t.equal(ports.size, 1)
})
