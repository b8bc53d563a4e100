import { readFile, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { blocksOf, chatServer, curlLines, lacks, modelsAsked, readmeOf, startSeed, textReply } from './seed.ts'

/** The router service with a config.json: its file, its `.env`, its endpoints. */

const upstream = await chatServer(t)
const KEY = { authorization: 'Bearer your-api-key' }
const RULES = {
  default: 'openrouter,anthropic/claude-3.5-sonnet',
  background: 'openrouter,google/gemini-2.0-flash',
  think: 'deepseek,deepseek-reasoner',
  longContext: 'openrouter,google/gemini-2.0-flash',
  longContextThreshold: 60000,
  webSearch: 'openrouter,google/gemini-2.0-flash'
}
const CONFIG = {
  Providers: [
    { name: 'openrouter', api_base_url: `${upstream.url}/api/v1/chat/completions`, api_key: '$OPENROUTER_API_KEY', models: ['anthropic/claude-3.5-sonnet', 'google/gemini-2.0-flash'], transformer: { use: ['openrouter'] } },
    { name: 'deepseek', api_base_url: `${upstream.url}/chat/completions`, api_key: '$DEEPSEEK_API_KEY', models: ['deepseek-reasoner'], transformer: { use: ['deepseek'] } }
  ],
  Router: RULES,
  LOG: true,
  LOG_LEVEL: 'info'
}
const ENV = 'OPENROUTER_API_KEY=sk-or-v1-your-key\nDEEPSEEK_API_KEY=sk-your-key\nCONFIG_PATH=./config.json\n'
const REQUEST = { model: 'claude-sonnet-4', max_tokens: 100, messages: [{ role: 'user', content: 'Hello, world!' }] }

/** No variable but those of its `.env`; a port that is free, and a host as it has it where there is a key. */
const open = await startSeed(t, {}, { '.env': ENV, 'config.json': CONFIG })
const keyed = await startSeed(t, {}, { '.env': `${ENV}HOST=0.0.0.0\n`, 'config.json': { APIKEY: 'your-api-key', ...CONFIG } })

t.test('its rules', async t => {
  const search = { tools: [{ type: 'web_search_20250305', name: 'web_search' }] }
  const long = { messages: [{ role: 'user', content: 'word '.repeat(70_000) }] }
  for (const [about, request, model] of [
    ['default', {}, 'anthropic/claude-3.5-sonnet'],
    ['background', { model: 'claude-3-5-haiku-latest' }, 'google/gemini-2.0-flash'],
    ['think', { max_tokens: 4000, thinking: { type: 'enabled', budget_tokens: 2000 } }, 'deepseek-reasoner'],
    ['longContext', long, 'google/gemini-2.0-flash'],
    ['webSearch', search, 'google/gemini-2.0-flash']
  ] as const) {
    upstream.requests.length = 0
    t.equal((await open.post('/v1/messages', { ...REQUEST, ...request })).headers.get('x-router-rule'), about)
    t.same(modelsAsked(upstream), [model], about)
  }
  t.match((await open.post('/v1/messages', REQUEST)).json, textReply('claude-sonnet-4', 'From anthropic/claude-3.5-sonnet.'))
  t.match((await open.post('/v1/messages', { ...REQUEST, stream: true })).text, /event: message_stop/)
})

t.test('tokens are counted', async t => {
  const { status, json } = await open.post('/v1/messages/count_tokens', { messages: REQUEST.messages })
  t.equal(status, 200)
  t.ok(Number(json['input_tokens']) > 0)
  t.equal((await open.post('/v1/messages/count_tokens', { model: null, messages: REQUEST.messages })).status, 400, 'but a model that is none is no model')
  const { paths } = (await open.get('/openapi.json')).json as { paths: Record<string, { post: { requestBody: { content: Record<string, { schema: { required: string[] } }> } } }> }
  const requiredAt = (path: string): unknown => paths[path]?.post.requestBody.content['application/json']?.schema.required
  t.same(requiredAt('/v1/messages/count_tokens'), ['messages'], 'and the description of the API says so')
  t.same(requiredAt('/v1/messages'), ['model', 'max_tokens', 'messages'])
})

t.test('usage by session', async t => {
  for (let i = 0; i < 5; i++) await open.post('/v1/messages', REQUEST, { 'x-session-id': 'my-session' })
  t.match((await open.get('/api/usage/sessions/my-session')).json, {
    sessionId: 'my-session',
    providers: { openrouter: { inputTokens: 50, outputTokens: 25, requests: 5 } },
    totalInputTokens: 50,
    totalOutputTokens: 25,
    totalRequests: 5
  })
  t.match((await open.get('/api/usage/sessions')).json, { sessions: [{ sessionId: 'my-session' }] })
  t.equal((await open.get('/api/usage')).status, 200)
  t.match(await (await fetch(`${open.url}/api/usage/sessions/my-session`, { method: 'DELETE' })).json(), { success: true })
  t.equal((await open.get('/api/usage/sessions/my-session')).status, 404)
})

t.test('with a key, everything takes it', async t => {
  for (const path of ['/api/config', '/api/transformers', '/api/usage']) {
    t.equal((await keyed.get(path)).status, 401, path)
    t.equal((await keyed.get(path, KEY)).status, 200, path)
    t.equal((await keyed.get(path, { 'x-api-key': 'your-api-key' })).status, 200, path)
  }
  t.equal((await keyed.post('/v1/messages', REQUEST)).status, 401)
  t.equal((await keyed.get('/')).status, 200, 'the root is its health check')
  t.match((await keyed.get('/api/transformers', KEY)).json, { pairs: [{ name: 'openrouter' }] })
})

t.test('a change of the configuration leaves a backup', async t => {
  const backups = join(keyed.folder, '.backups')
  const made = await keyed.post('/api/config/backup', {}, KEY)
  t.match(made.json, { success: true, backup: /\.backups\/config\.\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d-\d{3}Z\.json$/ })
  const { status, json } = await keyed.post('/api/config', { APIKEY: 'your-api-key', ...CONFIG, Router: { ...RULES, longContextThreshold: 50000 } }, KEY)
  t.equal(status, 200)
  t.match(json, { success: true, message: /^Configuration updated successfully\./, backup: /\.backups\/config\..*\.json$/ })
  t.match((await readdir(backups)).join(), String(json['backup']).split('/').at(-1) ?? '')
  t.match(JSON.parse(await readFile(String(json['backup']), 'utf8')), { Router: { longContextThreshold: 60000 } })
  const read = (await keyed.get('/api/config', KEY)).json
  t.match(read, { APIKEY: /^\*+$/, Providers: [{ api_key: '$OPENROUTER_API_KEY' }], Router: { longContextThreshold: 50000 } })
})

t.test('the log is in logs/, too', async t => {
  t.ok((await readdir(join(open.folder, 'logs'))).length > 0)
})

const readme = await readmeOf('003')

t.test('the lines of its README', { skip: (readme === undefined && 'its README is not there') || await lacks('curl', '--version') }, async t => {
  const [root = '', count = '', ...lines] = curlLines(readme ?? '')
  t.match(JSON.parse(await open.shell(root)), { status: 'ok' })
  const counted = await open.shell(count)
  t.match(JSON.parse(counted), { input_tokens: Number })

  await writeFile(join(keyed.folder, 'new-config.json'), JSON.stringify({ APIKEY: 'your-api-key', ...CONFIG }))
  for (const line of lines.filter(line => line.includes('your-api-key'))) {
    const reply = JSON.parse(await keyed.shell(line)) as object
    if (line.includes('-X POST')) t.match(reply, { success: true, message: String, backup: String })
    else t.match(reply, { Router: RULES })
  }

  const [send = '', usage = ''] = lines.filter(line => line.includes('session'))
  t.match(JSON.parse(await open.shell(send.replace('{...}', JSON.stringify(REQUEST)))), { type: 'message' })
  const documented = JSON.parse(blocksOf(readme ?? '', 'json').find(text => text.includes('sessionId')) ?? '{}') as object
  const told = JSON.parse(await open.shell(usage)) as Record<string, unknown>
  t.same(Object.keys(documented).filter(key => told[key] === undefined), [], 'every member that it documents')
  t.match(told, { sessionId: 'my-session', totalRequests: 1 })
})
