import t, { type Test } from 'tap'
import { startApp } from '../helper/app.ts'
import { ask, askStream } from '../helper/ask.ts'
import { openStream } from '../helper/events.ts'
import { ERROR_HEADERS, EVENT_STREAM, type Play, SPEECH, type WireName, refuse, reset } from '../helper/faulty.ts'
import { checkGrammar, readFrames } from '../helper/grammar.ts'
import { type Received, json, startUpstream } from '../helper/upstream.ts'

/** What a client sees while targets are tried one after the other, and what is left of it in the log. */

interface Cast { url: string, log: Record<string, unknown>[], asked: Received[][] }

interface Part { wire: WireName, play: Play, keys?: string[], provider?: object }

/** A service with a provider for each part, `a`, `b` … with the model `m`, tried in this order. */
async function cast (t: Test, parts: readonly Part[], rest: { Failover?: object, Router?: object, [key: string]: unknown } = {}): Promise<Cast> {
  const upstreams = await Promise.all(parts.map(({ wire, play }) => startUpstream(t, (response, request) => play(response, request, wire))))
  const providers = parts.map(({ wire, keys = ['upstream-secret'], provider }, i) => ({ name: nameOf(i), api_base_url: `${upstreams[i]?.url}/v1${wire === 'openai' ? '/chat/completions' : ''}`, api_key: keys, models: ['m'], transformer: { use: [wire] }, ...provider }))
  const [first, ...fallback] = providers.map(({ name }) => `${name},m`)
  const { url, log } = await startApp(t, { config: { Providers: providers, fallback: { default: fallback }, ...rest, Failover: { backoff: 1, ...rest.Failover }, Router: { default: first, ...rest.Router } } })
  return { url, log, asked: upstreams.map(({ requests }) => requests) }
}

function nameOf (i: number): string {
  return 'abcdef'.charAt(i)
}

const well = (text: string): Play => (response, request, wire) => SPEECH[wire].answer(response, request, text)

const PAIRS = (['openai', 'anthropic'] as const).flatMap(first => (['openai', 'anthropic'] as const).map(second => [first, second] as const))

/** A part that waits for the test to say what becomes of a request; it may be said before the request is there. */
function held (): { play: Play, goOn: (then: Play) => void } {
  const waiting: ((then: Play) => void)[] = []
  const said: Play[] = []
  const meet = (): void => {
    if (waiting.length > 0 && said.length > 0) waiting.shift()?.(said.shift() as Play)
  }
  return {
    play: (response, request, wire) => {
      waiting.push(then => then(response, request, wire))
      meet()
    },
    goOn: then => {
      said.push(then)
      meet()
    }
  }
}

const isPinged = (text: string): boolean => text.includes('event: ping')

t.test('pings keep the client, and the second target\'s answer comes whole', async t => {
  const faults = [refuse(529, 'overloaded_error'), reset(), reset(({ beginning }) => beginning), refuse(404, 'not_found_error')]
  for (const [first, second] of PAIRS) {
    const { play, goOn } = held()
    const { url, asked } = await cast(t, [{ wire: first, play }, { wire: second, play: well('second') }], { Failover: { tries: 1 }, Stream: { pingAfter: 20 } })
    // The same service for all: a few failures do not close a lane.
    for (const fail of faults) {
      const stream = await openStream(url, {})
      await stream.until(isPinged)
      t.match(stream.response.headers, { 'x-router-provider': 'a', 'x-router-attempts': '1' }, 'the head is of the try that was under way')
      goOn(fail)
      const text = await stream.end()
      t.equal(readFrames(text)[0]?.event, 'ping')
      t.match(checkGrammar(text), { ended: 'message_stop', model: 'claude-x', content: [{ type: 'text', text: 'second' }] }, `${first}, ${second}`)
    }
    t.strictSame(asked.map(({ length }) => length), [4, 4])
  }
})

t.test('an empty block that shows life is filled by whoever answers', async t => {
  for (const second of ['openai', 'anthropic'] as const) {
    for (const [thinking, block] of [['disabled', 'text'], ['adaptive', 'thinking']]) {
      const { play, goOn } = held()
      const { url } = await cast(t, [{ wire: 'openai', play }, { wire: second, play: well('second') }], { Failover: { tries: 1 }, Stream: { contentAfter: 20 } })
      const stream = await openStream(url, { thinking: { type: thinking } })
      await stream.until(text => text.includes('content_block_delta'))
      goOn(refuse(500, 'api_error'))
      const reply = checkGrammar(await stream.end())
      t.match(reply, { ended: 'message_stop', stopReason: 'end_turn' }, second)
      t.strictSame(reply.content, block === 'text' ? [{ type: 'text', text: 'second' }] : [{ type: 'thinking', thinking: '', signature: '' }, { type: 'text', text: 'second' }])
    }
  }
})

t.test('what a failed try wrote never reaches the client, however long it waits for the next', async t => {
  for (const wire of ['openai', 'anthropic'] as const) {
    const { play, goOn } = held()
    const { url } = await cast(t, [{ wire, play }], { Failover: { backoff: 400 }, Stream: { pingAfter: 20, contentAfter: 20 } })
    const stream = await openStream(url, {})
    await stream.until(text => text.includes('event: '))
    goOn((response, _request, wire) => response.writeHead(200, EVENT_STREAM).end(SPEECH[wire].errorEvent(502, 'api_error', 'broke')))
    const before = await stream.until(() => true)
    await stream.until(text => text.length > before.length)
    goOn(well('second'))
    const text = await stream.end()
    t.notMatch(text, 'event: error', wire)
    t.match(checkGrammar(text), { ended: 'message_stop', content: [{ type: 'text', text: 'second' }] })
  }
})

t.test('where all fail behind a ping, the stream ends with the last error', async t => {
  for (const [first, second] of PAIRS) {
    for (const Stream of [{ pingAfter: 20 }, { contentAfter: 20 }]) {
      const { play, goOn } = held()
      const { url } = await cast(t, [{ wire: first, play }, { wire: second, play: refuse(529, 'overloaded_error') }], { Failover: { tries: 1 }, Stream })
      const stream = await openStream(url, {})
      await stream.until(text => text.includes('event: '))
      goOn(refuse(500, 'api_error'))
      t.match(checkGrammar(await stream.end()), { ended: 'error', error: { type: 'overloaded_error', message: /upstream says 529/ } }, `${first}, ${second}`)
    }
  }
})

t.test('where all fail, the last error is told, and the story of all tries', async t => {
  for (const [first, second] of PAIRS) {
    for (const stream of [true, false]) {
      const { url, asked } = await cast(t, [{ wire: first, play: reset() }, { wire: second, play: refuse(529, 'overloaded_error', { 'retry-after': '0' }) }])
      const { status, headers, text, json } = await ask(url, { stream })
      t.equal(status, 529)
      t.match(Object.fromEntries(headers), { 'x-router-attempts': '4; a,m 502, a,m 502, b,m 529, b,m 529', 'x-router-provider': 'b', 'x-router-model': 'm', 'retry-after': '0' })
      t.match(json, { type: 'error', error: { type: 'overloaded_error', message: /upstream says 529$/ } })
      if (second === 'anthropic') {
        t.equal(text, JSON.stringify(SPEECH.anthropic.error(529, 'overloaded_error', 'upstream says 529')), 'byte for byte')
        t.match(Object.fromEntries(headers), ERROR_HEADERS)
      } else {
        t.equal(headers.get('request-id'), json['request_id'])
        t.equal(headers.get('anthropic-ratelimit-requests-remaining'), null)
      }
      t.strictSame(asked.map(({ length }) => length), [2, 2])
    }
  }
})

t.test('the headers of a try that failed are not those of the answer', async t => {
  const failing: Play = (response, _request, wire) => response.writeHead(200, { ...EVENT_STREAM, ...ERROR_HEADERS }).end(SPEECH[wire].beginning)
  for (const second of ['openai', 'anthropic'] as const) {
    const { url } = await cast(t, [{ wire: 'anthropic', play: failing }, { wire: second, play: well('second') }])
    const { headers, text } = await ask(url, { stream: true })
    t.match(checkGrammar(text), { content: [{ text: 'second' }] })
    t.match(headers.get('request-id'), /^req_(?!upstream)/, second)
    t.equal(headers.get('anthropic-ratelimit-requests-remaining'), null)
  }
})

t.test('nor does a ping between two tries bring them', async t => {
  let tries = 0
  const failing: Play = (response, request, wire) => {
    if (++tries === 2) return well('second')(response, request, wire)
    response.writeHead(200, { ...EVENT_STREAM, ...ERROR_HEADERS }).end(SPEECH[wire].beginning)
  }
  const { url } = await cast(t, [{ wire: 'anthropic', play: failing }], { Failover: { backoff: 200 }, Stream: { pingAfter: 20 } })
  const { headers, text } = await ask(url, { stream: true })
  t.equal(readFrames(text)[0]?.event, 'ping')
  t.match(checkGrammar(text), { content: [{ text: 'second' }] })
  t.match(headers.get('request-id'), /^req_(?!upstream)/)
})

t.test('a provider that fails at the beginning of a reply and keeps the connection open is left', async t => {
  for (const wire of ['openai', 'anthropic'] as const) {
    for (const stream of [true, false]) {
      let left = (): void => {}
      const closed = new Promise<void>(resolve => { left = resolve })
      const failing: Play = (response, _request, wire) => {
        response.on('close', left)
        response.writeHead(200, EVENT_STREAM).write(SPEECH[wire].beginning + SPEECH[wire].errorEvent(502, 'api_error', 'broke'))
      }
      const { url, asked } = await cast(t, [{ wire, play: failing }, { wire: 'openai', play: well('second') }], { Failover: { tries: 1 } })
      t.match((await ask(url, { stream })).text, '"text":"second"')
      await closed
      t.equal(asked[0]?.[0]?.aborted, true, `${wire}, ${stream ? 'streamed' : 'plain'}`)
    }
  }
})

/** How providers say that a prompt is too long for their model. */
const TOO_LONG: [string, WireName, Play][] = [
  ['OpenAI', 'openai', response => json(response, { error: { message: 'This model\'s maximum context length is 8192 tokens. However, your messages resulted in 9001 tokens.', type: 'invalid_request_error', code: 'context_length_exceeded' } }, 400)],
  ['Anthropic', 'anthropic', response => json(response, SPEECH.anthropic.error(400, 'invalid_request_error', 'prompt is too long: 9001 tokens > 8192 maximum'), 400)],
  ['Anthropic, with the answer', 'anthropic', response => json(response, SPEECH.anthropic.error(400, 'invalid_request_error', 'input length and `max_tokens` exceed context limit: 8000 + 1000 > 8192, decrease input length or `max_tokens` and try again'), 400)],
  ['in bytes', 'openai', refuse(413, 'request_too_large')],
  ['inside of a 200', 'openai', response => { response.writeHead(200, EVENT_STREAM).end(SPEECH.openai.errorEvent(400, 'invalid_request_error', 'This model\'s maximum context length is 8192 tokens. However, your messages resulted in 9001 tokens.')) }]
]

t.test('a prompt that turns out to be too long goes to longContext, past all fallbacks', async t => {
  for (const [name, wire, play] of TOO_LONG) {
    for (const stream of [true, false]) {
      const { url, asked } = await cast(t, [{ wire, play }, { wire, play: well('no') }, { wire: 'openai', play: well('long') }], { fallback: { default: ['b,m'] }, Router: { longContext: 'c,m' } })
      const { headers, text } = await ask(url, { stream })
      t.match(text, /"text":"long"/, name)
      t.match(headers.get('x-router-attempts'), /^2; a,m 4\d\d$/)
      t.strictSame(asked.map(({ length }) => length), [1, 0, 1])
    }
  }
})

t.test('without longContext it is the client\'s to shorten it, in the words that Claude Code knows', async t => {
  for (const [name, wire, play] of TOO_LONG) {
    const { url, asked } = await cast(t, [{ wire, play }, { wire, play: well('no') }])
    const { status, json: { error } } = await ask(url, { stream: true })
    t.ok(status === 400 || status === 413, name)
    t.match(error, { message: /^(?:prompt is too long|input length and `max_tokens` exceed)/i })
    t.strictSame(asked.map(({ length }) => length), [1, 0])
  }
})

t.test('a prompt that is too long for a last resort goes to longContext, too', async t => {
  let tooLong = false
  const [, , play] = TOO_LONG[0] as typeof TOO_LONG[number]
  const { url, asked } = await cast(t, [{ wire: 'openai', play: (...args) => (tooLong ? play : refuse(500, 'api_error'))(...args) }, { wire: 'openai', play: well('long') }], { fallback: {}, Failover: { tries: 1, breakAfter: 1 }, Router: { longContext: 'b,m' } })
  t.equal((await ask(url, {})).status, 500)
  tooLong = true
  const { text, headers } = await ask(url, {})
  t.match(text, /"text":"long"/)
  t.equal(headers.get('x-router-attempts'), '2; a,m resting, a,m 400')
  t.strictSame(asked.map(({ length }) => length), [2, 1])
})

t.test('keys take turns, and stand in for one that is refused', async t => {
  const keyOf = ({ headers }: Received): string => String(headers['x-api-key'] ?? headers.authorization?.replace('Bearer ', ''))
  const refusals = { openai: [[401, 'authentication_error'], [429, 'rate_limit_error']], anthropic: [[402, 'billing_error'], [403, 'permission_error'], [429, 'rate_limit_error']] } as const
  for (const wire of ['openai', 'anthropic'] as const) {
    for (const [status, type] of refusals[wire]) {
      const choosy: Play = (response, request, wire) => (keyOf(request) === 'key-number-2' ? well('second key') : refuse(status, type))(response, request, wire)
      const { url, asked } = await cast(t, [{ wire, play: choosy, keys: ['key-number-1', 'key-number-2', 'key-number-3'] }, { wire, play: well('other') }])
      for (let i = 0; i < 3; i++) t.equal((await askStream(url)).content[0]?.['text'], 'second key')
      t.strictSame(asked.map(requests => requests.map(keyOf)), [['key-number-1', 'key-number-2', 'key-number-3', 'key-number-2', 'key-number-2'], []], `${wire} ${status}: a refused key rests`)

      const poor = await cast(t, [{ wire, play: refuse(status, type), keys: ['key-number-1', 'key-number-2'] }, { wire, play: well('other') }])
      const { headers, text } = await ask(poor.url, { stream: true })
      t.match(checkGrammar(text), { content: [{ text: 'other' }] })
      t.equal(headers.get('x-router-attempts'), `3; a,m ${status}, a,m ${status}`)

      const alone = await cast(t, [{ wire, play: refuse(status, type), keys: ['key-number-1', 'key-number-2'] }], { Failover: { tries: 1 } })
      for (let i = 0; i < 2; i++) t.match(await ask(alone.url, {}), { status, json: { error: { type } } }, 'refused all of them, the provider says why itself, each time')
    }
  }
})

t.test('a target that cannot carry the request is passed over without a try', async t => {
  const messages = [{ role: 'user', content: [{ type: 'document', source: { type: 'base64', media_type: 'application/pdf', data: 'JVBERi0=' } }] }]
  const { url, asked } = await cast(t, [{ wire: 'openai', play: well('no'), provider: { strict: true } }, { wire: 'anthropic', play: well('second') }])
  const answer = await ask(url, { top_k: 4, messages })
  t.match(answer, { status: 200, json: { content: [{ text: 'second' }] } })
  t.equal(answer.headers.get('x-router-provider'), 'b')
  t.strictSame(asked.map(({ length }) => length), [0, 1])
})

t.test('the log has every try, and the tokens of those that failed', async t => {
  const failing: Play = (response, _request, wire) => { response.writeHead(200, EVENT_STREAM).end(SPEECH[wire].beginning + SPEECH[wire].errorEvent(502, 'api_error', 'broke')) }
  for (const [first, second] of PAIRS) {
    for (const stream of [true, false]) {
      const { url, log } = await cast(t, [{ wire: first, play: failing }, { wire: second, play: well('second') }], { Failover: { tries: 1 } })
      await ask(url, { stream })
      const lines = log.filter(({ msg }) => msg !== 'Server listening at ' + url)
      t.strictSame(lines.map(({ msg, error }) => ({ msg, error })), [{ msg: 'request', error: undefined }], 'a request that was answered did not fail')
      t.match(lines[0], {
        status: 200,
        provider: 'b',
        usage: { input_tokens: 10, output_tokens: 5 },
        attempts: [{ target: 'a,m', error: { status: 502, type: 'api_error' }, usage: { input_tokens: 7 } }, { target: 'b,m', usage: { input_tokens: 10, output_tokens: 5 } }]
      }, `${first}, ${second}, ${stream ? 'streamed' : 'plain'}`)
    }
  }
})
