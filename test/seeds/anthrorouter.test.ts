import t from 'tap'
import { type Seed, blocksOf, chatServer, modelsAsked, readmeOf, startSeed, textReply } from './seed.ts'

/** AnthroRouter, an Express service in front of OpenRouter: clients name OpenRouter's models themselves. */

const MODEL = 'google/gemini-2.0-flash-exp:free'
const REQUEST = { model: MODEL, messages: [{ role: 'user', content: 'Hello, how are you?' }], max_tokens: 100, temperature: 0.7, stream: false, system: 'You are a helpful assistant' }
const ENDPOINT = '/api/v1/messages'
/** Not one of its variables: it leads to the scripted server. */
const base = (url: string): Record<string, string> => ({ OPENROUTER_BASE_URL: `${url}/api/v1` })

const upstream = await chatServer(t)
const seed = await startSeed(t, { OPENROUTER_API_KEY: 'sk-or-v1-xxxxx', VALID_API_KEYS: 'key1,key2,key3', SITE_URL: 'https://yoursite.com', ...base(upstream.url) })
const readme = await readmeOf('000')
const skip = readme === undefined && 'its README is not there'

function withKey (key: string): Record<string, string> {
  return { 'x-api-key': key }
}

t.test('its request', async t => {
  upstream.requests.length = 0
  const { status, json } = await seed.post(ENDPOINT, REQUEST, withKey('key1'))
  t.equal(status, 200)
  t.match(json, textReply(MODEL, `From ${MODEL}.`))
  const asked = upstream.requests.filter(({ method }) => method === 'POST')
  t.equal(asked.length, 1)
  t.match(asked[0], {
    path: '/api/v1/chat/completions',
    headers: { authorization: 'Bearer sk-or-v1-xxxxx', 'http-referer': 'https://yoursite.com' },
    body: { model: MODEL, max_tokens: 100, temperature: 0.7, messages: [{ role: 'system', content: REQUEST.system }, { role: 'user', content: 'Hello, how are you?' }] }
  })
})

t.test('its stream, read by its data lines alone', async t => {
  const { status, text } = await seed.post(ENDPOINT, { ...REQUEST, stream: true }, withKey('key2'))
  t.equal(status, 200)
  const events = text.split('\n').filter(line => line.startsWith('data: ')).map(line => JSON.parse(line.slice('data: '.length)) as { type: string, delta?: { text?: string } })
  t.equal(events.map(({ delta }) => delta?.text ?? '').join(''), `From ${MODEL}.`)
  t.match(events.find(({ type }) => type === 'content_block_delta'), { index: 0, delta: { type: 'text_delta' } })
  t.equal(events.at(-1)?.type, 'message_stop')
})

t.test('any model of OpenRouter is served as it is named', async t => {
  upstream.requests.length = 0
  const models = ['z-ai/glm-4.7', 'anthropic/claude-opus-4.1', '~anthropic/claude-opus-latest', 'meta-llama/llama-3.3-70b-instruct:free']
  for (const model of models) t.match((await seed.post(ENDPOINT, { ...REQUEST, model }, withKey('key3'))).json, textReply(model, `From ${model}.`))
  t.same(modelsAsked(upstream), models)
  const metrics = await (await fetch(`${seed.url}/metrics`)).text()
  t.match(metrics, /gen_ai_request_model="other"/)
  t.notMatch(metrics, models[0], 'names that clients make up are no labels')
  t.match((await seed.post(ENDPOINT, { ...REQUEST, model: 'claude-sonnet-4-5' }, withKey('key3'))).json, textReply('claude-sonnet-4-5', 'From anthropic/claude-sonnet-4.5.'), 'other names go by the rules')
})

t.test('and is found in the list\'s place, under that name', async t => {
  t.match(await seed.get(`/v1/models/${MODEL}`, withKey('key1')), { status: 200, json: { id: MODEL, owned_by: 'openrouter' } })
  const { json } = await seed.get('/v1/models', withKey('key1'))
  t.match((json['data'] as { id: string }[]).map(({ id }) => id), [/^switchyard\/opus$/, /^switchyard\/default$/, /^openrouter,/, /^openrouter,/, 'anthropic/claude-sonnet-4.5', 'anthropic/claude-opus-4.5'])
})

t.test('its keys', async t => {
  for (const headers of [{}, withKey('key4'), withKey('test-api-key-123'), withKey(`sk-ant-api03-${'x'.repeat(40)}`)]) t.match(await seed.post(ENDPOINT, REQUEST, headers), { status: 401, json: { type: 'error', error: { type: 'authentication_error' } } })
  t.equal((await seed.post(ENDPOINT, REQUEST, { authorization: 'Bearer key1' })).status, 200)
})

t.test('100 requests a minute for each key', async t => {
  const statuses: number[] = []
  // A minute may end on the way: of three hundred, two thirds are then too many for one.
  while (statuses.length < 300 && statuses.at(-1) !== 429) statuses.push((await seed.post(ENDPOINT, REQUEST, withKey('key2'))).status)
  t.equal(statuses.at(-1), 429)
  // The streamed one counted, too.
  t.ok(statuses.length >= 100, `${statuses.length - 1} were served`)
  t.same(new Set(statuses.slice(0, -1)), new Set([200]))
  t.equal((await seed.post(ENDPOINT, REQUEST, withKey('key1'))).status, 200, 'the others go on')
})

t.test('the SDK, with the base URL that its README has and with that of this gateway', async t => {
  const snippet = (baseURL: string): string => `import Anthropic from '@anthropic-ai/sdk'
    const anthropic = new Anthropic({ apiKey: 'key1', baseURL: '${baseURL}' })
    console.log(JSON.stringify(await anthropic.messages.create({ model: '${MODEL}', max_tokens: 100, messages: [{ role: 'user', content: 'Hello!' }] })))`
  for (const path of ['/api/v1', '/api', '']) t.match(JSON.parse(await seed.program(process.execPath, 'sdk.mjs', snippet(`http://localhost:3000${path}`))), textReply(MODEL, `From ${MODEL}.`), `base URL with ${path || 'nothing behind it'}`)
})

t.test('the examples of its README', { skip }, async t => {
  const [request, reply] = blocksOf(readme ?? '', 'json').map(text => JSON.parse(text) as object)
  const { json } = await seed.post(ENDPOINT, request ?? {}, withKey('key1'))
  t.same(Object.keys(json).sort(), Object.keys(reply ?? {}).sort(), 'the reply has the members that it documents')
  const [program = ''] = blocksOf(readme ?? '', 'javascript').filter(text => text.includes('@anthropic-ai/sdk'))
  const printed = await seed.program(process.execPath, 'readme.mjs', `${program.replace('your-api-key', 'key1')}\nconsole.log(JSON.stringify(message))`)
  t.match(JSON.parse(printed), textReply(MODEL, `From ${MODEL}.`))
})

t.test('without keys of its own, whatever key a client of this machine has', async t => {
  const open: Seed = await startSeed(t, { OPENROUTER_API_KEY: 'sk-or-v1-xxxxx', ...base(upstream.url) })
  for (const key of ['test-api-key-123', `sk-ant-api03-${'x'.repeat(40)}`, 'any']) t.equal((await open.post(ENDPOINT, REQUEST, withKey(key))).status, 200)
  t.match(open.output(), /only programs of this machine are served/)
})

t.test('Anthropic keys are let in where the operator says so', async t => {
  const open = await startSeed(t, { OPENROUTER_API_KEY: 'sk-or-v1-xxxxx', VALID_API_KEYS: 'key1', SWITCHYARD_AUTH__ACCEPT_ANTHROPIC_KEYS: 'true', ...base(upstream.url) })
  t.equal((await open.post(ENDPOINT, REQUEST, withKey(`sk-ant-api03-${'x'.repeat(40)}`))).status, 200)
  t.equal((await open.post(ENDPOINT, REQUEST, withKey('test-api-key-123'))).status, 401)
  await t.rejects(startSeed(t, { OPENROUTER_API_KEY: 'sk-or-v1-xxxxx', HOST: '0.0.0.0', SWITCHYARD_AUTH__ACCEPT_ANTHROPIC_KEYS: 'true' }), /no key is set/, 'anyone can make one up: beside them a key is needed where others listen')
})
