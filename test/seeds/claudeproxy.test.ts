import t from 'tap'
import { json as sendJson, sse, delta } from '../helper/upstream.ts'
import { type Seed, chatServer, curlLines, lacks, modelsAsked, readmeOf, startSeed, textReply } from './seed.ts'

/** The Python proxy with `TARGET_MODEL_*`: names of Anthropic's models are mapped to OpenRouter's. */

const MODELS = { TARGET_MODEL_DEFAULT: 'a/default', TARGET_MODEL_SMALL: 'a/small', TARGET_MODEL_BIG: 'a/big', TARGET_MODEL_OPUS: 'a/opus' }
const REQUEST = { model: 'claude-sonnet-4', max_tokens: 1024, messages: [{ role: 'user', content: 'Hello, how are you?' }] }
const TOOL = { name: 'get_weather', description: 'Get current weather for a location', input_schema: { type: 'object', properties: { location: { type: 'string', description: 'City name' } }, required: ['location'] } }
const TOOL_REPLY = { content: [{ type: 'tool_use', name: 'get_weather', input: { location: 'Tokyo' } }], stop_reason: 'tool_use' }
const EVENTS = ['message_start', 'content_block_start', 'content_block_delta', 'content_block_stop', 'message_delta', 'message_stop']

function keyed (url: string): Record<string, string> {
  return { OPENROUTER_API_KEY: 'sk-or-v1-your-key', OPENROUTER_BASE_URL: `${url}/api/v1` }
}

const upstream = await chatServer(t)
const seed = await startSeed(t, { ...keyed(upstream.url), ...MODELS, OPENROUTER_APP_URL: 'https://app.example', OPENROUTER_APP_TITLE: 'An App', TIMEOUT_S: '300', HOST: '127.0.0.1' })

function eventsOf (text: string): string[] {
  return [...new Set(text.split('\n').filter(line => line.startsWith('event: ')).map(line => line.slice('event: '.length)))].filter(event => event !== 'ping')
}

t.test('names of models are mapped by what they hold', async t => {
  upstream.requests.length = 0
  for (const model of ['claude-opus-4-1', 'claude-sonnet-4', 'claude-3-5-haiku-latest', 'gpt-5', 'google/gemini-2.5-pro', 'anthropic/claude-opus-4']) {
    t.match((await seed.post('/v1/messages', { ...REQUEST, model })).json, { model, type: 'message' })
  }
  t.same(modelsAsked(upstream), ['a/opus', 'a/big', 'a/small', 'a/default', 'a/default', 'a/opus'])
  t.match(upstream.requests.at(-1)?.headers, { authorization: 'Bearer sk-or-v1-your-key', 'http-referer': 'https://app.example', 'x-title': 'An App', 'x-openrouter-title': 'An App' })
})

t.test('its requests: plain, streamed, with tools, with an image', async t => {
  t.match((await seed.post('/v1/messages', REQUEST)).json, textReply('claude-sonnet-4', 'From a/big.'))
  t.same(eventsOf((await seed.post('/v1/messages', { ...REQUEST, stream: true })).text), EVENTS)
  t.match((await seed.post('/v1/messages', { ...REQUEST, tools: [TOOL] })).json, TOOL_REPLY)
  const streamed = await seed.post('/v1/messages', { ...REQUEST, tools: [TOOL], stream: true })
  t.match(streamed.text, /"input_json_delta"/)
  for (const source of [{ type: 'base64', media_type: 'image/png', data: 'iVBORw0KGgo=' }, { type: 'url', url: 'https://pictures.example/one.png' }]) {
    const { json } = await seed.post('/v1/messages', { ...REQUEST, messages: [{ role: 'user', content: [{ type: 'image', source }, { type: 'text', text: 'What is in this image?' }] }] })
    t.match(json, textReply('claude-sonnet-4', 'From a/big.'))
    t.match(upstream.requests.at(-1)?.body.messages.at(-1)?.content, [{ type: 'image_url', image_url: { url: source.type === 'url' ? source.url : /^data:image\/png;base64,/ } }, { type: 'text' }])
  }
})

t.test('health, and what stands at the root', async t => {
  t.strictSame(await seed.get('/health'), { status: 200, json: { status: 'ok' } })
  t.match(await seed.get('/'), { status: 200, json: { name: 'switchyard', messages: '/v1/messages', health: '/health' } })
})

t.test('the key of a client is not looked at on this machine', async t => {
  for (const key of ['any-value-here', 'proxy']) t.equal((await seed.post('/v1/messages', REQUEST, { 'x-api-key': key })).status, 200)
})

t.test('the lines of its README', { skip: await lacks('curl', '--version') }, async t => {
  const readme = await readmeOf('001')
  if (readme === undefined) return t.comment('its README is not there: skipped')
  const lines = curlLines(readme)
  t.equal(lines.length, 4)
  const [plain = '', streamed = '', tools = '', image = ''] = await Promise.all(lines.map(line => seed.shell(line)))
  t.match(JSON.parse(plain), textReply('claude-sonnet-4', 'From a/big.'))
  t.same(eventsOf(streamed), EVENTS)
  t.match(JSON.parse(tools), TOOL_REPLY)
  t.match(JSON.parse(image), textReply('claude-sonnet-4', 'From a/big.'))
})

t.test('its errors', async t => {
  const troubled = await chatServer(t, (response, { body: { model } }) => {
    if (model === 'a/small') return sendJson(response, { error: { message: 'No auth credentials found', code: 401 } }, 401)
    // An answer that breaks off, and one that never comes.
    if (model === 'a/big') response.writeHead(200, { 'content-type': 'text/event-stream' }).write(sse(delta({ content: 'Half' })), () => response.destroy())
  })
  const env = { ...MODELS, TIMEOUT_S: '0.3' }
  const slow = await startSeed(t, { ...keyed(troubled.url), ...env })
  t.match(await slow.post('/v1/messages', { ...REQUEST, model: 'haiku' }), { status: 401, json: { type: 'error', error: { type: 'authentication_error' } } }, 'OpenRouter refuses the key')
  t.match(await slow.post('/v1/messages', { ...REQUEST, model: 'opus' }), { status: 504, json: { type: 'error', error: { type: 'timeout_error' } } }, 'it does not answer in time')
  t.same(eventsOf((await slow.post('/v1/messages', { ...REQUEST, stream: true })).text).at(-1), 'error', 'a stream that breaks ends in an error event')

  const unreachable: Seed = await startSeed(t, { ...keyed('http://127.0.0.1:1'), ...env })
  t.match(await unreachable.post('/v1/messages', REQUEST), { status: 502, json: { type: 'error', error: { type: 'api_error' } } }, 'it cannot be reached')
})

t.test('without a key, OpenRouter says so', async t => {
  const strict = await chatServer(t, (response, { headers }) => sendJson(response, { error: { message: 'No cookie auth credentials found', code: 401 } }, headers.authorization === undefined ? 401 : 500))
  const { OPENROUTER_BASE_URL } = keyed(strict.url)
  const without = await startSeed(t, { OPENROUTER_BASE_URL: String(OPENROUTER_BASE_URL) })
  t.match(await without.post('/v1/messages', REQUEST), { status: 401, json: { error: { type: 'authentication_error' } } })
})

t.test('with nothing but its key: models that OpenRouter has', async t => {
  upstream.requests.length = 0
  const plain = await startSeed(t, keyed(upstream.url))
  for (const model of ['claude-opus-4', 'claude-sonnet-4', 'claude-haiku-4', 'other']) await plain.post('/v1/messages', { ...REQUEST, model })
  t.same(modelsAsked(upstream), ['anthropic/claude-opus-4.5', 'anthropic/claude-sonnet-4.5', 'anthropic/claude-sonnet-4.5', 'anthropic/claude-sonnet-4.5'])
})
