import t from 'tap'
import { blocksOf, chatServer, curlLines, lacks, modelsAsked, readmeOf, startSeed, textReply } from './seed.ts'

/** The Flask proxy for Claude Code, with its own table of free models, and `PROXY_…` before its variables. */

const HEALTHY = { status: 'healthy', service: 'claude-code-proxy' }
const SONNET = 'openai/gpt-oss-120b:free'
const TABLE = {
  'claude-sonnet-4-5-20250929': SONNET,
  'claude-haiku-4-5-20251001': SONNET,
  'claude-sonnet': SONNET,
  'claude-opus': 'openai/gpt-oss-20b:free',
  'claude-haiku': 'moonshotai/kimi-k2:free'
}
const REQUEST = { model: 'claude-sonnet', messages: [{ role: 'user', content: 'Hello, world!' }], max_tokens: 100 }

const upstream = await chatServer(t)
const env = { OPENROUTER_API_KEY: 'sk-or-v1-your-api-key-here', OPENROUTER_BASE_URL: `${upstream.url}/api/v1`, PORT: '' }
const seed = await startSeed(t, { ...env, PROXY_VERBOSE: 'true', PROXY_PORT: '0' })

t.test('its health', async t => {
  t.strictSame(await seed.get('/health'), { status: 200, json: HEALTHY })
})

t.test('its requests, at both of its endpoints', async t => {
  for (const path of ['/v1/messages', '/anthropic/v1/messages']) {
    t.match((await seed.post(path, REQUEST)).json, textReply('claude-sonnet', `From ${SONNET}.`), path)
    const { text } = await seed.post(path, { ...REQUEST, temperature: 0.7, stream: true })
    const pieces = text.split('\n').filter(line => line.startsWith('data: ')).map(line => (JSON.parse(line.slice('data: '.length)) as { delta?: { text?: string } }).delta?.text ?? '')
    t.equal(pieces.join(''), `From ${SONNET}.`, `${path}, streamed`)
  }
})

t.test('max_tokens may be left out', async t => {
  const { max_tokens: _, ...request } = REQUEST
  t.match((await seed.post('/v1/messages', { ...request, stream: true })).text, /event: message_stop/)
  t.equal(upstream.requests.at(-1)?.body.max_tokens, 4096)
})

t.test('its table of models', async t => {
  upstream.requests.length = 0
  for (const model of Object.keys(TABLE)) await seed.post('/v1/messages', { ...REQUEST, model }, { 'x-api-key': 'dummy-key-for-claude-code' })
  t.same(modelsAsked(upstream), Object.values(TABLE))
})

t.test('verbose is the level debug', async t => {
  t.match(seed.output(), /"level":20|"level":"debug"/, 'lines of that level are logged')
  const quiet = await startSeed(t, { ...env, PORT: '0', PROXY_VERBOSE: 'false' })
  await quiet.post('/v1/messages', REQUEST)
  t.notMatch(quiet.output(), /"level":20|"level":"debug"/)
  t.strictSame((await quiet.get('/health')).json, HEALTHY)
})

const readme = await readmeOf('004')
const skip = readme === undefined && 'its README is not there'

t.test('the lines of its README', { skip: skip || await lacks('curl', '--version') }, async t => {
  const [health = '', plain = '', streamed = ''] = await Promise.all(curlLines(readme ?? '').map(line => seed.shell(line)))
  t.strictSame(JSON.parse(health), HEALTHY)
  t.match(JSON.parse(plain), textReply('claude-sonnet', `From ${SONNET}.`))
  t.match(streamed, /event: message_stop/)
})

t.test('its Python', { skip: skip || await lacks('python3', '-c', 'import requests') }, async t => {
  const [plain = '', streamed = ''] = blocksOf(readme ?? '', 'python').filter(text => text.includes('requests.post'))
  t.match(await seed.program('python3', 'plain.py', plain), /'type': 'message'.*From openai\/gpt-oss-120b:free\./)
  t.equal((await seed.program('python3', 'streamed.py', streamed)).trim(), `From ${SONNET}.`)
})

t.test('its lines of the shell lead Claude Code here', { skip }, async t => {
  const exports = Object.fromEntries([...(readme ?? '').matchAll(/^export (ANTHROPIC_\w+)="(.*)"/gm)].map(([, name = '', value = '']) => [name, value]))
  const path = new URL(exports['ANTHROPIC_API_BASE_URL'] ?? '').pathname
  t.equal((await seed.post(`${path}/v1/messages`, REQUEST, { 'x-api-key': exports['ANTHROPIC_API_KEY'] ?? '' })).status, 200)
})
