import t from 'tap'
import { type Received, type Script, answer, json, startUpstream } from '../helper/upstream.ts'
import { until } from '../helper/until.ts'
import { type Seed, curlLines, lacks, modelsAsked, readmeOf, startSeed, textReply } from './seed.ts'

/** The TypeScript router in front of vLLM, with a server of its own for pictures. */

const MODEL = 'your-model-name'
const KEY = { 'x-api-key': 'your-api-key' }
const REQUEST = { model: MODEL, messages: [{ role: 'user', content: 'Hello!' }], max_tokens: 100 }
const IMAGE = { type: 'image', source: { type: 'base64', media_type: 'image/png', data: 'iVBORw0KGgo=' } }

/** A vLLM server that serves one model, and counts tokens. */
function vllm (model: string): Script {
  return (response, request) => {
    if (request.path === '/v1/models') return json(response, { object: 'list', data: [{ id: model, object: 'model', max_model_len: 32768 }] })
    if (request.path === '/tokenize') return json(response, { count: 7, max_model_len: 32768, tokens: [1, 2, 3, 4, 5, 6, 7] })
    if (request.method !== 'POST' || request.path !== '/v1/chat/completions') return json(response, {}, 404)
    if (request.body.model !== model) return json(response, { object: 'error', message: `The model ${request.body.model} does not exist.`, code: 404 }, 404)
    answer(response, request, `From ${request.body.model}.`)
  }
}

const text = await startUpstream(t, vllm(MODEL))
const vision = await startUpstream(t, (response, request) => request.method === 'GET' ? json(response, {}, 404) : answer(response, request, `I see, says ${request.body.model}.`))
const env = { VLLM_URL: text.url, VLLM_API_KEY: 'your-vllm-api-key', VLLM_MODEL: MODEL, API_KEY: 'your-api-key', TELEMETRY_ENABLED: 'true', LOG_LEVEL: 'debug' }
const seed = await startSeed(t, { ...env, VISION_URL: vision.url, VISION_API_KEY: 'vision-key', HOST: '0.0.0.0' })

function posted ({ requests }: { requests: Received[] }, path: string): Received[] {
  return requests.filter(request => request.method === 'POST' && request.path === path)
}

/** Ids of a list of models. */
function idsOf (list: unknown): string[] {
  return (list as { data: { id: string }[] }).data.map(({ id }) => id)
}

/** It is asked what it serves once the service listens. */
async function isUp (seed: Seed): Promise<void> {
  await until('the server was looked at', async () => (await seed.get('/ready')).json['providers'] !== undefined && JSON.stringify((await seed.get('/ready')).json).includes('up'))
}

t.test('both of its forms of a request', async t => {
  t.match((await seed.post('/v1/messages', REQUEST, KEY)).json, textReply(MODEL, `From ${MODEL}.`))
  const { status, json } = await seed.post('/v1/chat/completions', REQUEST, { authorization: 'Bearer your-api-key' })
  t.equal(status, 200)
  t.match(json, { choices: [{ message: { role: 'assistant', content: `From ${MODEL}.` }, finish_reason: 'stop' }] })
  const streamed = await seed.post('/v1/chat/completions', { ...REQUEST, stream: true }, KEY)
  t.match(streamed.text, /data: \{[^]*data: \[DONE\]/)
  t.match((await seed.post('/v1/messages', { ...REQUEST, stream: true }, KEY)).text, /event: message_stop/)
  for (const { headers, path } of posted(text, '/v1/chat/completions')) t.match({ path, key: headers.authorization }, { path: '/v1/chat/completions', key: 'Bearer your-vllm-api-key' })
})

t.test('requests with a picture go to the other server, by either form', async t => {
  const before = modelsAsked(text).length
  t.match((await seed.post('/v1/messages', { ...REQUEST, messages: [{ role: 'user', content: [IMAGE, { type: 'text', text: 'What is it?' }] }] }, KEY)).json, textReply(MODEL, 'I see, says gpt-4-vision.'))
  const chat = await seed.post('/v1/chat/completions', { ...REQUEST, messages: [{ role: 'user', content: [{ type: 'image_url', image_url: { url: 'data:image/png;base64,iVBORw0KGgo=' } }, { type: 'text', text: 'What is it?' }] }] }, KEY)
  t.match(chat.json, { choices: [{ message: { content: 'I see, says gpt-4-vision.' } }] })
  t.same(modelsAsked(vision), ['gpt-4-vision', 'gpt-4-vision'])
  t.equal(vision.requests.at(-1)?.headers.authorization, 'Bearer vision-key')
  t.equal(modelsAsked(text).length, before)

  const later = [{ role: 'user', content: [IMAGE, { type: 'text', text: 'What is it?' }] }, { role: 'assistant', content: 'A dot.' }, { role: 'user', content: 'Of which colour?' }]
  t.match((await seed.post('/v1/messages', { ...REQUEST, messages: later }, KEY)).json, textReply(MODEL, `From ${MODEL}.`), 'the next turn is the text model\'s again')
  t.notMatch(JSON.stringify(posted(text, '/v1/chat/completions').at(-1)?.body), /image_url/, 'which is shown no picture')
})

t.test('its other endpoints', async t => {
  t.match(await seed.get('/health'), { status: 200, json: { status: 'ok' } })
  const { status, json } = await seed.get('/v1/models', KEY)
  t.equal(status, 200)
  t.same(idsOf(json).filter(id => !id.includes(',') && !id.includes('/')), [MODEL], 'under the name that it was given, and not the other server\'s, to which only pictures go')
  t.match(await seed.get(`/v1/models/${MODEL}`, KEY), { status: 200, json: { id: MODEL, object: 'model', owned_by: 'vllm' } })
  t.match((await seed.post('/v1/messages/count_tokens', { model: MODEL, messages: REQUEST.messages }, KEY)).json, { input_tokens: 7 })
  t.match(await seed.get('/stats', KEY), { status: 200, json: { requests: Number, inputTokens: Number, outputTokens: Number, models: { [MODEL]: {} }, providers: { vllm: {}, vision: {} } } })
})

t.test('its key', async t => {
  for (const headers of [{}, { 'x-api-key': 'sk-anthropic-router' }]) t.equal((await seed.post('/v1/messages', REQUEST, headers)).status, 401)
  t.match(seed.output(), /TELEMETRY_ENABLED/, 'what a variable does not do is told')
  t.notMatch(seed.output(), /your-vllm-api-key|"your-api-key"|vision-key/)
})

const readme = await readmeOf('002')

t.test('the lines of its README', { skip: (readme === undefined && 'its README is not there') || await lacks('curl', '--version') }, async t => {
  const lines = curlLines(readme ?? '')
  t.equal(lines.length, 4)
  // It shows the list without a key; here a key is set, so it takes one.
  const [health = '', , chat = '', message = ''] = await Promise.all(lines.map(line => seed.shell(line)))
  const models = await seed.shell(`${lines[1]} -H "x-api-key: your-api-key"`)
  t.match(JSON.parse(health), { status: 'ok' })
  t.ok(idsOf(JSON.parse(models)).includes(MODEL))
  t.match(JSON.parse(chat), { choices: [{ message: { content: `From ${MODEL}.` } }] })
  t.match(JSON.parse(message), textReply(MODEL, `From ${MODEL}.`))
})

t.test('without a name, the model is what the server serves', async t => {
  const other = await startUpstream(t, vllm('qwen3-coder'))
  const plain = await startSeed(t, { VLLM_URL: `${other.url}/` })
  await isUp(plain)
  t.match((await plain.post('/v1/messages', { ...REQUEST, model: 'default' }, { 'x-api-key': 'sk-anthropic-router' })).json, textReply('default', 'From qwen3-coder.'))
  t.match((await plain.post('/v1/chat/completions', REQUEST)).json, { choices: [{ message: { content: 'From qwen3-coder.' } }] })
  t.ok(idsOf((await plain.get('/v1/models')).json).includes('default'))
})

t.test('a key that is published opens nothing to others', async t => {
  await t.rejects(startSeed(t, { ...env, API_KEY: 'sk-anthropic-router', HOST: '0.0.0.0' }), /HOST: 0\.0\.0\.0 can be reached from other machines, and the key APIKEY is published/)
  await t.rejects(startSeed(t, { ...env, VALID_API_KEYS: 'test-api-key-123', HOST: '0.0.0.0' }), /the key VALID_API_KEYS\.1 is published/)
  await t.rejects(startSeed(t, { VLLM_URL: text.url, HOST: '0.0.0.0' }), /no key is set/)
})
