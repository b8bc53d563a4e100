import Anthropic, {
  APIError, APIUserAbortError, AuthenticationError, BadRequestError, ContentTooLargeError, GatewayTimeoutError, InternalServerError, NotFoundError,
  OverloadedError, PaymentRequiredError, PermissionDeniedError, RateLimitError
} from '@anthropic-ai/sdk'
import { once } from 'node:events'
import type { ServerResponse } from 'node:http'
import t from 'tap'
import { oneProvider, startApp } from '../helper/app.ts'
import { openStage } from '../helper/stage.ts'
import { type Received, USAGE, answer, delta, json, sse, startUpstream, stream } from '../helper/upstream.ts'

/** The official SDK as the client of the whole service. */

const { url, scene } = await openStage(t)
const client = new Anthropic({ baseURL: url, apiKey: 'none', maxRetries: 0 })
const user = (content: Anthropic.MessageParam['content']): Anthropic.MessageParam => ({ role: 'user', content })
const hi = { max_tokens: 1000, messages: [user('Hi')] }

async function failureOf (call: Promise<unknown>): Promise<unknown> {
  try {
    return { answer: await call }
  } catch (error) {
    return error
  }
}

/** A client that repeats requests, and what it saw of each try. */
function repeating (maxRetries: number): { client: Anthropic, tries: { count: string | null, status: number, retryAfter: string | null, shouldRetry: string | null }[] } {
  const tries: ReturnType<typeof repeating>['tries'] = []
  const recorded: typeof fetch = async (input, init) => {
    const response = await fetch(input, init)
    tries.push({ count: new Headers(init?.headers).get('x-stainless-retry-count'), status: response.status, retryAfter: response.headers.get('retry-after'), shouldRetry: response.headers.get('x-should-retry') })
    return response
  }
  return { client: new Anthropic({ baseURL: url, apiKey: 'none', maxRetries, fetch: recorded }), tries }
}

t.test('a plain message', async t => {
  const { model, requests } = scene((response, request) => answer(response, request, 'Hello.'))
  const message = await client.messages.create({ model, ...hi, system: 'Be brief.' })
  t.match(message, { id: /^msg_/, type: 'message', role: 'assistant', model, content: [{ type: 'text', text: 'Hello.' }], stop_reason: 'end_turn', stop_sequence: null, usage: { input_tokens: 10, output_tokens: 5 } })
  t.match(message._request_id, /^req_/)
  t.match(requests[0]?.body, { stream: false, messages: [{ role: 'system', content: 'Be brief.' }, { role: 'user', content: 'Hi' }] })
})

t.test('a stream, piece by piece as the provider sends it', async t => {
  let next = (): void => {}
  const { model } = scene(async response => {
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    for (const word of ['one', ' two', ' three']) {
      const seen = new Promise<void>(resolve => { next = resolve })
      response.write(sse(delta({ content: word })))
      // The next word waits until the client has this one: nothing may be held back on the way.
      await seen
    }
    response.end(sse(delta({}, 'stop', { usage: USAGE }), '[DONE]'))
  })
  const words: string[] = []
  const running = client.messages.stream({ model, ...hi }).on('text', word => {
    words.push(word)
    next()
  })
  const message = await running.finalMessage()
  t.strictSame(words, ['one', ' two', ' three'])
  t.match(message, { model, content: [{ type: 'text', text: 'one two three' }], stop_reason: 'end_turn', usage: { input_tokens: 10, output_tokens: 5 } })
  t.match(running.request_id, /^req_/)
})

t.test('the raw events of a stream', async t => {
  const { model } = scene(response => stream(response, delta({ reasoning: 'hm' }), delta({ content: 'So.' }), delta({}, 'stop', { usage: USAGE }), '[DONE]'))
  const events: string[] = []
  for await (const event of await client.messages.create({ model, ...hi, stream: true })) events.push(event.type)
  t.strictSame(events, ['message_start', 'content_block_start', 'content_block_delta', 'content_block_delta', 'content_block_stop', 'content_block_start', 'content_block_delta', 'content_block_stop', 'message_delta', 'message_stop'])
})

t.test('every answer has an id of its own', async t => {
  const { model } = scene((response, request) => answer(response, request, 'Hello.'))
  const ids = [(await client.messages.create({ model, ...hi })).id, (await client.messages.create({ model, ...hi })).id, (await client.messages.stream({ model, ...hi }).finalMessage()).id, (await client.messages.stream({ model, ...hi }).finalMessage()).id]
  t.equal(new Set(ids).size, 4)
})

t.test('tools, there and back', async t => {
  const { model, requests } = scene((response, request, n) => {
    if (n % 2 === 1) return answer(response, request, 'It is 20 °C in Bern and 25 °C in Rome.')
    const calls = [{ index: 0, id: 'functions.weather:0', function: { name: 'weather', arguments: '{"city":"Bern"}' } }, { index: 1, id: 'functions.weather:1', function: { name: 'weather', arguments: '{"city":"Rome"}' } }]
    if (request.body.stream === true) stream(response, delta({ reasoning_content: 'Two calls.' }), delta({ tool_calls: [calls[0]] }), delta({ tool_calls: [calls[1]] }), delta({}, 'tool_calls', { usage: USAGE }), '[DONE]')
    else json(response, { choices: [{ message: { role: 'assistant', content: null, reasoning_content: 'Two calls.', tool_calls: calls }, finish_reason: 'tool_calls' }], usage: USAGE })
  })
  const tools: Anthropic.Tool[] = [{ name: 'weather', description: 'The weather.', input_schema: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] } }]
  for (const streamed of [true, false]) {
    const ask = (messages: Anthropic.MessageParam[]): Promise<Anthropic.Message> => {
      const request = { model, max_tokens: 1000, tools, messages }
      return streamed ? client.messages.stream(request).finalMessage() : client.messages.create(request)
    }
    const first = await ask([user('The weather in Bern and Rome?')])
    t.match(first, { stop_reason: 'tool_use', content: [{ type: 'thinking', thinking: 'Two calls.' }, { type: 'tool_use', name: 'weather', input: { city: 'Bern' } }, { type: 'tool_use', input: { city: 'Rome' } }] }, streamed ? 'streamed' : 'plain')
    const results = first.content.flatMap(block => block.type === 'tool_use' ? [{ type: 'tool_result' as const, tool_use_id: block.id, content: (block.input as { city: string }).city === 'Bern' ? '20' : '25' }] : [])
    const second = await ask([user('The weather in Bern and Rome?'), { role: 'assistant', content: first.content }, user(results.reverse())])
    t.match(second, { stop_reason: 'end_turn', content: [{ type: 'text', text: /20 °C in Bern/ }] })
    t.match(requests.at(-1)?.body.messages, [
      { role: 'user' },
      { role: 'assistant', reasoning_content: 'Two calls.', tool_calls: [{ id: 'functions.weather:0', type: 'function', function: { name: 'weather', arguments: '{"city":"Bern"}' } }, { id: 'functions.weather:1' }] },
      { role: 'tool', tool_call_id: 'functions.weather:0', content: '20' },
      { role: 'tool', tool_call_id: 'functions.weather:1', content: '25' }
    ])
  }
})

t.test('errors before an answer become the SDK\'s classes', async t => {
  const cases: [number, unknown, string][] = [
    [400, BadRequestError, 'invalid_request_error'],
    [401, AuthenticationError, 'authentication_error'],
    [402, PaymentRequiredError, 'billing_error'],
    [403, PermissionDeniedError, 'permission_error'],
    [404, NotFoundError, 'not_found_error'],
    [413, ContentTooLargeError, 'request_too_large'],
    [422, BadRequestError, 'invalid_request_error'],
    [429, RateLimitError, 'rate_limit_error'],
    [500, InternalServerError, 'api_error'],
    [503, OverloadedError, 'overloaded_error'],
    [504, GatewayTimeoutError, 'timeout_error']
  ]
  for (const [status, wanted, type] of cases) {
    const { model } = scene(response => json(response, { error: { message: 'went wrong', type: 'x', code: null } }, status))
    for (const call of [client.messages.create({ model, ...hi }), client.messages.stream({ model, ...hi }).finalMessage()]) {
      const error = await failureOf(call)
      t.ok(error instanceof (wanted as typeof APIError), `${status}: ${String(error)}`)
      t.match(error, { type, apiMessage: /went wrong/, requestID: /^req_/ })
    }
  }
})

t.test('requests that the gateway itself refuses', async t => {
  const { model } = scene(() => {})
  t.match(await failureOf(client.messages.create({ model, max_tokens: 1000, messages: [] })), { status: 400, type: 'invalid_request_error', apiMessage: /messages/ })
  t.match(await failureOf(client.messages.create({ model, max_tokens: 1000, messages: [{ role: 'robot' as 'user', content: 'Hi' }] })), { status: 400, apiMessage: /messages\.0\.role/ })
  t.match(await failureOf(client.get('/v1/nowhere')), { status: 404, type: 'not_found_error' })
})

t.test('an error in mid-stream', async t => {
  let fail = (): void => {}
  const { model } = scene(response => {
    response.writeHead(200, { 'content-type': 'text/event-stream' }).write(sse(delta({ content: 'Hal' })))
    fail = () => response.end(sse({ error: { code: 503, message: 'overloaded' }, choices: [] }))
  })
  const running = client.messages.stream({ model, ...hi }).on('text', () => fail())
  const error = await failureOf(running.finalMessage())
  t.ok(error instanceof APIError)
  t.match(error, { status: undefined, type: 'overloaded_error', apiMessage: /overloaded/ })
  t.strictSame(running.receivedMessages, [], 'no message was completed')
})

t.test('a key of the gateway, in either header', async t => {
  const upstream = await startUpstream(t, (response, request) => answer(response, request, 'Hello.'))
  const { url } = await startApp(t, { config: oneProvider(upstream.url, 'openai', { APIKEY: 'right' }) })
  for (const options of [{ apiKey: 'right' }, { authToken: 'right', apiKey: null }, { apiKey: 'x', defaultHeaders: { authorization: null, 'x-api-key': 'right' } }]) {
    const message = await new Anthropic({ baseURL: url, maxRetries: 0, ...options }).messages.create({ model: 'claude-x', ...hi })
    t.match(message.content, [{ text: 'Hello.' }])
  }
  const { client, tries } = repeating(2)
  const error = await failureOf(client.withOptions({ baseURL: url, apiKey: 'wrong' }).messages.create({ model: 'claude-x', ...hi }))
  t.ok(error instanceof AuthenticationError)
  t.equal(tries.length, 1, 'a wrong key is not tried again')
  t.equal(upstream.requests.length, 3)
  t.notMatch(JSON.stringify(upstream.requests.map(({ headers }) => headers)), /right/, 'and no key of a client reaches the provider')
})

t.test('the SDK repeats what can be mended, after the time it was told', async t => {
  const { model, requests } = scene((response, request, n) => {
    if (n === 0) json(response, { error: { message: 'slow down' } }, 429, { 'retry-after-ms': '200' })
    else if (n === 1) response.socket?.destroy()
    else answer(response, request, 'Hello.')
  })
  const { client, tries } = repeating(2)
  const message = await client.messages.stream({ model, ...hi }).finalMessage()
  t.match(message.content, [{ text: 'Hello.' }])
  t.equal(requests.length, 3)
  t.match(tries, [{ count: '0', status: 429, retryAfter: '1', shouldRetry: null }, { count: '1', status: 502, shouldRetry: null }, { count: '2', status: 200 }], 'whole seconds, rounded up')
})

t.test('and not what cannot', async t => {
  for (const [status, type] of [[400, 'invalid_request_error'], [401, 'authentication_error'], [402, 'billing_error'], [403, 'permission_error'], [404, 'not_found_error']] as const) {
    const { model, requests } = scene(response => json(response, { error: { message: 'no' } }, status))
    const { client, tries } = repeating(2)
    t.match(await failureOf(client.messages.create({ model, ...hi })), { status, type })
    t.equal(requests.length, 1)
    t.match(tries, [{ shouldRetry: 'false' }], String(status))
  }
})

t.test('abort closes the way to the provider', async t => {
  const closed: Promise<unknown>[] = []
  const { model, requests } = scene((response: ServerResponse, request: Received) => {
    closed.push(once(response, 'close'))
    if (request.body.stream === true) response.writeHead(200, { 'content-type': 'text/event-stream' }).write(sse(delta({ content: 'Hal' })))
    else leaving.abort()
  })
  const running = client.messages.stream({ model, ...hi })
  running.on('text', () => running.abort())
  t.ok(await failureOf(running.finalMessage()) instanceof APIUserAbortError, 'a stream')
  await closed[0]

  const leaving = new AbortController()
  t.ok(await failureOf(client.messages.create({ model, ...hi }, { signal: leaving.signal })) instanceof APIUserAbortError, 'a plain request')
  await closed[1]
  t.strictSame(requests.map(({ aborted }) => aborted), [true, true])
})
