import type { FastifyInstance } from 'fastify'
import { setTimeout as pause } from 'node:timers/promises'
import t, { type Test } from 'tap'
import type { Target } from '../../src/provider.ts'
import { CountMemory } from '../../src/routes/messages/count-tokens/memory.ts'
import { startApp } from '../helper/app.ts'
import { ask } from '../helper/ask.ts'
import { type Received, type Script, answer, json, startUpstream } from '../helper/upstream.ts'

/** Counts by the providers' own counters, and what stands in for them. */

const HI = { model: 'claude-x', messages: [{ role: 'user', content: 'Hi' }] }
const MODELS = ['m', 'other']

interface Service {
  app: FastifyInstance
  url: string
  /** What the provider was asked; looks at it are none of that. */
  requests: Received[]
  count (body?: object, path?: string, headers?: Record<string, string>): Promise<{ status: number, by: string | null, tokens: unknown, headers: Headers }>
}

/** A service with one provider of this kind. */
async function service (t: Test, kind: string, script: Script, { entry = {}, config = {}, base = '/v1' }: { entry?: object, config?: object, base?: string } = {}): Promise<Service> {
  const requests: Received[] = []
  const upstream = await startUpstream(t, (response, request) => request.method === 'GET' ? json(response, {}, 404) : script(response, request, requests.push(request) - 1))
  const { app, url } = await startApp(t, { config: { Providers: [{ name: 'p', api_base_url: upstream.url + base, api_key: 'upstream-secret', models: MODELS, transformer: { use: [kind] }, ...entry }], Router: { default: 'p,m' }, ...config } })
  return {
    app,
    url,
    requests,
    async count (body = HI, path = '/v1/messages/count_tokens', headers = {}) {
      const response = await fetch(url + path, { method: 'POST', headers: { 'content-type': 'application/json', ...headers }, body: JSON.stringify(body) })
      const { input_tokens: tokens } = await response.json() as { input_tokens?: unknown }
      return { status: response.status, by: response.headers.get('x-router-count'), tokens, headers: response.headers }
    }
  }
}

const COUNTERS: Record<string, Script> = {
  gemini: response => json(response, { totalTokens: 31, promptTokensDetails: [{ modality: 'TEXT', tokenCount: 31 }] }),
  vllm: response => json(response, { count: 31, max_model_len: 60_000, tokens: Array.from({ length: 100_000 }, (_, i) => i), token_strs: null }),
  anthropic: response => json(response, { input_tokens: 31 })
}
const modelOf = ({ body, path }: Received): string => body.model ?? /models\/([^:]+):/.exec(path)?.[1] ?? ''
const BASE: Record<string, string> = { gemini: '/v1beta', vllm: '/v1', anthropic: '' }
const KINDS = Object.keys(COUNTERS)

const WHOLE = {
  model: 'claude-x',
  system: 'Be brief.',
  tools: [{ name: 'Read', description: 'Reads a file.', input_schema: { type: 'object', properties: { path: { type: 'string' } } } }],
  messages: [
    { role: 'user', content: 'Read a.' },
    { role: 'assistant', content: [{ type: 'tool_use', id: 'toolu_1', name: 'Read', input: { path: 'a' } }] },
    { role: 'user', content: [{ type: 'tool_result', tool_use_id: 'toolu_1', content: 'It is empty.' }] }
  ]
}

t.test('Gemini counts the whole request, instructions and tools included', async t => {
  const { count, requests } = await service(t, 'gemini', COUNTERS['gemini'] as Script, { base: '/v1beta' })
  t.match(await count(WHOLE), { status: 200, by: 'provider', tokens: 31 })
  const [{ path, headers, raw } = {}] = requests
  t.equal(path, '/v1beta/models/m:countTokens')
  t.equal(headers?.['x-goog-api-key'], 'upstream-secret')
  const body = JSON.parse(String(raw)) as { generateContentRequest: Record<string, unknown> }
  t.strictSame(Object.keys(body), ['generateContentRequest'])
  t.strictSame(Object.keys(body.generateContentRequest), ['model', 'contents', 'systemInstruction', 'tools'])
  t.match(body.generateContentRequest, {
    model: 'models/m',
    systemInstruction: { parts: [{ text: 'Be brief.' }] },
    tools: [{ functionDeclarations: [{ name: 'Read', description: 'Reads a file.' }] }],
    contents: [{ role: 'user', parts: [{ text: 'Read a.' }] }, { role: 'model' }, { role: 'user', parts: [{ functionResponse: { name: 'Read', response: { output: 'It is empty.' } } }] }]
  })
})

t.test('models of Gemini that were tuned have a collection of their own', async t => {
  const { count, requests } = await service(t, 'gemini', COUNTERS['gemini'] as Script, { base: '/v1beta', entry: { models: ['m', 'tunedModels/mine-1'] } })
  t.match(await count({ ...HI, model: 'p,tunedModels/mine-1' }), { by: 'provider', tokens: 31 })
  t.equal(requests[0]?.path, '/v1beta/tunedModels/mine-1:countTokens')
  t.match(requests[0]?.body, { generateContentRequest: { model: 'tunedModels/mine-1' } })
})

t.test('vLLM applies its chat template to messages and tools', async t => {
  for (const [base, path] of [['/v1', '/tokenize'], ['/v1/chat/completions', '/tokenize'], ['/gpu/v1', '/gpu/tokenize']] as const) {
    const { count, requests } = await service(t, 'vllm', COUNTERS['vllm'] as Script, { base, entry: { transformer: { use: [['vllm', { chat_template_kwargs: { short: true } }]] } } })
    t.match(await count(WHOLE), { status: 200, by: 'provider', tokens: 31 })
    t.equal(requests[0]?.path, path, base)
    t.strictSame(Object.keys(requests[0]?.body ?? {}), ['model', 'messages', 'tools', 'chat_template_kwargs'])
    t.match(requests[0]?.body, { model: 'm', messages: [{ role: 'system', content: 'Be brief.' }, { role: 'user' }, { role: 'assistant', tool_calls: [{}] }, { role: 'tool', content: 'It is empty.' }], tools: [{ function: { name: 'Read' } }] })
  }
  const { count, requests } = await service(t, 'vllm', response => json(response, { max_model_len: 9, count: 31 }))
  t.match(await count({ ...HI, messages: [...HI.messages, { role: 'assistant', content: 'The answer is' }] }), { by: 'provider', tokens: 31 }, 'wherever the count stands')
  t.match(requests[0]?.body, { add_generation_prompt: false, continue_final_message: true })
})

t.test('what adapters add is counted', async t => {
  const { count, requests } = await service(t, 'vllm', COUNTERS['vllm'] as Script, { entry: { transformer: { use: ['vllm', 'tooluse'] } } })
  t.match(await count(WHOLE), { by: 'provider' })
  t.ok((requests[0]?.body.tools?.length ?? 0) > 1, 'the tool by which a model says that it needs none')
})

for (const kind of KINDS) {
  const base = BASE[kind] ?? ''
  t.test(`${kind}: what was counted is remembered`, async t => {
    const { count, requests } = await service(t, kind, (response, request, n) => (COUNTERS[kind] as Script)(response, request, n), { base })
    for (let i = 0; i < 3; i++) t.match(await count(), { by: 'provider', tokens: 31 })
    t.equal(requests.length, 1)
    await count({ ...HI, messages: [{ role: 'user', content: 'Ho' }] })
    await count({ ...HI, model: 'p,other' })
    await count({ ...HI, system: 'Be brief.' })
    t.equal(requests.length, 4, 'another prompt, another model')
    await count({ ...HI, max_tokens: 7 })
    t.equal(requests.length, kind === 'anthropic' ? 5 : 4, 'but what does not count is not asked about')
  })

  t.test(`${kind}: a counter that is not there, fails or says nothing is left alone, and the rest is estimated`, async t => {
    const refusals: [what: string, script: Script][] = [
      ...[404, 405, 501, 500, 503].map((status): [string, Script] => [String(status), response => json(response, { error: { message: 'no' } }, status)]),
      ['no count', response => json(response, { nothing: true })],
      ['no JSON', response => { response.writeHead(200).end('<html>') }],
      ['a closed connection', response => { response.destroy() }]
    ]
    const models = refusals.map((_, i) => `r${i}`)
    const { app, count, requests } = await service(t, kind, (response, request, n) => (refusals[models.indexOf(modelOf(request))]?.[1] ?? COUNTERS[kind] as Script)(response, request, n), { base, entry: { models: [...MODELS, ...models] } })
    for (const [i, [what]] of refusals.entries()) {
      const model = `p,r${i}`
      const before = requests.length
      const first = await count({ ...HI, model })
      t.match(first, { status: 200, by: 'estimate', tokens: Number }, what)
      t.match(first.headers.get('x-router-attempts'), new RegExp(`^1; ${model} 5\\d\\d$`))
      for (let n = 0; n < 3; n++) t.match(await count({ ...HI, model, system: String(n) }), { status: 200, by: 'estimate', tokens: Number })
      t.equal(requests.length - before, 1, what)
      t.equal(app.lanes.of(app.config.current.router.default[0].provider).breaker(`r${i}`, 0).failures, 0, 'its answers are another matter')
    }
    t.match(await count(), { by: 'provider', tokens: 31 }, 'another model may be another server behind it')
  })

  t.test(`${kind}: a key that is refused rests, and another counts`, async t => {
    const keyOf = ({ headers }: { headers: Record<string, unknown> }): string => String(headers['x-api-key'] ?? headers['x-goog-api-key'] ?? headers['authorization'])
    const { count, requests } = await service(t, kind, (response, request, n) => keyOf(request).endsWith('1') ? json(response, { type: 'error', error: { type: 'authentication_error', message: 'no' } }, 401) : (COUNTERS[kind] as Script)(response, request, n), { base, entry: { api_key: ['key-1', 'key-2'] } })
    for (const system of ['a', 'b']) t.match(await count({ ...HI, system }), { by: 'provider', tokens: 31 })
    t.strictSame(requests.map(keyOf).map(key => key.slice(-5)), ['key-1', 'key-2', 'key-2'])
  })

  t.test(`${kind}: one that takes too long is not waited for`, async t => {
    const { app, count, requests } = await service(t, kind, () => {}, { base })
    t.match(await count(), { status: 200, by: 'estimate', tokens: Number })
    t.match(await count({ ...HI, system: 'Once more.' }), { status: 200, by: 'estimate' })
    t.equal(requests.length, 1)
    while (requests[0]?.aborted !== true) await pause(10)
    t.equal(app.running.size, 0)
  })

  t.test(`${kind}: counting is no use of a model`, async t => {
    const { count, url } = await service(t, kind, (response, request, n) => request.path.includes('generate') || request.path.endsWith('completions') ? answer(response, request, 'Hello.') : (COUNTERS[kind] as Script)(response, request, n), {
      base,
      config: { Keys: [{ name: 'ann', key: 'anns-key' }, { name: 'boss', key: 'boss-key', role: 'admin' }], Limits: { requestsPerMinute: 2, tokensPerMinute: 40, concurrentStreams: 1 } }
    })
    const all = await Promise.all(Array.from({ length: 20 }, (_, i) => count({ ...HI, system: String(i) }, '/v1/messages/count_tokens', { 'x-api-key': 'anns-key' })))
    t.ok(all.every(({ status, by }) => status === 200 && by === 'provider'))
    t.match(await (await fetch(`${url}/api/usage`, { headers: { 'x-api-key': 'boss-key' } })).json(), { totals: { requests: 0, attempts: 0 } })
  })
}

t.test('what a wire cannot carry, or a counter refuses, is estimated and held against nobody', async t => {
  const gemini = await service(t, 'gemini', COUNTERS['gemini'] as Script, { base: '/v1beta' })
  t.match(await gemini.count({ ...HI, messages: [{ role: 'user', content: [{ type: 'image', source: { type: 'url', url: 'https://example.com/a.png' } }] }] }), { by: 'estimate', tokens: Number })
  t.equal(gemini.requests.length, 0)
  t.match(await gemini.count(), { by: 'provider' })
  const strict = await service(t, 'vllm', COUNTERS['vllm'] as Script, { entry: { strict: true } })
  t.match(await strict.count({ ...HI, metadata: { user_id: 'a' } }), { by: 'estimate', tokens: Number })
  t.match(await strict.count(), { by: 'provider' })
  const picky = await service(t, 'vllm', (response, request, n) => request.raw.includes('bad') ? json(response, { error: { message: 'no template for this' } }, 400) : (COUNTERS['vllm'] as Script)(response, request, n))
  t.match(await picky.count({ ...HI, system: 'bad' }), { status: 200, by: 'estimate' })
  t.match(await picky.count({ ...HI, system: 'good' }), { by: 'provider' })
})

t.test('a provider without a counter has its tokens estimated', async t => {
  const { count, requests } = await service(t, 'openai', response => json(response, {}, 404))
  const { tokens } = await count(WHOLE)
  t.match(await count(WHOLE), { status: 200, by: 'estimate', tokens })
  t.equal(requests.length, 0)
})

t.test('each address that messages may be sent to counts as well, and asks for a key', async t => {
  const { count } = await service(t, 'gemini', COUNTERS['gemini'] as Script, { base: '/v1beta', config: { Keys: [{ name: 'ann', key: 'anns-key' }, { name: 'eve', key: 'eves-key', role: 'viewer' }] } })
  for (const prefix of ['', '/api', '/anthropic', '/api/v1']) {
    const path = `${prefix}/v1/messages/count_tokens`
    t.match(await count(HI, `${path}?beta=true`, { 'x-api-key': 'anns-key' }), { status: 200, by: 'provider', tokens: 31 }, path)
    t.equal((await count(HI, path)).status, 401)
    t.equal((await count(HI, path, { 'x-api-key': 'eves-key' })).status, 403)
  }
})

t.test('the memory keeps what was asked last, for a time, and forgets with the server', async t => {
  let now = 0
  const memory = new CountMemory(() => now)
  const target = { model: 'm', provider: { facts: { contextWindows: new Map() } } } as unknown as Target
  const counted = Buffer.from('{"input_tokens":1}')
  for (let i = 0; i <= 500; i++) memory.remember(target, String(i), counted)
  t.equal(memory.recall(target, '0'), undefined, 'the oldest is gone')
  t.equal(memory.recall(target, '1'), counted)
  t.equal(memory.recall({ ...target, provider: { ...target.provider, facts: { contextWindows: new Map() } } }, '1'), undefined, 'another server')
  memory.remember(target, 'long', Buffer.alloc(2000))
  t.equal(memory.recall(target, 'long'), undefined)
  now = 600_000
  t.equal(memory.recall(target, '1'), undefined)
  memory.rest(target, 1000)
  t.equal(memory.rests(target), true)
  t.equal(memory.rests({ ...target, model: 'n' }), false)
  now += 1000
  t.equal(memory.rests(target), false)
})

t.test('a count says nothing of how an answer goes: what follows is asked as ever', async t => {
  const { count, url } = await service(t, 'vllm', (response, request) => request.path === '/tokenize' ? json(response, {}, 404) : answer(response, request, 'Hello.'))
  t.match(await count(), { by: 'estimate' })
  t.match(await ask(url, {}), { status: 200, json: { content: [{ text: 'Hello.' }] } })
})
