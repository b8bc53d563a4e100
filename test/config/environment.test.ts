import t from 'tap'
import { type Environment, documentFromEnvironment } from '../../src/config/environment.ts'
import { FOREIGN_VARIABLES } from '../../src/config/environment/variables.ts'
import { readyApp } from '../helper/app.ts'

/** What the environment alone configures; test/seeds starts the service with it. */

interface Document { Providers: { name: string, api_base_url: string, api_key?: string, models: string[], transformer?: { use: unknown[] }, capabilities?: object }[], Router: Record<string, unknown>, [setting: string]: unknown }

function documentOf (env: Environment): Document {
  return documentFromEnvironment(env) as Document
}

function problemsOf (env: Environment): string {
  try {
    documentFromEnvironment(env)
  } catch (error) {
    return (error as Error).message
  }
  return 'no error'
}

const KEY = { OPENROUTER_API_KEY: 'k' }

t.test('OpenRouter alone: models that clients name, and ours for other names', async t => {
  t.strictSame(documentOf(KEY), {
    Providers: [{ name: 'openrouter', api_base_url: 'https://openrouter.ai/api/v1/chat/completions', api_key: '$OPENROUTER_API_KEY', models: ['anthropic/claude-sonnet-4.5', 'anthropic/claude-opus-4.5'], transformer: { use: ['openrouter'] } }],
    Router: { default: 'openrouter,anthropic/claude-sonnet-4.5', opus: 'openrouter,anthropic/claude-opus-4.5', vendorModels: 'openrouter' }
  })
})

t.test('TARGET_MODEL_*: names are mapped, and all of them', async t => {
  const all = { TARGET_MODEL_DEFAULT: 'a/d', TARGET_MODEL_OPUS: 'a/o', TARGET_MODEL_BIG: 'a/b', TARGET_MODEL_SMALL: 'a/s' }
  t.strictSame(documentOf({ ...KEY, ...all }).Router, { default: 'openrouter,a/d', opus: 'openrouter,a/o', sonnet: 'openrouter,a/b', haiku: 'openrouter,a/s' })
  t.strictSame(documentOf({ ...KEY, TARGET_MODEL_DEFAULT: 'a/d' }).Router, { default: 'openrouter,a/d' }, 'who names one model means it for everything')
  t.strictSame(documentOf({ ...KEY, TARGET_MODEL_SMALL: 'a/s' }).Router, { default: 'openrouter,anthropic/claude-sonnet-4.5', opus: 'openrouter,anthropic/claude-opus-4.5', haiku: 'openrouter,a/s' })
  t.strictSame(documentOf({ ...KEY, ...all, PROXY_VERBOSE: 'true' }).Router, documentOf({ ...KEY, ...all }).Router, 'they stand above the table of the Flask proxy')
})

t.test('whose requests they are', async t => {
  const use = (env: Environment): unknown => documentOf({ ...KEY, ...env }).Providers[0]?.transformer?.use[0]
  t.strictSame(use({ SITE_URL: 'https://site.example' }), ['openrouter', { site_url: 'https://site.example' }])
  t.strictSame(use({ SITE_URL: 'https://site.example', OPENROUTER_APP_URL: 'https://app.example', OPENROUTER_APP_TITLE: 'A $APP' }), ['openrouter', { site_url: 'https://app.example', app_title: 'A $$APP' }], 'the name that says OpenRouter stands above')
})

t.test('vLLM, and a server for pictures', async t => {
  const { Providers, Router } = documentOf({ VLLM_URL: 'http://gpu:8000/', VLLM_API_KEY: 'v', VLLM_MODEL: 'Qwen/Qwen3', VISION_URL: 'https://api.openai.com/v1', VISION_API_KEY: 'o' })
  t.strictSame(Providers, [
    { name: 'vllm', api_base_url: 'http://gpu:8000/v1', api_key: '$VLLM_API_KEY', models: ['Qwen/Qwen3'], transformer: { use: ['vllm'] }, capabilities: { '*': { vision: false } } },
    { name: 'vision', api_base_url: 'https://api.openai.com/v1', api_key: '$VISION_API_KEY', models: ['gpt-4-vision'] }
  ])
  t.strictSame(Router, { default: 'vllm,Qwen/Qwen3', image: 'vision,gpt-4-vision' })
  t.match(documentOf({ VLLM_MODEL: 'm' }).Providers, [{ api_base_url: 'http://localhost:8000/v1', models: ['m'] }])
  t.match(documentOf({ VLLM_URL: 'http://gpu/behind/v1/chat/completions' }).Providers, [{ api_base_url: 'http://gpu/behind/v1/chat/completions', models: ['default'] }])
  t.match(documentOf({ VLLM_URL: 'http://gpu/behind' }).Providers, [{ api_base_url: 'http://gpu/behind/v1' }])
})

t.test('vLLM beside OpenRouter serves what nothing else is said of', async t => {
  const both = { ...KEY, VLLM_URL: 'http://gpu:8000', VLLM_MODEL: 'Qwen/Qwen3' }
  t.strictSame(documentOf(both).Router, { default: 'vllm,Qwen/Qwen3', vendorModels: 'openrouter' })
  t.strictSame(documentOf({ ...both, TARGET_MODEL_OPUS: 'a/o' }).Router, { default: 'vllm,Qwen/Qwen3', opus: 'openrouter,a/o' })
  t.strictSame(documentOf({ ...both, TARGET_MODEL_DEFAULT: 'a/d' }).Router, { default: 'openrouter,a/d' })
  t.strictSame(documentOf({ ...KEY, VLLM_MODEL: 'm', VLLM_API_KEY: 'v' }), documentOf(KEY), 'beside a key for OpenRouter its address has to be given')

  const { app } = await readyApp(t, { env: both })
  const targetOf = async (model: string): Promise<unknown> => (await app.inject({ method: 'POST', url: '/api/route', payload: { model, max_tokens: 1, messages: [{ role: 'user', content: 'Hi' }] } })).json<{ targets: { target: string }[] }>().targets[0]?.target
  t.equal(await targetOf('Qwen/Qwen3'), 'vllm,Qwen/Qwen3', 'a name with a slash is its own who lists it')
  t.equal(await targetOf('z-ai/glm-4.7'), 'openrouter,z-ai/glm-4.7')
  t.equal(await targetOf('claude/z-ai/glm-4.7'), 'openrouter,z-ai/glm-4.7', 'by its alias, too')
  for (const model of ['claude-opus-4', 'a/b c', '/x', 'a/', `a/${'b'.repeat(200)}`]) t.equal(await targetOf(model), 'vllm,Qwen/Qwen3', model)
})

t.test('settings under the names of others, below our own', async t => {
  t.match(documentOf({ ...KEY, PROXY_PORT: '8000', TIMEOUT_S: '1.5', PROXY_VERBOSE: 'True', API_KEY: 'secret' }), { PORT: 8000, API_TIMEOUT_MS: 1500, LOG_LEVEL: 'debug', APIKEY: '$API_KEY' })
  t.equal(documentOf({ ...KEY, PROXY_VERBOSE: 'false' })['LOG_LEVEL'], undefined)
  const { app } = await readyApp(t, { env: { ...KEY, PROXY_PORT: '8000', PORT: '9000', TIMEOUT_S: '300', API_TIMEOUT_MS: '5', PROXY_VERBOSE: 'true', LOG_LEVEL: 'warn', API_KEY: 'theirs', APIKEY: 'ours' } })
  t.match(app.config.current, { port: 9000, timeout: 5, logLevel: 'warn', keys: [{ identity: { name: 'APIKEY', role: 'admin' }, secret: 'ours' }] })
  t.equal(app.config.current.keys.length, 1)
})

t.test('beside a file they mean nothing, whatever they hold', async t => {
  const config = { Providers: [{ name: 'or', api_base_url: 'https://or.example/v1', models: ['m'] }], Router: { default: 'or,m' } }
  const { app } = await readyApp(t, { config, env: { ...Object.fromEntries(FOREIGN_VARIABLES.map(name => [name, 'of another program'])) } })
  t.match(app.config.current, { port: 3456, timeout: 600000, logLevel: 'info', keys: [] })
  t.same([...app.config.current.providers.keys()], ['or'])
})

t.test('the words and habits of the Flask proxy are for those whose variables count', async t => {
  const flask = { OPENROUTER_API_KEY: 'k', OPENROUTER_BASE_URL: 'http://127.0.0.1:1/v1', PROXY_PORT: '8000', PROXY_VERBOSE: 'false' }
  const entry = { name: 'or', api_base_url: 'http://127.0.0.1:1/v1', models: ['m'] }
  const config = { Providers: [entry], Router: { default: 'or,m' }, Failover: { tries: 1 } }
  const own = { SWITCHYARD_PROVIDERS: JSON.stringify([entry]), SWITCHYARD_ROUTER__DEFAULT: 'or,m' }
  for (const [about, options, counts] of [
    ['the environment', { env: flask }, true],
    ['a file', { config, env: flask }, false],
    ['a document in the environment', { env: { ...flask, SWITCHYARD_CONFIG: JSON.stringify(config) } }, false],
    ['providers of one\'s own', { env: { ...flask, ...own } }, false]
  ] as const) {
    const { app } = await readyApp(t, options)
    t.strictSame((await app.inject('/health')).json(), counts ? { status: 'healthy', service: 'claude-code-proxy' } : { status: 'ok' }, about)
    const reply = await app.inject({ method: 'POST', url: '/v1/messages', payload: { model: 'm', messages: [{ role: 'user', content: 'Hi' }] } })
    if (counts) t.equal(reply.statusCode, 502, 'it is asked, and nobody is there')
    else t.match([reply.statusCode, reply.body], [400, /max_tokens/], about)
  }
})

t.test('a value of a wrong form names its variable, all of them at once, and is not told', async t => {
  const wrong = { OPENROUTER_BASE_URL: 'openrouter.ai', VLLM_URL: 'gpu:8000', VISION_URL: 'ftp://secret', OPENROUTER_APP_TITLE: 'Grüße', SITE_URL: 'a\nb', PROXY_PORT: '70000', TIMEOUT_S: '0', PROXY_VERBOSE: 'yes', TELEMETRY_ENABLED: '2' }
  t.equal(problemsOf({ ...KEY, ...wrong }), [
    'the environment cannot be used:',
    'VLLM_URL: must be a URL that begins with http:// or https://',
    'OPENROUTER_APP_TITLE: is sent as a header, which can carry ASCII only, without blanks at its ends',
    'OPENROUTER_BASE_URL: must be a URL that begins with http:// or https://',
    'VISION_URL: must be a URL that begins with http:// or https://',
    'PROXY_PORT: must be from 0 to 65535',
    'TIMEOUT_S: must be more than 0',
    'PROXY_VERBOSE: must be true or false, not "yes"',
    'TELEMETRY_ENABLED: must be true or false, not "2"'
  ].flatMap((line, i) => i === 2 ? ['SITE_URL: is sent as a header, which can carry ASCII only, without blanks at its ends', line] : [line]).join('\n  - '))
  t.match(problemsOf({ ...KEY, TIMEOUT_S: '5m' }), /TIMEOUT_S: must be a number, not "5m"/)
})

t.test('an empty variable is not set', async t => {
  t.strictSame(documentOf(Object.fromEntries(FOREIGN_VARIABLES.map(name => [name, '']))), documentOf({}))
  t.match(documentOf({}).Router, { default: 'demo,demo' })
  t.strictSame(documentOf({ VISION_URL: 'http://v', OPENROUTER_API_KEY: 'k' }).Router['image'], 'vision,gpt-4-vision')
})

t.test('Router.vendorModels must name a provider', async t => {
  const config = { Providers: [{ name: 'or', api_base_url: 'https://or.example/v1', models: ['m'] }], Router: { default: 'or,m', vendorModels: 'nobody' } }
  await t.rejects(readyApp(t, { config }), /Router\.vendorModels: must name a provider; Providers has or/)
})
