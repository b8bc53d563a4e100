import type { ServerResponse } from 'node:http'
import { setImmediate } from 'node:timers/promises'
import type { FastifyInstance } from 'fastify'
import t, { type Test } from 'tap'
import { ApiError } from '../../src/errors.ts'
import { startApp } from '../helper/app.ts'
import { ask, askStream } from '../helper/ask.ts'
import { openStream } from '../helper/events.ts'
import { EVENT_STREAM, type Play, SPEECH, type WireName, refuse } from '../helper/faulty.ts'
import { checkGrammar, readFrames } from '../helper/grammar.ts'
import { type Received, type ScriptedUpstream, json, startUpstream } from '../helper/upstream.ts'

/** Replies that look like answers and are none, clients that leave early, faults of our own, and keys that count tokens. */

interface Cast { app: FastifyInstance, url: string, log: Record<string, unknown>[], upstreams: ScriptedUpstream[], asked: () => number[] }

interface Part { kind?: 'openai' | 'anthropic' | 'openrouter', play: Play, keys?: string[] }

/** A service with a provider for each part, `a`, `b` … with the model `m`, each tried once in this order. */
async function cast (t: Test, parts: readonly Part[], rest: object = {}): Promise<Cast> {
  const upstreams = await Promise.all(parts.map(({ kind = 'openai', play }) => startUpstream(t, (response, request) => play(response, request, wireOf(kind)))))
  const providers = parts.map(({ kind = 'openai', keys = ['upstream-secret'] }, i) => ({ name: 'abc'.charAt(i), api_base_url: `${upstreams[i]?.url}/v1${kind === 'anthropic' ? '' : '/chat/completions'}`, api_key: keys, models: ['m'], transformer: { use: [kind] } }))
  const [first, ...fallback] = providers.map(({ name }) => `${name},m`)
  const { app, url, log } = await startApp(t, { config: { Providers: providers, fallback: { default: fallback }, Router: { default: first }, Failover: { tries: 1, breakAfter: 1000 }, ...rest } })
  return { app, url, log, upstreams, asked: () => upstreams.map(({ requests }) => requests.length) }
}

function wireOf (kind: Part['kind']): WireName {
  return kind === 'anthropic' ? 'anthropic' : 'openai'
}

const well = (text: string): Play => (response, request, wire) => SPEECH[wire].answer(response, request, text)
const spare: Part = { play: well('second') }

function event (data: { type: string, [field: string]: unknown }): string {
  return `event: ${data.type}\ndata: ${JSON.stringify(data)}\n\n`
}

const BEGIN = SPEECH.anthropic.beginning
const STOP = event({ type: 'message_stop' })
const END = event({ type: 'message_delta', delta: { stop_reason: 'end_turn', stop_sequence: null }, usage: { input_tokens: 7, output_tokens: 0 } })
const CLOSE = event({ type: 'content_block_stop', index: 0 })
const start = (block: object): string => event({ type: 'content_block_start', index: 0, content_block: block })
const delta = (delta: object): string => event({ type: 'content_block_delta', index: 0, delta })
const TEXT = start({ type: 'text', text: '' })
/** Blocks that deltas fill. */
const EMPTY = [TEXT, start({ type: 'thinking', thinking: '', signature: '' }), start({ type: 'tool_use', id: 'toolu_1', name: 'Read', input: {} })]

/** A request that brings along what the provider is to say, and a provider that says it. */
const toSay = (content: string): object => ({ messages: [{ role: 'user', content }] })
const said = ({ body }: Received): string => String(body.messages[0]?.content)
const saying = (head: Record<string, string>): Play => (response, request) => { response.writeHead(200, head).end(said(request)) }

async function until (condition: () => boolean): Promise<void> {
  while (!condition()) await setImmediate()
}

async function count (url: string, content = 'Hi'): Promise<{ status: number, body: unknown }> {
  const response = await fetch(`${url}/v1/messages/count_tokens`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ model: 'claude-x', messages: [{ role: 'user', content }] }) })
  return { status: response.status, body: await response.json() }
}

t.test('a message that ends with nothing in it is no answer', async t => {
  const [second, alone] = [await cast(t, [{ kind: 'anthropic', play: saying(EVENT_STREAM) }, spare]), await cast(t, [{ kind: 'anthropic', play: saying(EVENT_STREAM) }])]
  for (const said of [BEGIN + STOP, BEGIN + TEXT + STOP, BEGIN + event({ type: 'message_delta', delta: {}, usage: { output_tokens: 0 } }) + STOP, (BEGIN + STOP).trimEnd()]) {
    const { headers, text } = await ask(second.url, { stream: true, ...toSay(said) })
    t.match(checkGrammar(text), { content: [{ type: 'text', text: 'second' }] })
    t.equal(headers.get('x-router-attempts'), '2; a,m 502')
    t.match(await ask(alone.url, { stream: true, ...toSay(said) }), { status: 502, json: { error: { type: 'api_error', message: 'a answered with an empty reply.' } } })
  }
  await until(() => second.log.filter(({ msg }) => msg === 'request').length === 4)
  t.match(second.log.findLast(({ msg }) => msg === 'request'), { attempts: [{ error: { status: 502 } }, {}] })
  t.match(await askStream(second.url, toSay(BEGIN + END + STOP)), { ended: 'message_stop', stopReason: 'end_turn', content: { length: 0 } }, 'one that says why it is empty is')
  t.strictSame(second.asked(), [5, 4])
})

t.test('a plain 200 that passes must be a message', async t => {
  const bodies: [body: object, status: number, type: string][] = [
    [{ error: { type: 'overloaded_error', message: 'busy' } }, 529, 'overloaded_error'],
    [{ error: { message: 'broke', code: 500 } }, 502, 'api_error'],
    [{ error: 'broke' }, 502, 'api_error'],
    [{ type: 'message', role: 'assistant', content: [], error: { type: 'api_error', message: 'broke' } }, 502, 'api_error'],
    [{}, 502, 'api_error'],
    [{ type: 'message' }, 502, 'api_error'],
    [{ choices: [{ message: { content: 'of another wire' } }] }, 502, 'api_error'],
    [{ type: 'message', role: 'assistant', content: [], stop_reason: null }, 502, 'api_error']
  ]
  const play = saying({ 'content-type': 'application/json' })
  const [second, alone] = [await cast(t, [{ kind: 'anthropic', play }, spare]), await cast(t, [{ kind: 'anthropic', play }])]
  for (const [body, status, type] of bodies) {
    const said = JSON.stringify(body)
    const answer = await ask(second.url, toSay(said))
    t.match(answer, { status: 200, json: { content: [{ text: 'second' }] } }, said)
    t.equal(answer.headers.get('x-router-attempts'), `2; a,m ${status}`)
    t.match(await ask(alone.url, toSay(said)), { status, json: { type: 'error', error: { type } } })
  }
  for (const rest of [{ content: [{ type: 'text', text: 'x' }], error: null }, { content: [], stop_reason: 'end_turn' }]) {
    t.match(await ask(second.url, toSay(JSON.stringify({ type: 'message', role: 'assistant', ...rest }))), { status: 200, json: rest })
  }
})

t.test('a block that was only opened is nothing of an answer yet', async t => {
  const fail: Record<string, Play> = {
    'an error': response => { response.end(SPEECH.anthropic.errorEvent(529, 'overloaded_error', 'busy')) },
    'an end': response => { response.end() },
    'a reset': response => { response.socket?.resetAndDestroy() }
  }
  let how = ''
  const play: Play = (response, request, wire) => { response.writeHead(200, EVENT_STREAM).write(said(request), () => fail[how]?.(response, request, wire)) }
  const { url } = await cast(t, [{ kind: 'anthropic', play }, spare])
  for (const opened of EMPTY) {
    for (how of Object.keys(fail)) {
      const { headers, text } = await ask(url, { stream: true, ...toSay(BEGIN + opened + event({ type: 'ping' })) })
      t.match(checkGrammar(text), { content: [{ type: 'text', text: 'second' }] }, how)
      t.match(headers.get('x-router-attempts'), /^2; a,m 5\d\d$/)
    }
  }
})

t.test('from its first piece on it is, and a whole block at once', async t => {
  const { url, upstreams: [upstream] } = await cast(t, [{ kind: 'anthropic', play: (response, request) => { response.writeHead(200, EVENT_STREAM).write(said(request)) } }, spare])
  const blocks = [
    TEXT + delta({ type: 'text_delta', text: '' }),
    TEXT + CLOSE,
    start({ type: 'redacted_thinking', data: 'x' }),
    start({ type: 'server_tool_use', id: 'srvtoolu_1', name: 'web_search', input: {} })
  ]
  for (const block of blocks) {
    const stream = await openStream(url, toSay(BEGIN + block))
    t.match(await stream.until(text => text.includes('content_block_start')), 'message_start', 'it passes without waiting for more')
    stream.leave()
    await until(() => upstream?.requests.at(-1)?.aborted === true)
  }
})

t.test('a client that waits for long behind a block that is open and empty gets the block, and only then what shows life in it', async t => {
  for (const [i, opened] of EMPTY.entries()) {
    const held: ServerResponse[] = []
    const { url } = await cast(t, [{ kind: 'anthropic', play: response => { held.push(response.writeHead(200, EVENT_STREAM)); response.write(BEGIN + opened) } }, spare], { Stream: { pingAfter: 15, contentAfter: 500 } })
    const stream = await openStream(url, {})
    await stream.until(text => text.includes('content_block_delta'))
    const last = i === 0 ? delta({ type: 'text_delta', text: 'x' }) : i === 1 ? delta({ type: 'thinking_delta', thinking: 'x' }) : delta({ type: 'input_json_delta', partial_json: '{"a":1}' })
    held[0]?.end(last + CLOSE + END + STOP)
    const text = await stream.end()
    t.equal(readFrames(text)[0]?.event, 'ping', 'until then it is kept by pings')
    t.match(checkGrammar(text), { ended: 'message_stop', stopReason: 'end_turn', content: { length: 1 } })
    t.match(text, JSON.stringify('x').slice(1, -1))
  }
})

t.test('a client that leaves while a router thinks is noticed, and nothing is sent for it', async t => {
  const gate = { asked: (): void => {}, open: (): void => {}, wait: new Promise<void>(resolve => resolve()) }
  Object.assign(globalThis, { reviewGate: gate })
  const folder = t.testdir({ 'router.mjs': 'export default async () => { globalThis.reviewGate.asked(); await globalThis.reviewGate.wait; return null }' })
  const { app, url, log, upstreams: [upstream] } = await cast(t, [{ kind: 'anthropic', play: (...all) => all[1].path.includes('count') ? json(all[0], { input_tokens: 42 }) : well('first')(...all) }], { CUSTOM_ROUTER_PATH: `${folder}/router.mjs` })
  for (const path of ['/v1/messages', '/v1/messages/count_tokens']) {
    for (const stream of [true, false]) {
      const asked = new Promise<void>(resolve => { gate.asked = resolve })
      gate.wait = new Promise<void>(resolve => { gate.open = resolve })
      const leaving = new AbortController()
      const body = (content: string): string => JSON.stringify({ model: 'claude-x', messages: [{ role: 'user', content }], ...(path === '/v1/messages' && { stream, max_tokens: 5 }) })
      const post = (content: string, signal: AbortSignal | null): Promise<Response> => fetch(url + path, { method: 'POST', signal, headers: { 'content-type': 'application/json' }, body: body(content) })
      const left = post('leaving', leaving.signal)
      await asked
      const lines = log.length
      leaving.abort()
      await t.rejects(left)
      await until(() => log.length > lines)
      t.match(log.at(-1), { status: 499 })
      gate.open()
      // Counts are remembered, so each asks for another.
      t.equal((await post(`staying ${stream}`, null)).status, 200)
      t.match(upstream?.requests.map(({ body }) => body.messages[0]?.content), [`staying ${stream}`], `${path}, ${stream ? 'streamed' : 'plain'}`)
      upstream?.requests.splice(0)
      t.equal(app.running.size, 0)
    }
  }
})

t.test('a fault of our own is told in the form that the client can read then, and is in the log', async t => {
  for (const pinged of [true, false]) {
    let fail = (): void => {}
    const asked = new Promise<void>(resolve => { fail = resolve })
    const { app, url, log } = await cast(t, [{ play: async (...all) => { await asked; refuse(529, 'overloaded_error')(...all) } }, spare], { Stream: { pingAfter: pinged ? 20 : 100_000 } })
    const { send } = app.upstream
    app.upstream.send = (request, target) => {
      if (target.provider.name === 'b') throw new TypeError('a bug')
      return send(request, target)
    }
    const stream = pinged ? await openStream(url, {}) : undefined
    if (stream !== undefined) {
      await stream.until(text => text.includes('ping'))
      fail()
      t.match(checkGrammar(await stream.end()), { ended: 'error', error: { type: 'api_error', message: /^Internal error of the gateway/ } })
    } else {
      fail()
      for (const stream of [true, false]) t.match(await ask(url, { stream }), { status: 500, json: { error: { type: 'api_error', message: /^Internal error of the gateway/ } } })
    }
    const told = log.filter(({ msg }) => msg === 'unexpected error')
    t.match(told, Array(pinged ? 1 : 2).fill({ err: { message: 'a bug' }, requestId: /^req_/ }), 'once for each request')
    t.equal(told.length, pinged ? 1 : 2)
    await until(() => log.filter(({ msg }) => msg === 'request').length === told.length)
    t.match(log.findLast(({ msg }) => msg === 'request'), { error: { type: 'api_error', status: 500 } })
    t.equal(app.running.size, 0)
  }
})

t.test('a try that could not be written has failed, and is not taken for an answer', async t => {
  for (const stream of [true, false]) {
    const { app, url, log } = await cast(t, [{ play: well('no') }, spare])
    const { send } = app.upstream
    app.upstream.send = (request, target) => {
      if (target.provider.name === 'a') throw new ApiError('api_error', 'The transformer x failed.')
      return send(request, target)
    }
    const { headers, text } = await ask(url, { stream })
    t.match(text, '"text":"second"')
    t.equal(headers.get('x-router-attempts'), '2; a,m 500')
    await until(() => log.some(({ msg }) => msg === 'request'))
    t.match(log.find(({ msg }) => msg === 'request'), { attempts: [{ target: 'a,m', error: { status: 500 } }, { target: 'b,m' }] })
  }
})

t.test('tokens are counted with a key that is good', async t => {
  const keyOf = ({ headers }: Received): string => String(headers['x-api-key'])
  const counts: Play = (response, request) => keyOf(request) === 'key-number-1' ? json(response, SPEECH.anthropic.error(401, 'authentication_error', 'no'), 401) : json(response, { input_tokens: 42 })
  const { url, upstreams: [upstream] } = await cast(t, [{ kind: 'anthropic', play: counts, keys: ['key-number-1', 'key-number-2'] }])
  for (let i = 0; i < 3; i++) t.strictSame(await count(url, `Hi ${i}`), { status: 200, body: { input_tokens: 42 } })
  t.strictSame(upstream?.requests.map(keyOf), ['key-number-1', 'key-number-2', 'key-number-2', 'key-number-2'], 'one that is refused rests')

  for (const status of [401, 402, 403, 429]) {
    const poor: Play = (response, request, wire) => request.path.includes('count') ? json(response, SPEECH.anthropic.error(status, 'api_error', 'no'), status, { 'retry-after': '50' }) : well('first')(response, request, wire)
    const { url, asked } = await cast(t, [{ kind: 'anthropic', play: poor, keys: ['key-number-1', 'key-number-2'] }])
    t.match(await count(url), { status: 200, body: { input_tokens: Number } }, `${status}: without one they are estimated`)
    t.strictSame(asked(), [2])
    if (status === 429) t.match(await ask(url, {}), { status: 200, json: { content: [{ text: 'first' }] } }, 'the limit of counts is none of answers')
  }
})

t.test('a provider that rests is not asked to count, and one that cannot is let go', async t => {
  const resting = await cast(t, [{ kind: 'anthropic', play: refuse(429, 'rate_limit_error', { 'retry-after': '50' }) }])
  t.equal((await ask(resting.url, {})).status, 429)
  t.match(await count(resting.url), { status: 200, body: { input_tokens: Number } })
  t.strictSame(resting.asked(), [1])

  for (const status of [404, 405, 501, 200]) {
    const endless: Play = response => {
      response.writeHead(status, { 'content-type': 'text/html' })
      response.write('x'.repeat(2_000_000))
    }
    const { app, url, upstreams: [upstream] } = await cast(t, [{ kind: 'anthropic', play: endless }])
    t.match(await count(url), { status: 200, body: { input_tokens: Number } }, String(status))
    await until(() => upstream?.requests[0]?.aborted === true)
    t.equal(app.lanes.of(app.config.current.router.default[0]?.provider as never).breaker('m', 0).failures, 0)
  }
  const broken = await cast(t, [{ kind: 'anthropic', play: refuse(400, 'invalid_request_error') }])
  t.match(await count(broken.url), { status: 400, body: { error: { type: 'invalid_request_error' } } }, 'a fault of the request is told')
})

t.test('what a moderation refuses is nobody else\'s fault: not the key\'s, and not that of those who come later', async t => {
  const moderated: Play = (response, request, wire) => {
    if (!request.raw.includes('BAD')) return well('first')(response, request, wire)
    json(response, { error: { code: 403, message: 'Your input was flagged', metadata: { reasons: ['violence'], flagged_input: 'BAD', provider_name: 'x' } } }, 403)
  }
  const bad = { messages: [{ role: 'user', content: 'BAD' }] }
  const keys = ['key-number-1', 'key-number-2']
  const { url, upstreams: [first, second] } = await cast(t, [{ kind: 'openrouter', play: moderated, keys }, spare])
  const other = await ask(url, bad)
  t.match(other.json, { content: [{ text: 'second' }] })
  t.equal(other.headers.get('x-router-attempts'), '2; a,m 403', 'the other key is not asked')
  for (let i = 0; i < 2; i++) t.match((await ask(url, {})).json, { content: [{ text: 'first' }] })
  // It was looked at as well.
  t.strictSame(first?.requests.filter(({ method }) => method === 'POST').map(({ headers }) => headers.authorization), ['Bearer key-number-1', 'Bearer key-number-2', 'Bearer key-number-1'], 'none rests')
  t.equal(second?.requests.length, 1)

  const alone = await cast(t, [{ kind: 'openrouter', play: moderated, keys }])
  const refused = await ask(alone.url, bad)
  t.match(refused, { status: 403, json: { error: { type: 'permission_error', message: /flagged/ } } })
  t.equal(refused.headers.get('x-should-retry'), 'false')
})

t.test('an error keeps its status and its retry-after, whatever becomes of its words', async t => {
  const cut: Play = (response, _request, wire) => {
    response.writeHead(429, { 'content-type': 'application/json', 'content-length': '500', 'retry-after': '50' })
    response.write(JSON.stringify(SPEECH[wire].error(429, 'rate_limit_error', 'slow down')).slice(0, -1), () => response.socket?.resetAndDestroy())
  }
  for (const kind of ['openai', 'anthropic'] as const) {
    for (const stream of [true, false]) {
      const { url, asked } = await cast(t, [{ kind, play: cut }])
      for (let i = 0; i < 2; i++) {
        const { status, headers, json: body } = await ask(url, { stream })
        t.match({ status, body }, { status: 429, body: { error: { type: 'rate_limit_error' } } }, `${kind}, ${stream ? 'streamed' : 'plain'}`)
        t.match(headers.get('retry-after'), /^(?:50|49|48)$/)
      }
      t.strictSame(asked(), [1], 'it rests for as long as it said')
    }
  }
})

t.test('nobody waits for long for the words of an error', async t => {
  const hang: Play = response => { response.writeHead(529, { 'content-type': 'application/json' }).write('{"error":{"message":"x"') }
  const began = performance.now()
  await Promise.all((['openai', 'anthropic'] as const).map(async kind => {
    const { url, upstreams: [first] } = await cast(t, [{ kind, play: hang }, spare])
    const { headers, json: body } = await ask(url, {})
    t.match(body, { content: [{ text: 'second' }] })
    t.equal(headers.get('x-router-attempts'), '2; a,m 529')
    await until(() => first?.requests[0]?.aborted === true)
  }))
  t.ok(performance.now() - began < 15_000)
})
