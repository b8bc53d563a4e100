import type { ServerResponse } from 'node:http'
import t from 'tap'
import { oneProvider, startApp } from '../helper/app.ts'
import { openStream, parseEvents } from '../helper/events.ts'
import { delta, sse, startUpstream } from '../helper/upstream.ts'

const quick = { Stream: { pingAfter: 30, contentAfter: 100000 } }

t.test('silence before the first byte is carried by pings, and the answer follows', async t => {
  let release = (): void => {}
  const upstream = await startUpstream(t, response => {
    release = () => response.writeHead(200, { 'content-type': 'text/event-stream' }).end(sse(delta({ content: 'late' }), delta({}, 'stop'), '[DONE]'))
  })
  const { url } = await startApp(t, { config: oneProvider(upstream.url, 'openai', quick) })
  const stream = await openStream(url, {})
  await stream.until(text => text.split('event: ping').length > 3)
  release()
  const events = parseEvents(await stream.end()).filter(({ event }) => event !== 'ping')
  t.same(events.map(({ event }) => event), ['message_start', 'content_block_start', 'content_block_delta', 'content_block_stop', 'message_delta', 'message_stop'])
})

t.test('silence between events is carried too, and comments of the provider are no content', async t => {
  let response_: ServerResponse | undefined
  const upstream = await startUpstream(t, response => {
    response_ = response
    response.writeHead(200, { 'content-type': 'text/event-stream' }).write(sse(delta({ content: 'one' })))
  })
  const { url } = await startApp(t, { config: oneProvider(upstream.url, 'openai', quick) })
  const stream = await openStream(url, {})
  await stream.until(text => text.includes('one'))
  response_?.write(': keep-alive\n\n')
  await stream.until(text => text.includes('event: ping'))
  response_?.end(sse(delta({ content: ' two' }), delta({}, 'stop'), '[DONE]'))
  t.match(await stream.end(), /one[^]*ping[^]* two[^]*message_stop/)
})

t.test('a long silence is carried by content: an empty delta of the block that is open', async t => {
  const cases: [string, object, object, RegExp][] = [
    ['a thinking block is opened where thinking was asked for', { thinking: { type: 'adaptive' } }, {}, /"content_block":\{"type":"thinking"[^]*"thinking_delta","thinking":""/],
    ['a text block where it was not', { thinking: { type: 'disabled' } }, {}, /"content_block":\{"type":"text"[^]*"text_delta","text":""/],
    ['open text grows by nothing', {}, delta({ content: 'x' }), /"text":"x"[^]*"text_delta","text":""/],
    ['open reasoning grows by nothing', {}, delta({ reasoning: 'x' }), /"thinking":"x"[^]*"thinking_delta","thinking":""/],
    ['an open call grows by nothing', {}, delta({ tool_calls: [{ index: 0, id: 'a', function: { name: 'T', arguments: '{"a":' } }] }), /"partial_json":"\{\\"a\\":"[^]*"partial_json":""/]
  ]
  for (const [name, body, first, expected] of cases) {
    const upstream = await startUpstream(t, response => {
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      response.flushHeaders()
      if ('choices' in first) response.write(sse(first))
    })
    const { url } = await startApp(t, { config: oneProvider(upstream.url, 'openai', { Stream: { pingAfter: 100000, contentAfter: 40 } }) })
    const stream = await openStream(url, body)
    t.match(await stream.until(text => expected.test(text)), expected, name)
    stream.leave()
  }
})

t.test('a block that was opened to show life takes the answer in', async t => {
  let release = (): void => {}
  const upstream = await startUpstream(t, response => {
    response.writeHead(200, { 'content-type': 'text/event-stream' }).flushHeaders()
    release = () => response.end(sse(delta({ reasoning: 'hm' }), delta({ content: 'done' }), delta({}, 'stop'), '[DONE]'))
  })
  const { url } = await startApp(t, { config: oneProvider(upstream.url, 'openai', { Stream: { contentAfter: 40 } }) })
  const stream = await openStream(url, { thinking: { type: 'enabled', budget_tokens: 2000 } })
  await stream.until(text => text.includes('thinking_delta'))
  release()
  const starts = parseEvents(await stream.end()).filter(({ event }) => event === 'content_block_start')
  t.match(starts.map(({ data }) => data['content_block']), [{ type: 'thinking' }, { type: 'text' }])
  t.equal(starts.length, 2)
})

t.test('a provider that falls silent for longer than API_TIMEOUT_MS is given up', async t => {
  const upstream = await startUpstream(t, (response, request) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    if (request.body.messages[0]?.content === 'half') response.write(sse(delta({ content: 'half' })))
    else response.flushHeaders()
  })
  const { url } = await startApp(t, { config: oneProvider(upstream.url, 'openai', { API_TIMEOUT_MS: 500 }) })
  const half = await openStream(url, { messages: [{ role: 'user', content: 'half' }] })
  t.match(parseEvents(await half.end()).at(-1), { event: 'error', data: { error: { type: 'timeout_error', message: /scripted fell silent/ } } })
  const nothing = await openStream(url, {})
  t.equal(nothing.response.statusCode, 504, 'nothing was sent yet, so it is an HTTP error')
  t.match(JSON.parse(await nothing.end()), { error: { type: 'timeout_error' } })
})
