import { createHash } from 'node:crypto'
import type { ServerResponse } from 'node:http'
import { brotliCompressSync, constants, deflateRawSync, deflateSync, gzipSync } from 'node:zlib'
import Anthropic from '@anthropic-ai/sdk'
import type { FastifyInstance } from 'fastify'
import t, { type Test } from 'tap'
import { newServerToolId } from '../../src/message/ids.ts'
import { sealReasoning } from '../../src/message/envelope.ts'
import { startApp } from '../helper/app.ts'
import { openStream } from '../helper/events.ts'
import { checkGrammar } from '../helper/grammar.ts'
import { cuts } from '../helper/recordings.ts'
import { type Received, type Script, json, startUpstream } from '../helper/upstream.ts'

/** Requests to a provider of the client's own wire: what is asked and answered goes on byte for byte. */

interface Service { app: FastifyInstance, url: string, requests: Received[], log: Record<string, unknown>[] }

async function service (t: Test, script: Script, options: object = {}, rest: object = {}): Promise<Service> {
  const upstream = await startUpstream(t, script)
  const provider = { name: 'native', api_base_url: `${upstream.url}/api`, api_key: 'upstream-secret', models: ['claude-opus-5'], transformer: { use: [['anthropic', options]] } }
  const { app, url, log } = await startApp(t, { config: { APIKEY: 'gateway-key', Providers: [provider], Router: { default: 'native,claude-opus-5' }, ...rest } })
  return { app, url, requests: upstream.requests, log }
}

function post (url: string, body: string, headers: Record<string, string> = {}, path = '/v1/messages?beta=true'): Promise<Response> {
  return fetch(url + path, { method: 'POST', body, headers: { 'content-type': 'application/json', 'x-api-key': 'gateway-key', ...headers } })
}

function sha (bytes: Buffer | string): string {
  return createHash('sha256').update(bytes).digest('hex')
}

/** Odd white space, escapes, numbers and key order: none of it may change. */
const BODY = `{ "max_tokens":1e2,\t"metadata" : {"user_id":"\\u00e9\\/\\ud83d\\ude00 é"},"model": "claude-\\u0078" ,
 "messages":[{"role":"user","content":[{"type":"text","text":"\\"model\\": \\\\\\"no\\\\\\" [{]}"}]}], "future_field":[1.0,-0,1E+2,{"model":"inner"}],"stream":true,"thinking":{"type":"adaptive"} }  `

const EVENTS = [
  ': a comment\n\n',
  'event: message_start\ndata: {"type":"message_start","message":{"id":"msg_9","type":"message","role":"assistant","model":"claude-opus-5-20260101","content":[],"stop_reason":null,"stop_sequence":null,"usage":{"input_tokens":7,"cache_read_input_tokens":100,"cache_creation_input_tokens":0,"output_tokens":1,"service_tier":"standard"},"new_field":{"model":"inner"}}}\n\n',
  'event: ping\ndata: {"type": "ping"}\n\n',
  'event: content_block_start\ndata: {"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}\n\n',
  'event: content_block_delta\ndata: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"Grüße 👩🏽‍💻 model"}}\n\n',
  'event: weather_report\ndata: {"type":"weather_report","model":"claude-opus-5-20260101"}\n\n',
  'event: content_block_stop\ndata: {"type":"content_block_stop","index":0}\n\n',
  'event: message_delta\ndata: {"type":"message_delta","delta":{"stop_reason":"end_turn","stop_sequence":null},"usage":{"output_tokens":12,"input_tokens":null}}\n\n',
  'event: message_stop\ndata: {"type":"message_stop"}\n\n'
].join('')

const HEADERS = { 'content-type': 'text/event-stream; charset=utf-8', 'request-id': 'req_upstream', 'anthropic-ratelimit-requests-remaining': '41', 'set-cookie': 'private=1', server: 'x' }

async function write (response: ServerResponse, pieces: readonly Buffer[]): Promise<void> {
  for (const piece of pieces) {
    await new Promise<void>(resolve => { response.write(piece, () => resolve()) })
    await new Promise(resolve => setImmediate(resolve))
  }
}

t.test('a request reaches the provider byte for byte, but for the model', async t => {
  const { url, requests } = await service(t, response => { response.writeHead(200, HEADERS).end(EVENTS) })
  await (await post(url, BODY)).text()
  const [received] = requests
  t.equal(sha(received?.raw ?? ''), sha(BODY.replace('"claude-\\u0078"', '"claude-opus-5"')))
  t.equal(received?.path, '/api/v1/messages?beta=true', 'the query of the client goes along')
})

t.test('a model that is named twice is replaced twice', async t => {
  const { url, requests } = await service(t, response => json(response, { type: 'message', model: 'm', content: [] }))
  const twice = '{"model":"a","max_tokens":1,"messages":[{"role":"user","content":"x"}],"mod\\u0065l":"b"}'
  await (await post(url, twice)).text()
  t.equal(requests[0]?.raw.toString(), twice.replace('"a"', '"claude-opus-5"').replace('"b"', '"claude-opus-5"'))
})

t.test('headers: Anthropic\'s own go on as they came, credentials do not', async t => {
  const { url, requests } = await service(t, response => json(response, { type: 'message', model: 'm', content: [] }), { headers: { 'X-Team': 'blue' } })
  await (await post(url, BODY.replace('"stream":true', '"stream":false'), { 'anthropic-version': '2026-10-21', 'anthropic-beta': 'a-2025-01-01, b-2026-02-02', 'anthropic-new-thing': 'yes', 'x-claude-code-session-id': 's-1', authorization: 'Bearer gateway-key', cookie: 'c=1', 'x-forwarded-for': '10.0.0.1' })).text()
  const headers = requests[0]?.headers ?? {}
  t.match(headers, { 'anthropic-version': '2026-10-21', 'anthropic-beta': 'a-2025-01-01, b-2026-02-02', 'anthropic-new-thing': 'yes', 'x-claude-code-session-id': 's-1', 'x-api-key': 'upstream-secret', 'x-team': 'blue' })
  for (const name of ['authorization', 'cookie', 'x-forwarded-for']) t.equal(headers[name], undefined, `${name} stays here`)
  t.notMatch(JSON.stringify(requests[0]?.headers), 'gateway-key')

  const bearer = await service(t, response => json(response, { type: 'message', model: 'm', content: [] }), { auth: 'bearer' })
  await (await post(bearer.url, BODY.replace('"stream":true', '"stream":false'))).text()
  t.match(bearer.requests[0]?.headers, { authorization: 'Bearer upstream-secret', 'anthropic-version': '2023-06-01' })
  t.equal(bearer.requests[0]?.headers['x-api-key'], undefined)
})

t.test('a stream comes back byte for byte, but for the model of its first event', async t => {
  const expected = EVENTS.replace('"model":"claude-opus-5-20260101","content"', '"model":"claude-x","content"')
  const ways: Record<string, (body: Buffer) => Buffer[]> = { whole: cuts.whole, bytewise: cuts.every(1), 'by chance': cuts.seeded(3), 'inside characters': cuts.insideCharacters }
  for (const [name, lineEnd] of [['LF', '\n'], ['CR LF', '\r\n']] as const) {
    for (const [way, cut] of Object.entries(ways)) {
      const { url, log } = await service(t, async response => {
        response.writeHead(200, HEADERS)
        await write(response, cut(Buffer.from(EVENTS.replaceAll('\n', lineEnd))))
        response.end()
      })
      const reply = await post(url, BODY)
      t.equal(sha(await reply.text()), sha(expected.replaceAll('\n', lineEnd)), `${name}, ${way}`)
      t.match(Object.fromEntries(reply.headers), { 'request-id': 'req_upstream', 'anthropic-ratelimit-requests-remaining': '41', 'x-router-model': 'claude-opus-5', 'x-router-provider': 'native' })
      t.equal(reply.headers.get('set-cookie'), null)
      t.match(log.find(({ msg }) => msg === 'request'), { usage: { input_tokens: 7, cache_read_input_tokens: 100, output_tokens: 12 }, stopReason: 'end_turn' }, 'usage is read on the side')
    }
  }
})

t.test('compressed replies are undone, and are the same bytes then', async t => {
  const plain = '{"type":"message","id":"msg_1","model":"claude-opus-5","content":[{"type":"text","text":"é"}],"stop_reason":"end_turn","usage":{"input_tokens":3,"output_tokens":4},"extra":1.0}'
  const pack: Record<string, (bytes: string) => Buffer> = { gzip: gzipSync, 'x-gzip': gzipSync, br: brotliCompressSync, deflate: deflateSync, 'Deflate ': deflateRawSync, 'gzip, identity': gzipSync }
  for (const [encoding, compress] of Object.entries(pack)) {
    const { url } = await service(t, (response, { body }) => { response.writeHead(200, { ...HEADERS, 'content-type': body.stream ? 'text/event-stream' : 'application/json', 'content-encoding': encoding }).end(compress(body.stream ? EVENTS : plain)) })
    const streamed = await post(url, BODY)
    t.equal(await streamed.text(), EVENTS.replace('"model":"claude-opus-5-20260101","content"', '"model":"claude-x","content"'))
    t.equal(streamed.headers.get('content-encoding'), null)
    t.equal(await (await post(url, BODY.replace('"stream":true', '"stream":false'))).text(), plain.replace('claude-opus-5', 'claude-x'))
  }
  const { url } = await service(t, response => { response.writeHead(200, { ...HEADERS, 'content-encoding': 'gzip' }).end(gzipSync(EVENTS).subarray(0, 200)) })
  t.match(await (await post(url, BODY)).text(), /closed the connection before its reply was complete|ended the reply before/, 'half of one is an error')
  const odd = await service(t, response => { response.writeHead(200, { ...HEADERS, 'content-encoding': 'rot13' }).end('x') })
  t.match(await (await post(odd.url, BODY)).text(), /in the encoding rot13, which the gateway does not read/)
})

t.test('errors pass unmodified, with the headers that clients go by', async t => {
  const body = '{"type":"error","error":{"type":"overloaded_error","message":"Overloaded","details":{"x":1}},"request_id":"req_u"}  '
  const given = { 'content-type': 'application/json', 'retry-after': '7', 'x-should-retry': 'true', 'anthropic-ratelimit-tokens-remaining': '0', 'request-id': 'req_u' }
  for (const stream of [true, false]) {
    for (const compressed of [true, false]) {
      const { url, log } = await service(t, response => { response.writeHead(529, compressed ? { ...given, 'content-encoding': 'gzip' } : given).end(compressed ? gzipSync(body) : body) })
      const reply = await post(url, BODY.replace('"stream":true', `"stream":${stream}`))
      t.equal(reply.status, 529)
      t.equal(await reply.text(), body)
      t.match(Object.fromEntries(reply.headers), { 'retry-after': '7', 'x-should-retry': 'true', 'anthropic-ratelimit-tokens-remaining': '0', 'request-id': 'req_u', 'x-router-provider': 'native' })
      t.match(log.find(({ msg }) => msg === 'request'), { status: 529, upstreamRequestId: 'req_u', error: { type: 'overloaded_error' } })
    }
  }
})

t.test('a refused key of ours is not tried again, and is not shown', async t => {
  const { url } = await service(t, response => json(response, { type: 'error', error: { type: 'authentication_error', message: 'invalid x-api-key upstream-secret' } }, 401))
  const reply = await post(url, BODY)
  t.equal(reply.status, 401)
  t.equal(reply.headers.get('x-should-retry'), 'false')
  const text = await reply.text()
  t.notMatch(text, 'upstream-secret')
  t.match(text, 'authentication_error')
})

t.test('what is no error of the API is told in our words', async t => {
  for (const [status, type, body, expected] of [
    [502, 'text/html', '<html>bad gateway</html>', 502],
    [302, 'text/plain', 'over there', 502],
    [500, 'application/json', '"what"', 500]
  ] as const) {
    const { url } = await service(t, response => { response.writeHead(status, { 'content-type': type, location: 'http://127.0.0.1:1/' }).end(body) })
    const reply = await post(url, BODY)
    t.equal(reply.status, expected, String(status))
    t.match(await reply.json(), { type: 'error', error: { type: 'api_error', message: /^native: / } })
  }
})

t.test('an error inside a 200 is an HTTP error before any content, and passes as an event after it', async t => {
  const error = 'event: error\ndata: {"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}\n\n'
  const upTo = (name: string): string => EVENTS.slice(0, EVENTS.indexOf(`event: ${name}`))
  for (const events of [error, upTo('ping') + error, upTo('content_block_start') + error]) {
    const { url } = await service(t, response => { response.writeHead(200, HEADERS).end(events) })
    const reply = await post(url, BODY)
    t.equal(reply.status, 529)
    t.match(await reply.json(), { type: 'error', error: { type: 'overloaded_error', message: 'Overloaded' } })
  }
  const { url, log } = await service(t, response => { response.writeHead(200, HEADERS).end(upTo('content_block_stop') + error) })
  const reply = await post(url, BODY)
  t.equal(reply.status, 200)
  const text = await reply.text()
  t.ok(text.endsWith(error), 'byte for byte')
  t.match(log.find(({ msg }) => msg === 'request'), { error: { type: 'overloaded_error' } })

  const plain = await service(t, response => json(response, { type: 'error', error: { type: 'overloaded_error', message: 'Overloaded' } }))
  t.equal((await post(plain.url, BODY.replace('"stream":true', '"stream":false'))).status, 529)
})

t.test('an error in mid-stream ends the reply, whatever becomes of the connection', async t => {
  const begun = EVENTS.slice(0, EVENTS.indexOf('event: weather_report'))
  let closed: () => void = () => {}
  const script = (last: string): Script => response => {
    response.on('close', () => closed())
    response.writeHead(200, HEADERS).write(begun + last)
  }
  for (const [how, last] of [
    ['as an event', 'event: error\ndata: {"type":"error","error":{"type":"overloaded_error","message":"no upstream-secret"}}\n\n'],
    ['outside of any event', '{"error":{"type":"overloaded_error","message":"no upstream-secret"}}\n\n']
  ] as const) {
    const gone = new Promise<void>(resolve => { closed = resolve })
    const { url } = await service(t, script(last))
    const reply = checkGrammar(await (await post(url, BODY)).text())
    t.match(reply, { ended: 'error', error: { type: 'overloaded_error', message: 'no [key]' } }, how)
    await gone
  }
})

t.test('nothing is waited for behind a whole answer', async t => {
  for (const encoding of [undefined, 'gzip']) {
    let closed: () => void = () => {}
    const gone = new Promise<void>(resolve => { closed = resolve })
    const { url } = await service(t, response => {
      response.on('close', () => closed())
      response.writeHead(200, encoding === undefined ? HEADERS : { ...HEADERS, 'content-encoding': encoding })
      // Without the trailer of the compression, on a connection that stays open.
      response.write(encoding === undefined ? EVENTS : gzipSync(EVENTS, { finishFlush: constants.Z_SYNC_FLUSH }))
    })
    t.ok((await (await post(url, BODY)).text()).endsWith('data: {"type":"message_stop"}\n\n'))
    await gone
  }
})

t.test('a stream that is cut ends in an error event, however it is cut', async t => {
  const ends: Record<string, (response: ServerResponse) => void> = { 'the end': response => response.end(), 'a broken connection': response => response.socket?.destroy() }
  const begin = Buffer.byteLength(EVENTS.slice(0, EVENTS.indexOf('event: weather_report')))
  for (const [how, end] of Object.entries(ends)) {
    for (let at = begin; at < EVENTS.length - 2; at += 41) {
      const { url } = await service(t, async response => {
        response.writeHead(200, HEADERS)
        await write(response, [Buffer.from(EVENTS).subarray(0, at)])
        end(response)
      })
      const reply = checkGrammar((await (await post(url, BODY)).text()).replace('event: weather_report\ndata: {"type":"weather_report","model":"claude-opus-5-20260101"}\n\n', '').replace(/event: message_delta\n.*\n\n(?=event: error)/, ''))
      t.equal(reply.ended, 'error', `${how} after ${at} bytes`)
    }
  }
  // A block that was opened is nothing yet, nor is half of its first piece.
  const delta = EVENTS.indexOf('event: content_block_delta')
  for (const at of [100, delta, delta + 41]) {
    const early = await service(t, response => { response.writeHead(200, HEADERS).end(Buffer.from(EVENTS).subarray(0, at)) })
    t.equal((await post(early.url, BODY)).status, 502, 'before any content it is an HTTP error')
  }
})

t.test('thinking of others is taken out of the bytes, and nothing else', async t => {
  const { url, requests } = await service(t, response => json(response, { type: 'message', model: 'm', content: [] }))
  const foreign = `{"type":"thinking","thinking":"d[e]e{p}","signature":"${sealReasoning({ family: 'deepseek', field: 'reasoning_content' }, 'x')}"}`
  const redacted = `{"data" : "${sealReasoning({ family: 'gemini', field: 'x' }, '')}","type":"redacted_thinking"}`
  const idle = '{"type":"thinking","thinking":"","signature":""}'
  const own = '{ "type":"thinking","thinking":"mine","signature":"EqQBCgIYAhIM" }'
  const text = '{"type":"text","text":"a, b"}'
  const turn = (...blocks: string[]): string => `{"role":"assistant","content":[${blocks.join(' ,\n ')}]}`
  const user = '{"role":"user", "content":"more"}'
  const request = (...messages: string[]): string => `{"model":"claude-opus-5","max_tokens":9,"messages":[ ${messages.join(', ')} ]}`
  for (const [sent, expected] of [
    [request(user, turn(foreign, text), user), request(user, turn(text), user)],
    [request(user, turn(text, foreign), user), request(user, turn(text), user)],
    [request(user, turn(foreign, redacted, own, text, idle), user), request(user, turn(own, text), user)],
    [request(user, turn(own, foreign, text), user), request(user, turn(own, text), user)],
    [request(user, turn(foreign), user), request(user, user)],
    [request(turn(foreign), user), request(user)],
    [request(user, turn(own, text), user), request(user, turn(own, text), user)]
  ] as const) {
    await (await post(url, sent)).text()
    const body = requests.at(-1)?.raw.toString() ?? ''
    t.strictSame(JSON.parse(body), JSON.parse(expected))
    t.equal(body.replaceAll(/[\s]/g, ''), expected.replaceAll(/[\s]/g, ''))
  }
  t.equal(requests.at(-1)?.raw.toString(), request(user, turn(own, text), user), 'with nothing to take out no byte differs')
})

t.test('a tool loop that another provider began goes on without thinking, where the API would refuse it', async t => {
  const { url, requests } = await service(t, response => json(response, { type: 'message', model: 'm', content: [] }))
  const foreign = { type: 'thinking', thinking: 'x', signature: sealReasoning({ family: 'deepseek', field: 'reasoning_content' }, 'x') }
  const own = { type: 'thinking', thinking: 'x', signature: 'EqQ' }
  const call = { type: 'tool_use', id: 'toolu_1', name: 'Read', input: {} }
  const ask = async (thinking: object, content: object[]): Promise<{ sent: Record<string, unknown>, dropped: string | null }> => {
    const reply = await post(url, JSON.stringify({
      model: 'm',
      max_tokens: 9,
      thinking,
      context_management: { edits: [{ type: 'clear_thinking_20251015', keep: 'all' }, { type: 'clear_tool_uses_20250919' }] },
      messages: [{ role: 'user', content: 'x' }, { role: 'assistant', content }, { role: 'user', content: [{ type: 'tool_result', tool_use_id: 'toolu_1', content: 'y' }] }]
    }))
    await reply.text()
    return { sent: requests.at(-1)?.body as unknown as Record<string, unknown>, dropped: reply.headers.get('x-router-dropped') }
  }
  const enabled = { type: 'enabled', budget_tokens: 2000 }
  const broken = await ask(enabled, [foreign, call])
  t.strictSame([broken.sent['thinking'], broken.sent['context_management'], broken.dropped], [{ type: 'disabled' }, { edits: [{ type: 'clear_tool_uses_20250919' }] }, 'thinking'])
  for (const [thinking, content] of [[{ type: 'adaptive' }, [foreign, call]], [enabled, [own, call]], [enabled, [foreign, own, call]], [enabled, [foreign, { type: 'text', text: 'so' }]]] as const) {
    const { sent, dropped } = await ask(thinking, [...content])
    t.strictSame([sent['thinking'], dropped], [thinking, null])
  }
})

t.test('searches that ran elsewhere stay out, and so do their citations', async t => {
  const { url, requests } = await service(t, response => json(response, { type: 'message', model: 'm', content: [] }))
  const search = (id: string, secret: string): object[] => [
    { type: 'server_tool_use', id, name: 'web_search', input: {} },
    { type: 'web_search_tool_result', tool_use_id: id, content: [{ type: 'web_search_result', url: 'https://a', title: 'A', encrypted_content: secret, page_age: null }] },
    { type: 'text', text: 'So.', citations: [{ type: 'web_search_result_location', url: 'https://a', title: 'A', encrypted_index: secret, cited_text: '' }] }
  ]
  const send = async (content: object[]): Promise<unknown> => {
    await (await post(url, JSON.stringify({ model: 'm', max_tokens: 9, messages: [{ role: 'user', content: 'x' }, { role: 'assistant', content }, { role: 'user', content: 'y' }] }))).text()
    return requests.at(-1)?.body.messages[1]?.content
  }
  t.strictSame(await send(search(newServerToolId(), '')), [{ type: 'text', text: 'So.', citations: null }])
  t.strictSame(await send(search('srvtoolu_01ABC', 'secret')), search('srvtoolu_01ABC', 'secret'), 'those of Anthropic go back as they came')
})

t.test('lists that are open stay open', async t => {
  const { url, requests } = await service(t, response => json(response, { type: 'message', model: 'm', content: [] }))
  const odd = { model: 'm', max_tokens: 9, thinking: { type: 'dreaming' }, tool_choice: { type: 'several' }, tools: [{ type: 'mcp_toolset', mcp_server_name: 's' }], messages: [{ role: 'user', content: 'x' }] }
  const reply = await post(url, JSON.stringify(odd))
  t.equal(reply.status, 200, await reply.text())
  t.match(requests[0]?.body, { ...odd, model: 'claude-opus-5' })
  t.equal((await post(url, JSON.stringify({ ...odd, tools: [{ input_schema: {} }] }))).status, 400, 'a tool of our own kind needs a name')
})

t.test('thinking that another host signed is kept from this one', async t => {
  const made = 'event: content_block_start\ndata: {"type":"content_block_start","index":0,"content_block":{"type":"thinking","thinking":"","signature":""}}\n\nevent: content_block_delta\ndata: {"type":"content_block_delta","index":0,"delta":{"type":"signature_delta","signature":"sig-of-one"}}\n\nevent: content_block_stop\ndata: {"type":"content_block_stop","index":0}\n\n'
  const script: Script = (response, { body }) => {
    if (body.stream) response.writeHead(200, HEADERS).end(EVENTS.slice(0, EVENTS.indexOf('event: content_block_start')) + made + EVENTS.slice(EVENTS.indexOf('event: message_delta')))
    else json(response, { type: 'message', model: 'm', content: [{ type: 'redacted_thinking', data: 'data-of-one' }] })
  }
  const one = await startUpstream(t, script)
  const two = await startUpstream(t, script)
  const provider = (name: string, base: string): object => ({ name, api_base_url: base, models: ['m'], transformer: { use: ['anthropic'] } })
  const { url } = await startApp(t, { config: { Providers: [provider('one', one.url), provider('two', two.url)], Router: { default: 'one,m' } } })
  const ask = (model: string, stream: boolean, content: object[]): Promise<string> => post(url, JSON.stringify({ model, max_tokens: 1, stream, messages: [{ role: 'user', content: 'x' }, { role: 'assistant', content: [...content, { type: 'text', text: 'so' }] }, { role: 'user', content: 'y' }] })).then(reply => reply.text())
  await ask('one,m', true, [])
  await ask('one,m', false, [])
  const blocks = [{ type: 'thinking', thinking: 'hm', signature: 'sig-of-one' }, { type: 'redacted_thinking', data: 'data-of-one' }, { type: 'thinking', thinking: 'nobody signed this', signature: '' }, { type: 'thinking', thinking: 'hm', signature: 'never-seen' }]
  await ask('one,m', false, blocks)
  await ask('two,m', false, blocks)
  const sentTo = (requests: Received[]): unknown[] => (requests.at(-1)?.body.messages[1] as unknown as { content: { type: string, signature?: string }[] }).content.map(({ type, signature }) => signature ?? type)
  t.strictSame(sentTo(one.requests), ['sig-of-one', 'redacted_thinking', 'never-seen', 'text'])
  t.strictSame(sentTo(two.requests), ['never-seen', 'text'])
})

t.test('an adapter changes requests and replies, which are written anew then', async t => {
  const upstream = await startUpstream(t, (response, { body }) => {
    if (body.stream) response.writeHead(200, HEADERS).end(EVENTS)
    else json(response, { type: 'message', model: 'm', content: [{ type: 'text', text: 'Hi', citations: null }, { type: 'tool_use', id: 'toolu_1', name: 'Read', input: { a: 1 } }], stop_reason: 'tool_use', usage: { input_tokens: 3, output_tokens: 4 } })
  })
  const provider = { name: 'native', api_base_url: upstream.url, models: ['m'], transformer: { use: ['anthropic', ['maxtoken', { max_tokens: 77 }]] } }
  const { url } = await startApp(t, { config: { Providers: [provider], Router: { default: 'native,m' } } })
  const client = new Anthropic({ baseURL: url, apiKey: 'x', maxRetries: 0 })
  const request = { model: 'claude-x', max_tokens: 100, messages: [{ role: 'user' as const, content: 'Hi' }] }
  const plain = await client.messages.create(request)
  t.match(plain, { model: 'claude-x', content: [{ type: 'text', text: 'Hi' }, { type: 'tool_use', id: 'toolu_1', input: { a: 1 } }], stop_reason: 'tool_use', usage: { input_tokens: 3, output_tokens: 4 } })
  t.equal(upstream.requests[0]?.body.max_tokens, 77)
  await (await post(url, BODY.replace('"stream":true', '"stream":false'), { 'anthropic-version': '2026-10-21', 'anthropic-beta': 'context-management-2025-06-27' })).text()
  t.match(upstream.requests.at(-1), { path: '/v1/messages?beta=true', headers: { 'anthropic-version': '2026-10-21', 'anthropic-beta': 'context-management-2025-06-27' } }, 'a beta and its fields travel together')
  const streamed = await client.messages.stream(request).finalMessage()
  t.match(streamed, { model: 'claude-x', content: [{ type: 'text', text: 'Grüße 👩🏽‍💻 model' }], stop_reason: 'end_turn', usage: { input_tokens: 7, output_tokens: 12 } })
})

t.test('a reply in the other form is turned into the one that was asked for', async t => {
  const { url } = await service(t, (response, { body }) => {
    if (body.stream) json(response, { type: 'message', id: 'msg_1', model: 'm', content: [{ type: 'thinking', thinking: 'hm', signature: 'S' }, { type: 'text', text: 'Hi' }], stop_reason: 'end_turn', stop_sequence: null, usage: { input_tokens: 3, output_tokens: 4 } })
    else response.writeHead(200, HEADERS).end(EVENTS)
  })
  const streamed = checkGrammar(await (await post(url, BODY)).text())
  t.match(streamed, { model: 'claude-x', stopReason: 'end_turn', content: [{ type: 'thinking', thinking: 'hm', signature: 'S' }, { type: 'text', text: 'Hi' }] })
  t.match(await (await post(url, BODY.replace('"stream":true', '"stream":false'))).json(), { model: 'claude-x', content: [{ type: 'text', text: 'Grüße 👩🏽‍💻 model' }], stop_reason: 'end_turn' })
})

t.test('thinking whose text is kept back still goes back', async t => {
  const events = [
    ['message_start', { message: { id: 'm', type: 'message', role: 'assistant', model: 'm', content: [], usage: { input_tokens: 1, output_tokens: 1 } } }],
    ['content_block_start', { index: 0, content_block: { type: 'thinking', thinking: '', signature: '' } }],
    ['content_block_delta', { index: 0, delta: { type: 'signature_delta', signature: 'SIG' } }],
    ['content_block_stop', { index: 0 }],
    ['content_block_start', { index: 1, content_block: { type: 'tool_use', id: 'toolu_1', name: 'Read', input: {} } }],
    ['content_block_stop', { index: 1 }],
    ['message_delta', { delta: { stop_reason: 'tool_use', stop_sequence: null }, usage: { output_tokens: 2 } }],
    ['message_stop', {}]
  ].map(([type, rest]) => `event: ${String(type)}\ndata: ${JSON.stringify({ type, ...rest as object })}\n\n`).join('')
  const { url } = await service(t, (response, { body }) => {
    if (body.stream) json(response, { type: 'message', model: 'm', content: [{ type: 'thinking', thinking: '', signature: 'SIG' }, { type: 'tool_use', id: 'toolu_1', name: 'Read', input: {} }], stop_reason: 'tool_use', usage: { input_tokens: 1, output_tokens: 2 } })
    else response.writeHead(200, HEADERS).end(events)
  })
  const expected = [{ type: 'thinking', thinking: '', signature: 'SIG' }, { type: 'tool_use', id: 'toolu_1', name: 'Read', input: {} }]
  t.strictSame(checkGrammar(await (await post(url, BODY)).text()).content, expected)
  t.strictSame((await (await post(url, BODY.replace('"stream":true', '"stream":false'))).json() as { content: object[] }).content, expected)
})

t.test('silence is carried by pings before the answer, and by empty deltas within a block', async t => {
  const begun = EVENTS.slice(0, EVENTS.indexOf('event: content_block_stop'))
  const { url } = await service(t, (response, { body }) => {
    if (body.max_tokens === 1) response.writeHead(200, HEADERS).flushHeaders()
    else response.writeHead(200, HEADERS).write(begun)
  }, {}, { Stream: { pingAfter: 20, contentAfter: 60 } })
  const silent = await openStream(url, { max_tokens: 1 }, { 'x-api-key': 'gateway-key' })
  t.match(await silent.until(text => text.split('event: ping').length > 2), /^event: ping\n/)
  silent.leave()
  const open = await openStream(url, {}, { 'x-api-key': 'gateway-key' })
  t.match(await open.until(text => text.includes('"text_delta","text":""')), /"index":0,"delta":\{"type":"text_delta","text":""\}/)
  open.leave()
})

t.test('a client that leaves closes the connection to the provider', async t => {
  let closed: () => void
  const gone = new Promise<void>(resolve => { closed = resolve })
  const { url } = await service(t, response => {
    response.on('close', () => closed())
    response.writeHead(200, HEADERS).write(EVENTS.slice(0, EVENTS.indexOf('event: content_block_stop')))
  })
  const stream = await openStream(url, {}, { 'x-api-key': 'gateway-key' })
  await stream.until(text => text.includes('Grüße'))
  stream.leave()
  await gone
  t.pass('it was closed')
})

t.test('tokens are counted by the provider that would serve', async t => {
  const { url, requests } = await service(t, (response, { path }) => path.includes('count_tokens') ? json(response, { input_tokens: 42, extra: true }) : json(response, {}, 404))
  const body = '{"model": "claude-x", "messages":[{"role":"user","content":"Hi"}], "tools":[] }'
  const reply = await post(url, body, { 'anthropic-beta': 'token-counting-2024-11-01' }, '/v1/messages/count_tokens?beta=true')
  t.strictSame(await reply.json(), { input_tokens: 42, extra: true })
  t.equal(requests[0]?.path, '/api/v1/messages/count_tokens?beta=true')
  t.equal(requests[0]?.raw.toString(), body.replace('claude-x', 'claude-opus-5'))
  t.equal(requests[0]?.headers['anthropic-beta'], 'token-counting-2024-11-01')
  const without = await service(t, response => json(response, { error: 'no such path' }, 404))
  t.match(await (await post(without.url, body, {}, '/v1/messages/count_tokens')).json(), { input_tokens: Number }, 'else they are estimated')
  const refusing = await service(t, response => json(response, { type: 'error', error: { type: 'invalid_request_error', message: 'no' } }, 400))
  const refused = await post(refusing.url, body, {}, '/v1/messages/count_tokens')
  t.equal(refused.status, 400)
  t.equal(await refused.text(), '{"type":"error","error":{"type":"invalid_request_error","message":"no"}}')
})

t.test('a shutdown ends what hangs, when its grace is over', async t => {
  for (const path of ['/v1/messages', '/v1/messages/count_tokens']) {
    const asked = new Promise<void>(resolve => { t.context = resolve })
    const { app, url } = await service(t, () => { (t.context as () => void)() }, {}, { Stream: { shutdownGrace: 20 } })
    const reply = post(url, BODY.replace('"stream":true', '"stream":false'), {}, path)
    await asked
    await app.close()
    t.match(await (await reply).json(), { error: { type: 'overloaded_error', message: 'The gateway was shut down.' } }, path)
  }
})
