import { once } from 'node:events'
import type { ServerResponse } from 'node:http'
import { connect } from 'node:net'
import t from 'tap'
import { oneProvider, startApp } from '../helper/app.ts'
import { ask, askStream } from '../helper/ask.ts'
import { type Block, type Reply, checkGrammar, joined, readFrames, types } from '../helper/grammar.ts'
import { type Scene, openStage } from '../helper/stage.ts'
import { USAGE, answer, delta, json, sse, startUpstream } from '../helper/upstream.ts'

/**
 * What gateways of this kind get wrong in streams, numbered: the whole service over real sockets, and a provider that
 * behaves in the way that brings it out.
 */

const calls = (...fragments: object[]): object => delta({ tool_calls: fragments })
const start = delta({ role: 'assistant', content: '' })

const { url, scene } = await openStage(t)

/** A scene with a provider that sends these bytes in one piece. */
function sending (body: string, type = 'text/event-stream', pair: 'openai' | 'openrouter' = 'openai'): Scene {
  return scene(response => { response.writeHead(200, { 'content-type': type }).end(body) }, pair)
}

/** One stream of such a scene. */
async function reply (body: string, pair: 'openai' | 'openrouter' = 'openai'): Promise<Reply> {
  return await askStream(url, { model: sending(body, 'text/event-stream', pair).model })
}

/** Asks for a stream, and hands over the response while it is under way. */
async function open (model: string, signal?: AbortSignal): Promise<Response> {
  const body = JSON.stringify({ model, max_tokens: 5, stream: true, messages: [{ role: 'user', content: 'Hi' }] })
  return await fetch(`${url}/v1/messages`, { method: 'POST', headers: { 'content-type': 'application/json' }, body, ...(signal !== undefined && { signal }) })
}

/** One stream whose rest the provider sends, or fails to send, once the client has seen the first content. */
async function interrupted (first: string, go: (response: ServerResponse) => void): Promise<Reply> {
  const held: ServerResponse[] = []
  const { model } = scene(response => {
    response.writeHead(200, { 'content-type': 'text/event-stream' }).write(first)
    held.push(response)
  })
  const response = await open(model)
  let text = ''
  for await (const piece of response.body?.pipeThrough(new TextDecoderStream()) ?? []) {
    text += piece
    const [provider] = held
    if (provider === undefined || !text.includes('content_block_start')) continue
    held.pop()
    go(provider)
  }
  return checkGrammar(text)
}

t.test('S1: finish, usage and [DONE] in one network read all count', async t => {
  const all = sse(start, delta({ content: 'Hi' }), delta({}, 'stop'), { choices: [], usage: USAGE }, '[DONE]')
  t.match(await reply(all), { ended: 'message_stop', stopReason: 'end_turn', usage: { input_tokens: 10, output_tokens: 5 } })
  const withTool = sse(calls({ index: 0, id: 'a', function: { name: 'Read', arguments: '{"p":1}' } }), delta({}, 'tool_calls'), delta({ content: 'and' }), { choices: [], usage: USAGE }, '[DONE]')
  const late = await reply(withTool)
  t.match(late, { stopReason: 'tool_use', usage: { output_tokens: 5 } })
  t.equal(joined(late.content, 'text'), 'and', 'content in the same read is not lost either')
})

t.test('S2: a cut reply is never a clean end', async t => {
  const cases: [string, unknown[], string[]][] = [
    ['in text', [start, delta({ content: 'Hal' })], ['text']],
    ['in a call', [calls({ index: 0, id: 'a', function: { name: 'Bash', arguments: '{"command":"rm -rf /tmp' } })], ['tool_use']],
    ['behind a call that looks complete', [calls({ index: 0, id: 'a', function: { name: 'Bash', arguments: '{"command":"ls"}' } })], ['tool_use']],
    ['in reasoning', [delta({ reasoning: 'Let me' })], ['thinking']],
    ['with [DONE] and no reason', [delta({ content: 'Hal' }), '[DONE]'], ['text']]
  ]
  for (const [name, chunks, content] of cases) {
    const ends: Record<string, (response: ServerResponse) => void> = { end: response => response.end(), reset: response => response.socket?.resetAndDestroy() }
    for (const [how, end] of Object.entries(ends)) {
      const cut = await interrupted(sse(...chunks), end)
      t.match(cut, { ended: 'error', stopReason: null, openBlock: true, error: { type: 'api_error' } }, `${name}, ${how}`)
      t.strictSame(types(cut.content), content)
    }
    t.match(await ask(url, { model: sending(sse(...chunks)).model }), { status: 502, json: { type: 'error', error: { type: 'api_error' } } }, 'and a plain request fails')
  }
})

t.test('S2: half a call is not whole because the provider says that it stopped', async t => {
  const half = calls({ index: 0, id: 'a', function: { name: 'Bash', arguments: '{"command":"rm -rf /tmp' } })
  // SDKs complete such arguments by guessing: the reason to stop is what tells a client not to run them.
  t.match(await interrupted(sse(half), response => response.end(sse(delta({}, 'tool_calls'), '[DONE]'))), { ended: 'message_stop', stopReason: 'max_tokens' })
  const { model } = sending(sse(half, delta({}, 'tool_calls'), '[DONE]'))
  t.match(await ask(url, { model }), { status: 200, json: { stop_reason: 'max_tokens', content: { length: 0 } } }, 'a plain reply comes without the call')
  t.match(await interrupted(sse(half), response => response.end(sse(delta({}, 'length'), '[DONE]'))), { ended: 'message_stop', stopReason: 'max_tokens' }, 'where the limit cut it, the reason says so')
})

t.test('S2: [DONE] is the end, whatever becomes of the connection', { timeout: 10_000 }, async t => {
  const ends: Record<string, (response: ServerResponse) => void> = { 'it stays open': () => {}, 'it closes in mid-body': response => response.socket?.destroy() }
  for (const [name, end] of Object.entries(ends)) {
    const body = sse(delta({ content: 'lo' }), delta({}, 'stop', { usage: USAGE }), '[DONE]')
    const whole = await interrupted(sse(delta({ content: 'Hel' })), response => { response.write(body, () => end(response)) })
    t.match(whole, { ended: 'message_stop', stopReason: 'end_turn', content: [{ type: 'text', text: 'Hello' }], usage: { output_tokens: 5 } }, name)
  }
})

t.test('S3: an error in a chunk is an error event in the right shape, and the end', async t => {
  const failing = { error: { code: 502, message: 'Upstream idle timeout' }, choices: [{ delta: { content: '' }, finish_reason: 'error' }] }
  const late = await interrupted(sse(delta({ content: 'Hi' })), response => response.end(sse(failing, delta({}, 'stop'), '[DONE]')))
  t.match(late, { ended: 'error', openBlock: true, stopReason: null, error: { type: 'api_error', message: /Upstream idle timeout/ } })

  for (const body of [sse(failing, '[DONE]'), `event: error\ndata: ${JSON.stringify({ error: failing.error })}\n\n`, `${JSON.stringify({ error: failing.error })}\n`, JSON.stringify({ error: failing.error })]) {
    const { model } = sending(body)
    for (const stream of [true, false]) {
      const first = await ask(url, { model, stream })
      t.match(first, { status: 502, json: { type: 'error', error: { type: 'api_error', message: /Upstream idle timeout/ }, request_id: /^req_/ } }, 'at once: an HTTP error, which clients repeat')
      t.match(first.headers.get('content-type'), /json/)
    }
  }
})

t.test('S3: named error events, and errors outside of any field, in mid-stream', async t => {
  const error = { message: 'Tool call validation failed', type: 'invalid_request_error', code: 'tool_use_failed', status_code: 400 }
  const bodies = [`event: error\ndata: ${JSON.stringify({ error })}\n\n`, `event: error\ndata: ${JSON.stringify(error)}\n\n`, `${JSON.stringify({ error })}\n`, `[${JSON.stringify({ error })}]`]
  for (const body of bodies) {
    t.match(await interrupted(sse(delta({ content: 'Hi' })), response => response.end(body)), { ended: 'error', openBlock: true, error: { type: 'invalid_request_error', message: /Tool call validation failed/ } }, body.slice(0, 30))
  }
  t.match(await interrupted(sse(delta({ content: 'Hi' })), response => response.end('event: error\ndata: out of memory\n\n')), { ended: 'error', error: { type: 'api_error', message: /out of memory/ } })
})

const interleaved = [
  calls({ index: 0, id: 'a', function: { name: 'Read', arguments: '{"p":' } }), calls({ index: 1, id: 'b', function: { name: 'Grep', arguments: '{"q":' } }),
  calls({ index: 0, function: { arguments: '1}' } }), calls({ index: 1, function: { arguments: '2}' } }), delta({}, 'tool_calls')
]

t.test('S4: interleaved calls become one whole block after the other', async t => {
  const { content } = await reply(sse(...interleaved, '[DONE]'))
  t.strictSame(content, [{ type: 'tool_use', id: 'a', name: 'Read', input: { p: 1 } }, { type: 'tool_use', id: 'b', name: 'Grep', input: { q: 2 } }])
})

t.test('S4: in as many reads as there are chunks, too', async t => {
  const { model } = scene(async response => {
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    for (const chunk of interleaved) {
      await new Promise<void>(resolve => { response.write(sse(chunk), () => resolve()) })
      await new Promise(resolve => setImmediate(resolve))
    }
    response.end(sse('[DONE]'))
  })
  t.match((await askStream(url, { model })).content, [{ input: { p: 1 } }, { input: { q: 2 } }])
})

t.test('S5: calls without an index stay apart', async t => {
  const one = { id: 'a', type: 'function', function: { name: 'Read', arguments: '{"p":1}' } }
  const two = { id: 'b', type: 'function', function: { name: 'Read', arguments: '{"p":2}' } }
  const expected = [{ type: 'tool_use', id: 'a', name: 'Read', input: { p: 1 } }, { type: 'tool_use', id: 'b', name: 'Read', input: { p: 2 } }]
  t.strictSame((await reply(sse(calls(one), calls(two), delta({}, 'tool_calls'), '[DONE]'))).content, expected, 'in two chunks')
  t.strictSame((await reply(sse(calls(one, two), delta({}, 'tool_calls'), '[DONE]'))).content, expected, 'in one')
  t.strictSame((await reply(sse(calls({ ...one, index: 0 }), calls({ ...two, index: 0 }), delta({}, 'stop'), '[DONE]'))).content, expected, 'with the index always 0')
})

t.test('S6: text after a call, and a second phase of thinking, open blocks of their own', async t => {
  const { content } = await reply(sse(delta({ reasoning_content: 'one' }), delta({ content: 'text' }), delta({ reasoning_content: 'two' }), calls({ index: 0, id: 'a', function: { name: 'Read', arguments: '{}' } }), delta({ content: 'after' }), delta({}, 'tool_calls'), '[DONE]'))
  t.match(content, [{ type: 'thinking', thinking: 'one' }, { type: 'text', text: 'text' }, { type: 'thinking', thinking: 'two' }, { type: 'tool_use', input: {} }, { type: 'text', text: 'after' }])
})

t.test('S7: a last line without its end counts', async t => {
  for (const end of ['\n', '']) {
    const body = `${sse(delta({ content: 'Hi' }))}data: ${JSON.stringify(delta({}, 'length', { usage: USAGE }))}${end}`
    t.match(await reply(body), { ended: 'message_stop', stopReason: 'max_tokens', usage: { input_tokens: 10, output_tokens: 5 } }, JSON.stringify(end))
  }
})

t.test('S8: signatures and reasoning details are kept, and go back as they came', async t => {
  const detail = { type: 'reasoning.text', text: 'Let me see.', signature: 'real==', format: 'anthropic-claude-v1', index: 0 }
  const { model, requests } = scene(response => {
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    response.write(sse(delta({ content: '', reasoning: 'Let me ', reasoning_details: [{ ...detail, text: 'Let me ', signature: null }] }), delta({ content: '', reasoning: 'see.', reasoning_details: [{ type: 'reasoning.text', text: 'see.', index: 0 }] })))
    response.write(sse(delta({ content: '', reasoning_details: [{ type: 'reasoning.text', text: '', signature: 'real==', index: 0 }] })))
    response.end(sse(calls({ index: 0, id: 'call_1', function: { name: 'Read', arguments: '{}' } }), delta({}, 'tool_calls'), '[DONE]'))
  }, 'openrouter')
  const first = await askStream(url, { model })
  t.match(first.content, [{ type: 'thinking', thinking: 'Let me see.', signature: /^.{10,}$/ }, { type: 'tool_use', id: 'call_1' }], 'thinking right before a call is signed')

  await askStream(url, { model, messages: [{ role: 'user', content: 'Hi' }, { role: 'assistant', content: first.content }, { role: 'user', content: [{ type: 'tool_result', tool_use_id: 'call_1', content: 'x' }] }] })
  t.match(requests[1]?.body.messages, [{ role: 'user' }, { role: 'assistant', tool_calls: [{ id: 'call_1' }] }, { role: 'tool' }])
  t.hasStrict(requests[1]?.body.messages[1], { reasoning_details: [detail] })
})

t.test('S8: two answers with the same thoughts have the same signature: nothing is invented', async t => {
  const body = sse(delta({ reasoning_content: 'hm' }), delta({ content: 'x' }), delta({}, 'stop'), '[DONE]')
  const { model } = sending(body)
  const [one, two] = [await askStream(url, { model }), await askStream(url, { model })]
  t.strictSame(one.content, two.content)
})

t.test('S9: a reason in a chunk with an empty delta, and usage in one without choices', async t => {
  const tool = calls({ index: 0, id: 'a', function: { name: 'Read', arguments: '{}' } })
  t.match(await reply(sse(delta({ reasoning_content: 'hm' }), tool, delta({}, 'tool_calls'), { choices: [], usage: USAGE }, '[DONE]')), { stopReason: 'tool_use', usage: { input_tokens: 10, output_tokens: 5 } })
  t.match(await reply(sse(delta({ content: 'x' }), { choices: [{ index: 0, finish_reason: 'length' }] }, { usage: USAGE }, '[DONE]')), { stopReason: 'max_tokens', usage: { output_tokens: 5 } }, 'without any delta')
})

t.test('S10: what comes with the usage does not overwrite the reason', async t => {
  for (const later of ['stop', 'tool_calls', null]) {
    t.match(await reply(sse(delta({ content: 'x' }), delta({}, 'length'), delta({ content: '' }, later, { usage: USAGE }), '[DONE]'), 'openrouter'), { stopReason: 'max_tokens', usage: { output_tokens: 5 } }, String(later))
  }
})

t.test('S11: Gemini\'s reasons, as its compatible server and OpenRouter pass them on', async t => {
  const text = delta({ content: 'x' })
  t.match(await reply(sse(text, { choices: [{ delta: {}, finish_reason: 'length', native_finish_reason: 'MAX_TOKENS' }] }, '[DONE]'), 'openrouter'), { stopReason: 'max_tokens' })
  t.match(await reply(sse(text, { choices: [{ delta: {}, finish_reason: 'content_filter', native_finish_reason: 'SAFETY' }] }, '[DONE]'), 'openrouter'), { stopReason: 'refusal' })
  t.match(await reply(sse({ choices: [{ finish_reason: 'content_filter: PROHIBITED_CONTENT', index: 0 }] }, '[DONE]')), { ended: 'message_stop', stopReason: 'refusal', content: [] }, 'a blocked prompt: start, delta and stop all the same')
  t.match(await reply(sse(calls({ index: 0, id: '', function: { name: 'Read', arguments: '{}' } }), delta({ role: 'assistant' }, 'stop'), '[DONE]')), { stopReason: 'tool_use' })
  const signature = delta({ content: '', reasoning_details: [{ type: 'reasoning.encrypted', data: 'sig', format: 'google-gemini-v1', index: 0 }] })
  const signed = sending(sse(text, signature, delta({}, 'stop'), '[DONE]'), 'text/event-stream', 'openrouter')
  const { content } = await askStream(url, { model: signed.model })
  t.strictSame(types(content), ['text'], 'no block stands behind the last words: clients take the last block for the answer')
  await askStream(url, { model: signed.model, messages: [{ role: 'user', content: 'Hi' }, { role: 'assistant', content }, { role: 'user', content: 'And?' }] })
  t.match(signed.requests[1]?.body.messages[1], { content: 'x', reasoning_details: [{ data: 'sig' }] }, 'the signature goes back all the same')
})

t.test('S12: a client that leaves ends the work of the provider', { timeout: 20_000 }, async t => {
  for (const stream of [true, false]) {
    const leaving = new AbortController()
    const closed = new Promise<void>(resolve => {
      const { model } = scene((response, request) => {
        response.on('close', () => {
          t.equal(request.aborted, true, stream ? 'in a stream' : 'in a plain request')
          resolve()
        })
        if (stream) response.writeHead(200, { 'content-type': 'text/event-stream' }).write(sse(delta({ content: 'x' })))
        else leaving.abort()
      })
      if (stream) open(model, leaving.signal).then(response => response.body?.getReader().read()).then(() => leaving.abort(), t.threw)
      else t.rejects(fetch(`${url}/v1/messages`, { method: 'POST', signal: leaving.signal, headers: { 'content-type': 'application/json' }, body: JSON.stringify({ model, max_tokens: 5, messages: [{ role: 'user', content: 'Hi' }] }) }))
    })
    await closed
    t.equal((await fetch(`${url}/health`)).status, 200, 'and the gateway is well')
  }
})

t.test('S13: a client that does not read holds the provider back', { timeout: 20_000 }, async t => {
  const piece = sse(delta({ content: 'x'.repeat(128 * 1024) }))
  const pieces = 800
  let sent = 0
  const { model } = scene(async response => {
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    for (; sent < pieces && !response.destroyed; sent++) {
      if (!response.write(piece)) await Promise.race([once(response, 'drain'), once(response, 'close')])
    }
    response.end(sse(delta({}, 'stop'), '[DONE]'))
  })
  const { hostname, port } = new URL(url)
  const socket = connect(Number(port), hostname)
  t.teardown(() => socket.destroy())
  const body = JSON.stringify({ model, max_tokens: 5, stream: true, messages: [{ role: 'user', content: 'Hi' }] })
  socket.write(`POST /v1/messages HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`)
  await once(socket, 'readable')

  // Time is counted in answers of the same gateway: it is alive and does its work, and still nothing moves.
  for (let before = -1, still = 0; still < 20;) {
    await (await fetch(`${url}/health`)).text()
    still = sent === before ? still + 1 : 0
    before = sent
  }
  t.ok(sent < pieces, `the provider came to a standstill after ${sent} of ${pieces} pieces`)
})

t.test('S14: silence is carried by pings', { timeout: 20_000 }, async t => {
  const held: ServerResponse[] = []
  const upstream = await startUpstream(t, response => { held.push(response) })
  const { url } = await startApp(t, { config: oneProvider(upstream.url, 'openai', { Stream: { pingAfter: 20 } }) })
  const response = await fetch(`${url}/v1/messages`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ model: 'm', max_tokens: 5, stream: true, messages: [{ role: 'user', content: 'Hi' }] }) })
  let text = ''
  for await (const piece of response.body?.pipeThrough(new TextDecoderStream()) ?? []) {
    text += piece
    const pings = text.split('event: ping').length - 1
    if (pings >= 3 && held.length > 0) held.pop()?.writeHead(200).end(sse(delta({ content: 'late' }), delta({}, 'stop'), '[DONE]'))
  }
  const reply = checkGrammar(text)
  t.match(reply, { ended: 'message_stop', content: [{ type: 'text', text: 'late' }] })
  t.ok(reply.pings >= 3)
})

t.test('S14: a provider that is silent for too long is given up, before its head and in mid-reply', { timeout: 20_000 }, async t => {
  const upstream = await startUpstream(t, (response, request) => {
    if (request.body.messages[0]?.content === 'half') response.writeHead(200, { 'content-type': 'text/event-stream' }).write(sse(delta({ content: 'x' })))
  })
  const { url } = await startApp(t, { config: oneProvider(upstream.url, 'openai', { API_TIMEOUT_MS: 500 }) })
  const [none, half] = await Promise.all([ask(url, { stream: true }), askStream(url, { messages: [{ role: 'user', content: 'half' }] })])
  t.match(none, { status: 504, json: { error: { type: 'timeout_error', message: /scripted/ } } })
  t.match(half, { ended: 'error', error: { type: 'timeout_error' }, openBlock: true })
})

t.test('S15: refusals are refusals', async t => {
  t.match(await reply(sse(delta({ content: 'Sur' }), delta({}, 'content_filter'), '[DONE]')), { stopReason: 'refusal', stopSequence: null, stopDetails: { type: 'refusal', explanation: /\w/ } })
  t.match(await reply(sse(delta({ refusal: 'No.' }), delta({}, 'stop'), '[DONE]')), { stopReason: 'refusal', stopDetails: { explanation: 'No.' }, content: [{ type: 'text', text: 'No.' }] })
})

t.test('S15: a search of the provider is a use and its result, streamed and plain', async t => {
  const annotations = [{ type: 'url_citation', url_citation: { url: 'https://a.example', title: 'A', start_index: 0, end_index: 1 } }]
  const checkSearch = (content: Block[]): void => {
    for (const result of content.filter(({ type }) => type === 'web_search_tool_result')) {
      const use = content[content.indexOf(result) - 1]
      t.match(use, { type: 'server_tool_use', id: result['tool_use_id'], name: 'web_search' })
    }
    t.equal(content.filter(({ type }) => type === 'web_search_tool_result').length, 1)
  }
  checkSearch((await reply(sse(delta({ content: '', annotations }), delta({ content: 'So.' }), delta({}, 'stop'), '[DONE]'), 'openrouter')).content)
  checkSearch((await reply(sse(delta({ content: 'So.' }), delta({ annotations }), delta({}, 'stop'), '[DONE]'), 'openrouter')).content)
  checkSearch((await ask(url, { model: sending(JSON.stringify({ choices: [{ message: { content: 'So.', annotations }, finish_reason: 'stop' }] })).model })).json['content'] as Block[])
})

t.test('S16: a character that two packets share comes out whole', async t => {
  const text = 'é — 漢字 — 😀 — 👩‍👩‍👧'
  const bytes = Buffer.from(sse(delta({ content: text }), delta({}, 'stop'), '[DONE]'))
  const { model } = scene(async response => {
    response.socket?.setNoDelay(true)
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    for (let i = 0; i < bytes.length; i++) {
      await new Promise<void>(resolve => { response.write(bytes.subarray(i, i + 1), () => resolve()) })
      await new Promise(resolve => setImmediate(resolve))
    }
    response.end()
  })
  t.equal(joined((await askStream(url, { model })).content, 'text'), text)
  t.match((await ask(url, { model })).json, { content: [{ type: 'text', text }] })
})

t.test('S17: a plain 200 that is no answer is a plain error', async t => {
  const bodies: [string, string, string][] = [
    ['a page', '<!DOCTYPE html><html><body>Just a moment...</body></html>', 'text/html'],
    ['nothing', '', 'application/json'],
    ['blank lines only', '\n\n\n', 'application/json'],
    ['half a document', '{"choices":[{"message":{"content":"Hel', 'application/json'],
    ['no choices', '{"id":"secret-id","choices":[]}', 'application/json'],
    ['another document', '{"status":"ok","secret-id":1}', 'application/json'],
    ['a word', 'OK', 'text/plain'],
    ['[DONE] alone', 'data: [DONE]\n\n', 'text/event-stream'],
    ['comments alone', ': keep-alive\n\n', 'text/event-stream']
  ]
  for (const [name, body, type] of bodies) {
    const { model } = sending(body, type)
    for (const stream of [true, false]) {
      const answer = await ask(url, { model, stream })
      t.match(answer, { status: 502, json: { type: 'error', error: { type: 'api_error', message: /^openai / }, request_id: /^req_/ } }, `${name}, ${stream ? 'streamed' : 'plain'}`)
      t.notMatch(answer.text, /secret-id|<html|at .*\.ts:/, 'without the raw body or a stack')
    }
  }
})

t.test('S17: thinking comes before text and calls in a plain reply', async t => {
  const message = { role: 'assistant', content: 'So.', tool_calls: [{ id: 'a', type: 'function', function: { name: 'Read', arguments: '{}' } }], reasoning_content: 'hm' }
  const { json } = await ask(url, { model: sending(JSON.stringify({ choices: [{ message, finish_reason: 'tool_calls' }], usage: USAGE })).model })
  t.match(json, { content: [{ type: 'thinking', thinking: 'hm' }, { type: 'text', text: 'So.' }, { type: 'tool_use', input: {} }], stop_reason: 'tool_use' })
})

t.test('S17: an answer in the other form than was asked for is an answer', async t => {
  const events = sse(start, delta({ content: 'Hi' }), delta({}, 'stop', { usage: USAGE }), '[DONE]')
  const document = `\n \n${JSON.stringify({ choices: [{ message: { content: 'Hi' }, finish_reason: 'stop' }], usage: USAGE })}`
  for (const [body, type] of [[events, 'application/json'], [document, 'text/event-stream'], [`[${document}]`, 'application/json']] as const) {
    const { model } = sending(body, type)
    t.match(await askStream(url, { model }), { content: [{ type: 'text', text: 'Hi' }], stopReason: 'end_turn', usage: { output_tokens: 5 } })
    t.match((await ask(url, { model })).json, { content: [{ type: 'text', text: 'Hi' }], stop_reason: 'end_turn', usage: { output_tokens: 5 } })
  }
})

t.test('other adapters: no empty blocks, no [DONE], an end for every block, true counts', async t => {
  const { model } = sending(sse(start, ...interleaved, { choices: [], usage: USAGE }, '[DONE]'))
  const { text } = await ask(url, { model, stream: true })
  t.notMatch(text, /\[DONE\]/)
  const frames = readFrames(text)
  t.equal(frames.filter(({ event }) => event === 'content_block_start').length, 2, 'no empty text block before the calls')
  t.equal(frames.filter(({ event }) => event === 'content_block_stop').length, 2)
  t.match(frames.find(({ event }) => event === 'message_delta')?.data, { usage: { input_tokens: 10, output_tokens: 5 } })
})

t.test('other adapters: a provider that closes, resets or does not exist is told as an error, and the gateway stays up', async t => {
  const { model } = scene((response, request, n) => {
    if (n < 2) response.socket?.resetAndDestroy()
    else if (n < 4) response.socket?.destroy()
    else answer(response, request, 'Well.')
  })
  for (let i = 0; i < 4; i++) t.match(await ask(url, { model, stream: i % 2 === 0 }), { status: 502, json: { error: { type: 'api_error', message: /^openai / } } })
  t.match((await ask(url, { model })).json, { content: [{ text: 'Well.' }] })

  const { url: lost } = await startApp(t, { config: oneProvider('http://127.0.0.1:1') })
  t.match(await ask(lost, {}), { status: 502, json: { error: { type: 'api_error', message: /could not be reached/ } } })
})

t.test('other adapters: a body shorter than its length is cut', async t => {
  const { model } = scene(response => {
    const body = JSON.stringify({ choices: [{ message: { content: 'Hi' }, finish_reason: 'stop' }] })
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': body.length + 10 })
    response.write(body, () => response.socket?.destroy())
  })
  t.match(await ask(url, { model }), { status: 502, json: { error: { type: 'api_error' } } })
})

t.test('other adapters: a connection that never asked for anything does not hold up a shutdown', { timeout: 10_000 }, async t => {
  const { app, url } = await startApp(t, { config: oneProvider('http://127.0.0.1:1') })
  const { hostname, port } = new URL(url)
  const socket = connect(Number(port), hostname)
  t.teardown(() => socket.destroy())
  await once(socket, 'connect')
  await (await fetch(`${url}/health`)).text()
  await app.close()
  t.pass('closed')
})

t.test('an error before the first byte keeps its status, wait and words', async t => {
  const { model } = scene(response => json(response, { error: { message: 'Rate limit reached', type: 'requests', code: 'rate_limit_exceeded' } }, 429, { 'retry-after': '7' }))
  for (const stream of [true, false]) {
    const limited = await ask(url, { model, stream })
    t.match(limited, { status: 429, json: { type: 'error', error: { type: 'rate_limit_error', message: /Rate limit reached/ } } })
    t.equal(limited.headers.get('retry-after'), '7')
    t.equal(limited.headers.get('x-should-retry'), null)
    t.equal(limited.headers.get('request-id'), limited.json['request_id'])
  }
})
