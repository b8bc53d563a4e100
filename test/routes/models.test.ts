import Anthropic from '@anthropic-ai/sdk'
import OpenAI from 'openai'
import t from 'tap'
import { type TestOptions, startApp } from '../helper/app.ts'
import { ask } from '../helper/ask.ts'
import { answer, json, startUpstream } from '../helper/upstream.ts'

/** What clients find when they ask for the models, and that they can ask what they found. */

const upstream = await startUpstream(t, (response, request) => request.method === 'GET' ? json(response, {}, 404) : answer(response, request, String(request.body.model)))
const entry = (name: string, models: string[], rest: object = {}): object => ({ name, api_base_url: `${upstream.url}/v1`, api_key: 'upstream-secret', models, transformer: { use: ['openai'] }, ...rest })
const CONFIG = {
  Providers: [
    entry('one', ['plain', 'z-ai/glm-4.7', 'a,b', 'huge'], { capabilities: { plain: { contextWindow: 32_000, maxOutput: 4000, vision: false, tools: true }, huge: { contextWindow: 1_000_000, vision: true } } }),
    entry('anthropic', ['claude-opus-4-8'])
  ],
  Router: {
    default: 'one,plain',
    think: 'one,z-ai/glm-4.7',
    rules: [{ name: 'mine', when: { header: { 'x-mine': '*' } }, use: [{ to: 'one,huge', weight: 1 }, { to: 'anthropic,claude-opus-4-8', weight: 0 }] }],
    profiles: { cheap: { background: 'one,huge' } }
  },
  fallback: { default: ['anthropic,claude-opus-4-8'] },
  Keys: [
    { name: 'ann', key: 'anns-key' },
    { name: 'bob', key: 'bobs-key', models: ['claude-*'] },
    { name: 'ci', key: 'cis-key', profile: 'cheap' },
    { name: 'watcher', key: 'watchers-key', role: 'viewer' }
  ]
}
const { url } = await startApp(t, { config: CONFIG })

const RULES = ['switchyard/rules.mine', 'switchyard/think', 'switchyard/default']
const MODELS = ['one,plain', 'one,z-ai/glm-4.7', 'one,a,b', 'one,huge', 'anthropic,claude-opus-4-8']
/** Of the bare names, that which a plain request leads to the model: it is the default's. */
const BARE = ['plain']
const ALIASES = ['claude/switchyard/rules.mine[1m]', 'claude/switchyard/think', 'claude/switchyard/default', 'claude/one,plain', 'claude/one,z-ai/glm-4.7', 'claude/one,a,b', 'claude/one,huge[1m]']

const anthropic = (apiKey: string, defaultHeaders = {}): Anthropic => new Anthropic({ baseURL: url, apiKey, maxRetries: 0, defaultHeaders })
const openai = (apiKey: string): OpenAI => new OpenAI({ baseURL: `${url}/v1`, apiKey, maxRetries: 0 })
const idsOf = (models: { id: string }[]): string[] => models.map(({ id }) => id)
const get = (path: string, headers: Record<string, string> = {}): Promise<Response> => fetch(url + path, { redirect: 'error', headers: { 'x-api-key': 'anns-key', ...headers } })
const failureOf = (call: Promise<unknown>): Promise<unknown> => call.then(() => null, (error: unknown) => error)
const VERSION = { 'anthropic-version': '2023-06-01' }

t.test('OpenAI\'s client lists rules and models, and reads what they can', async t => {
  const { data } = await openai('anns-key').models.list()
  t.strictSame(idsOf(data), [...RULES, ...MODELS, ...BARE])
  t.match(data[3], {
    id: 'one,plain',
    object: 'model',
    created: 0,
    owned_by: 'one',
    name: 'plain (one)',
    context_length: 32_000,
    context_window: 32_000,
    max_completion_tokens: 4000,
    architecture: { input_modalities: ['text'], output_modalities: ['text'] },
    capabilities: { vision: false, function_calling: true, reasoning: null }
  })
  t.match(data[1], { name: 'think: z-ai/glm-4.7 (one)', owned_by: 'one', context_length: 204_800 }, 'a rule has what its first target has')
  t.match(data[6], { architecture: { modality: 'text+image->text' }, capabilities: { vision: true } })
  t.match(data[5], { context_length: null, max_completion_tokens: null, capabilities: { vision: null } }, 'what is not known is null')
})

t.test('Anthropic\'s client lists them with their aliases, page by page', async t => {
  const found: Anthropic.ModelInfo[] = []
  for await (const model of anthropic('anns-key').models.list({ limit: 4 })) found.push(model)
  t.strictSame(idsOf(found), [...ALIASES, ...RULES, ...MODELS, ...BARE])
  t.match(found[3], {
    type: 'model',
    id: 'claude/one,plain',
    display_name: 'plain (one)',
    created_at: '1970-01-01T00:00:00Z',
    max_input_tokens: 32_000,
    max_tokens: 4000,
    lifecycle: 'active',
    line: null,
    capabilities: { image_input: { supported: false }, pdf_input: { supported: false }, thinking: { supported: true, types: { adaptive: { supported: true } } } }
  })
  t.match(found.at(-2), { id: 'anthropic,claude-opus-4-8', line: 'opus', max_input_tokens: 1_000_000, capabilities: { image_input: { supported: true } } })
})

t.test('pages are cut as Anthropic\'s API cuts them', async t => {
  const all = [...ALIASES, ...RULES, ...MODELS, ...BARE]
  const page = async (query: string): Promise<Record<string, unknown>> => await (await get(`/v1/models?${query}`, VERSION)).json() as Record<string, unknown>
  const of = ({ data, first_id: first, last_id: last, has_more: more }: Record<string, unknown>): unknown => ({ ids: idsOf(data as { id: string }[]), first, last, more })
  const part = (begin: number, end: number, more: boolean): unknown => ({ ids: all.slice(begin, end), first: all[begin] ?? null, last: all[end - 1] ?? null, more })
  t.strictSame(of(await page('')), part(0, all.length, false))
  t.strictSame(of(await page('limit=1000')), part(0, all.length, false))
  t.strictSame(of(await page('limit=2')), part(0, 2, true))
  t.strictSame(of(await page(`limit=2&after_id=${all[1]}`)), part(2, 4, true))
  t.strictSame(of(await page(`limit=2&after_id=${all.at(-2)}`)), part(all.length - 1, all.length, false))
  t.match(of(await page(`after_id=${all.at(-1)}`)), { ids: { length: 0 }, first: null, last: null, more: false })
  t.strictSame(of(await page(`limit=2&before_id=${all[4]}`)), part(2, 4, true))
  t.strictSame(of(await page(`limit=2&before_id=${all[1]}`)), part(0, 1, false))
  for (const [query, message] of [['limit=0', /^limit: /], ['limit=1001', /^limit: /], ['limit=all', /^limit: /], ['after_id=nobody', 'after_id: there is no model nobody in the list'], ['before_id=a&after_id=b', /^before_id: /]] as const) {
    t.match(await page(query), { type: 'error', error: { type: 'invalid_request_error', message } }, query)
  }
})

t.test('one of them, by its name in the path, encoded or not, and by its alias', async t => {
  for (const id of [...RULES, ...MODELS, ...BARE, ...ALIASES, 'claude/one,huge', 'claude/switchyard/rules.mine']) {
    for (const path of [id, encodeURIComponent(id), encodeURI(id)]) {
      t.match(await (await get(`/v1/models/${path}`)).json(), { object: 'model', id }, path)
      t.match(await (await get(`/v1/models/${path}`, VERSION)).json(), { type: 'model', id }, path)
    }
  }
  t.match(await openai('anns-key').models.retrieve('one,z-ai/glm-4.7'), { id: 'one,z-ai/glm-4.7', context_length: 204_800 })
  t.match(await anthropic('anns-key').models.retrieve('claude/one,a,b'), { id: 'claude/one,a,b', display_name: 'a,b (one)' })
  for (const id of ['nobody', 'huge', 'z-ai/glm-4.7', 'claude/plain', 'one,nobody', 'switchyard/image', 'switchyard/', 'claude/', 'one', 'switchyard/undefined', 'toString']) {
    const reply = await get(`/v1/models/${id}`, VERSION)
    t.equal(reply.status, 404, id)
    t.match(await reply.json(), { type: 'error', error: { type: 'not_found_error', message: new RegExp(`${id} that this key may use. There is switchyard/rules.mine`) } })
  }
  t.match(await failureOf(anthropic('anns-key').models.retrieve('nobody')), { status: 404 })
  t.match(await failureOf(openai('anns-key').models.retrieve('nobody')), { status: 404 })
  const other = await (await get('/v1/models/nobody')).json() as Record<string, unknown>
  t.strictSame(Object.keys(other), ['error'], 'others get OpenAI\'s form')
  t.match(other, { error: { message: /nobody that this key may use/, param: null } })
})

t.test('never by a redirect, wherever an API may begin', async t => {
  for (const path of ['/v1/models', '/v1/models/', '/v1/models?limit=1000', '/v1/models/?limit=1000', '/api/v1/models', '/anthropic/v1/models', '/api/v1/v1/models']) {
    const reply = await get(path, VERSION)
    t.equal(reply.status, 200, path)
    t.equal((await reply.json() as { data: unknown[] }).data.length, ALIASES.length + RULES.length + MODELS.length + BARE.length)
  }
})

t.test('a key sees what it may use, by its own rules', async t => {
  t.strictSame(idsOf((await openai('bobs-key').models.list()).data), ['switchyard/rules.mine', 'switchyard/default', 'anthropic,claude-opus-4-8', 'claude-opus-4-8'], 'of a rule a fallback is enough')
  t.match(await openai('bobs-key').models.retrieve('switchyard/default'), { owned_by: 'anthropic' })
  t.match(await failureOf(openai('bobs-key').models.retrieve('one,plain')), { status: 404 })
  t.strictSame(idsOf((await openai('cis-key').models.list()).data).slice(0, 4), ['switchyard/rules.mine', 'switchyard/background', 'switchyard/think', 'switchyard/default'], 'those of its profile')
  const chosen = await anthropic('anns-key', { 'x-router-profile': 'cheap' }).models.list()
  t.ok(idsOf(chosen.data).includes('switchyard/background'))
  t.equal((await get('/v1/models', { 'x-api-key': 'nobodys-key' })).status, 401)
  t.equal((await get('/v1/models', { 'x-api-key': 'watchers-key' })).status, 403)
})

t.test('whatever is listed can be asked, and goes there', async t => {
  const headers = { 'x-api-key': 'anns-key' }
  const target = (id: string): [rule: string, model: string] => {
    const name = id.replace('claude/', '').replace('[1m]', '')
    const rules: Record<string, [string, string]> = { 'switchyard/rules.mine': ['rules.mine', 'huge'], 'switchyard/think': ['think', 'z-ai/glm-4.7'], 'switchyard/default': ['default', 'plain'] }
    if (BARE.includes(id)) return ['default', id]
    return rules[name] ?? ['explicit', name.slice(name.indexOf(',') + 1)]
  }
  for (const listed of [...ALIASES, ...RULES, ...MODELS, ...BARE]) {
    // As it is, and as Claude Code sends it.
    for (const model of new Set([listed, listed.replace('[1m]', '')])) {
      const reply = await ask(url, { model }, headers)
      t.equal(reply.status, 200, model)
      t.strictSame([reply.headers.get('x-router-rule'), reply.headers.get('x-router-model')], target(model), model)
      t.match(reply.json, { model, content: [{ text: target(model)[1] }] }, 'the client\'s own name comes back')
    }
  }
  for (const model of ['switchyard/image', 'claude/switchyard/nothing', 'switchyard/rules.other', 'switchyard/explicit']) {
    const reply = await ask(url, { model }, headers)
    t.match(reply, { status: 404, json: { error: { type: 'not_found_error', message: `model: ${model} is not a model of this gateway. It has ${RULES.join(', ')} for its rules` } } })
  }
  t.match(await ask(url, { model: 'switchyard/think' }, { 'x-api-key': 'bobs-key' }), { status: 403 }, 'a name gives nobody more than his key does')
})

t.test('models that may be named without their provider are listed so, too', async t => {
  const { url } = await startApp(t, { config: { ...CONFIG, Keys: [], Router: { default: 'one,plain', vendorModels: 'one' } } })
  const { data } = await (await fetch(`${url}/v1/models`)).json() as { data: { id: string }[] }
  t.strictSame(idsOf(data), ['switchyard/default', ...MODELS, 'plain', 'z-ai/glm-4.7'])
  // Listed there or not: who names one is served by it.
  for (const name of ['z-ai/glm-4.7', 'google/gemini-2.0-flash-exp:free']) {
    for (const model of [name, `claude/${name}`]) {
      for (const path of [model, encodeURIComponent(model)]) t.match(await (await fetch(`${url}/v1/models/${path}`)).json(), { id: model, owned_by: 'one', name: `${name} (one)` })
      t.match(await ask(url, { model }), { status: 200, json: { model, content: [{ text: name }] } })
    }
  }
  for (const id of ['nobody', 'claude/nobody', 'claude/switchyard/nothing', 'switchyard/nothing']) t.equal((await fetch(`${url}/v1/models/${id}`)).status, 404, id)
  const anthropic = await (await fetch(`${url}/v1/models`, { headers: VERSION })).json() as { data: { id: string }[] }
  t.strictSame(idsOf(anthropic.data).filter(id => id.startsWith('claude/') && id.includes('glm')), ['claude/one,z-ai/glm-4.7'], 'one alias is enough')
})

t.test('a bare name is listed where a plain request by it comes to that model, and nowhere else', async t => {
  const rules = [
    { name: 'big', when: { model: 'huge' }, use: 'one,huge' },
    { name: 'either', when: { model: 'a,b' }, use: [{ to: 'one,a,b', weight: 1 }, { to: 'one,plain', weight: 1 }] },
    { name: 'anns', when: { key: 'ann', model: 'z-ai/*' }, use: 'one,z-ai/glm-4.7' }
  ]
  const Router = { default: 'one,plain', opus: 'anthropic,claude-opus-4-8', strict: true, rules }
  const bare = async (key: string, config: object): Promise<string[]> => {
    const { url } = await startApp(t, { config: { ...CONFIG, Keys: [{ name: 'ann', key: 'anns-key' }], ...config } })
    const { data } = await (await fetch(`${url}/v1/models`, { headers: { 'x-api-key': key } })).json() as { data: { id: string }[] }
    const ids = idsOf(data).slice(idsOf(data).indexOf('anthropic,claude-opus-4-8') + 1)
    for (const model of ids) {
      const reply = await ask(url, { model }, { 'x-api-key': key })
      t.match([reply.status, reply.headers.get('x-router-model')], [200, model])
    }
    return ids
  }
  t.strictSame(await bare('anns-key', { Router }), ['plain', 'z-ai/glm-4.7', 'huge', 'claude-opus-4-8'])
  t.strictSame(await bare('other-key', { Router, Keys: [{ name: 'other', key: 'other-key' }] }), ['plain', 'huge', 'claude-opus-4-8'], 'by the rules of this key')
  const folder = t.testdir({ 'router.mjs': 'export default () => null' })
  t.strictSame(await bare('anns-key', { Router, CUSTOM_ROUTER_PATH: `${folder}/router.mjs` }), [], 'what the user\'s own router says is not known')
})

t.test('Claude Code is shown each model once', async t => {
  const OPENROUTER = ['anthropic/claude-sonnet-4.5', 'anthropic/claude-3-haiku', 'z-ai/glm-4.7']
  const shown = async (options: TestOptions): Promise<string[]> => {
    const { app } = await startApp(t, options)
    const { data } = (await app.inject({ url: '/v1/models?limit=1000', headers: VERSION })).json<{ data: { id: string, display_name: string }[] }>()
    // It cuts the mark of a long window off.
    const models = data.filter(({ id }) => /^(?:claude|anthropic)/i.test(id))
    const names = models.map(({ display_name: name }) => name)
    t.strictSame(names, [...new Set(names)])
    return idsOf(models)
  }
  const Providers = [entry('openrouter', OPENROUTER, { capabilities: { 'anthropic/claude-sonnet-4.5': { contextWindow: 1_000_000 }, 'anthropic/claude-3-haiku': { contextWindow: 200_000 } } })]
  const vendor = { Providers, Router: { default: 'openrouter,z-ai/glm-4.7', vendorModels: 'openrouter' } }
  t.strictSame(await shown({ config: vendor }), ['claude/switchyard/default', 'claude/openrouter,anthropic/claude-sonnet-4.5[1m]', 'claude/openrouter,z-ai/glm-4.7', 'anthropic/claude-3-haiku'], 'by its own name, but where that cannot say that its window is long')
  const mapped = { Providers, Router: { default: 'openrouter,anthropic/claude-3-haiku' } }
  t.strictSame(await shown({ config: mapped }), ['claude/switchyard/default', 'claude/openrouter,anthropic/claude-sonnet-4.5[1m]', 'claude/openrouter,anthropic/claude-3-haiku', 'claude/openrouter,z-ai/glm-4.7'], 'not by one that rules may lead elsewhere')
  await shown({ env: { OPENROUTER_API_KEY: 'sk-or-x', OPENROUTER_BASE_URL: `${upstream.url}/v1` } })
})

t.test('a rule is listed to whom all of its shares serve', async t => {
  const rules = [{ name: 'both', when: {}, use: [{ to: 'one,plain', weight: 1 }, { to: 'one,huge', weight: 1 }], fallback: [] }]
  const { url } = await startApp(t, { config: { ...CONFIG, Router: { default: 'one,huge', rules }, fallback: {}, Keys: [{ name: 'all', key: 'all-key' }, { name: 'half', key: 'half-key', models: ['huge'] }] } })
  const ids = async (key: string): Promise<string[]> => idsOf((await (await fetch(`${url}/v1/models`, { headers: { 'x-api-key': key } })).json() as { data: { id: string }[] }).data)
  t.strictSame((await ids('all-key')).slice(0, 2), ['switchyard/rules.both', 'switchyard/default'])
  t.strictSame(await ids('half-key'), ['switchyard/default', 'one,huge'], 'of two shares one has a session, whatever it names')
})

t.test('a router of the user\'s is not asked where the request names a rule', async t => {
  const folder = t.testdir({ 'router.mjs': 'export default () => "anthropic,claude-opus-4-8"' })
  const { url } = await startApp(t, { config: { ...CONFIG, Keys: [], CUSTOM_ROUTER_PATH: `${folder}/router.mjs` } })
  t.equal((await ask(url, {})).headers.get('x-router-rule'), 'custom')
  for (const model of ['switchyard/think', 'claude/switchyard/think']) t.equal((await ask(url, { model })).headers.get('x-router-rule'), 'think')
  for (const model of ['one,huge', 'claude/one,huge']) t.equal((await ask(url, { model })).headers.get('x-router-rule'), 'explicit')
})

t.test('a change of the configuration is in the list at once', async t => {
  const { app, url } = await startApp(t, { config: { ...CONFIG, Keys: [] } })
  const ids = async (): Promise<string[]> => idsOf((await (await fetch(`${url}/v1/models`)).json() as { data: { id: string }[] }).data)
  t.strictSame(await ids(), [...RULES, ...MODELS, ...BARE])
  const reply = await app.inject({ method: 'PATCH', url: '/api/config', payload: { Router: { think: null, image: 'one,huge' } } })
  t.equal(reply.statusCode, 200)
  t.strictSame(await ids(), ['switchyard/rules.mine', 'switchyard/image', 'switchyard/default', ...MODELS, ...BARE])
})

t.test('the list is as good as what a server tells of its windows now', async t => {
  const { app } = await startApp(t, { config: { Providers: [entry('local', ['m'])], Router: { default: 'local,m' } } })
  const list = async (): Promise<{ data: { id: string, max_input_tokens: number }[] }> => (await app.inject({ url: '/v1/models', headers: VERSION })).json()
  t.match((await list()).data, [{ id: 'claude/switchyard/default', max_input_tokens: null }, { id: 'claude/local,m' }, {}, { id: 'local,m' }])
  const target = app.config.current.router.default[0]
  target.provider.facts.contextWindows = new Map([['m', 1_048_576]])
  t.match((await list()).data, [{ id: 'claude/switchyard/default[1m]', max_input_tokens: 1_048_576 }, { id: 'claude/local,m[1m]' }, {}, { id: 'local,m', max_input_tokens: 1_048_576 }])
})
