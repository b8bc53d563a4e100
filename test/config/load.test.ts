import { mkdtemp, readFile, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Ajv } from 'ajv'
import t from 'tap'
import { loadConfig } from '../../src/config/load.ts'
import { configSchema } from '../../src/config/schema.ts'
import type { Config } from '../../src/config/snapshot.ts'
import type { Environment } from '../../src/config/environment.ts'
import type { Provider } from '../../src/provider.ts'
import { messagesSchema } from '../../src/ingress/anthropic/schema.ts'
import type { RequestTraits } from '../../src/routing/traits.ts'
import { readyApp } from '../helper/app.ts'

const root = join(import.meta.dirname, '..', '..')

const { app: { transformers } } = await readyApp(t)

const provider = { name: 'or', api_base_url: 'https://openrouter.ai/api/v1/chat/completions', api_key: '$KEY', models: ['a/b', 'c,d'] }
const good = { Providers: [provider], Router: { default: 'or,a/b' } }

async function load (document: unknown, processEnv: NodeJS.ProcessEnv = { KEY: 'secret' }, env: Environment = {}): Promise<Config> {
  const folder = await mkdtemp(join(tmpdir(), 'switchyard-config-'))
  const path = join(folder, 'config.json')
  await writeFile(path, typeof document === 'string' ? document : JSON.stringify(document))
  return loadConfig({ ...env, CONFIG_PATH: path }, processEnv, transformers)
}

/** A reference in braces. */
const braced = (name: string): string => `$\{${name}}`

/** The provider that the first of its models is asked of. */
function providerOf (config: Config, name: string): Provider | undefined {
  return [...config.providers.get(name)?.values() ?? []][0]?.provider
}

t.test('a file of the v2 line of claude-code-router loads unchanged', async t => {
  const config = await load(`{
    // comments and trailing commas are welcome
    "PORT": 3457, "HOST": "127.0.0.1", "APIKEY": "k", "API_TIMEOUT_MS": "600000", "PROXY_URL": "http://127.0.0.1:7890",
    "LOG": true, "LOG_LEVEL": "debug", "CLAUDE_PATH": "", "NON_INTERACTIVE_MODE": false, "StatusLine": { "enabled": true },
    "Providers": [{
      "name": "openrouter", "api_base_url": "https://openrouter.ai/api/v1/chat/completions", "api_key": "\${KEY}",
      "models": ["google/gemini-2.5-pro-preview", "anthropic/claude-sonnet-4"],
      "transformer": { "use": ["openrouter"] },
    }],
    "Router": {
      "default": "openrouter,anthropic/claude-sonnet-4", "background": "openrouter,anthropic/claude-sonnet-4",
      "think": "openrouter,anthropic/claude-sonnet-4", "longContext": "openrouter,google/gemini-2.5-pro-preview",
      "longContextThreshold": 60000, "webSearch": "openrouter,google/gemini-2.5-pro-preview", "image": "openrouter,anthropic/claude-sonnet-4",
    },
    "fallback": { "default": ["openrouter,google/gemini-2.5-pro-preview"] },
  }`)
  t.equal(config.port, 3457)
  t.equal(config.timeout, 600000)
  t.equal(config.proxyUrl, 'http://127.0.0.1:7890')
  t.equal(config.logLevel, 'debug')
  t.match(config.keys, [{ identity: { id: 'APIKEY', name: 'APIKEY', role: 'admin', profile: undefined }, secret: 'k' }])
  t.equal(config.keys.length, 1)
  t.equal(providerOf(config, 'openrouter')?.apiKey, 'secret')
  t.same(config.unused, ['StatusLine', 'NON_INTERACTIVE_MODE'])
})

t.test('the pair is the one named, else that of the name, of the URL, or openai', async t => {
  const entry = (name: string, url: string, rest: object = {}): object => ({ name, api_base_url: url, models: ['m'], ...rest })
  const config = await load({
    Providers: [
      entry('one', 'https://openrouter.ai/api/v1/chat/completions'),
      entry('openrouter', 'https://mirror.example/v1/chat/completions'),
      entry('two', 'https://api.example/v1/chat/completions'),
      entry('three', 'https://openrouter.ai/api/v1', { transformer: { use: [['OpenAI', { reasoning_effort: true }]] } })
    ],
    Router: { default: 'two,m' }
  })
  const pairs = [...config.providers.keys()].map(name => providerOf(config, name)?.pair.name)
  t.same(pairs, ['openrouter', 'openrouter', 'openai', 'openai'])
  t.same(providerOf(config, 'three')?.options, { reasoning_effort: true })
  t.equal(providerOf(config, 'three')?.url.href, 'https://openrouter.ai/api/v1/chat/completions', 'the base of an API is completed')
})

t.test('every problem is named by its path, all at once', async t => {
  const problems = async (document: unknown, processEnv?: NodeJS.ProcessEnv): Promise<string> => {
    try {
      await load(document, processEnv)
    } catch (error) {
      return (error as Error).message
    }
    return 'no error'
  }
  t.match(await problems({ ...good, router: {}, PORT: 'x' }), /router: there is no such key; did you mean Router\?[^]*PORT/)
  t.match(await problems({ Providers: [{ ...provider, models: undefined }], Router: {} }), /Providers\[0\]\.models: is missing[^]*Router\.default: is missing/)
  t.match(await problems(good, {}), /Providers\[0\]\.api_key: the environment variable KEY is not set/)
  t.match(await problems({ ...good, Router: { default: 'nobody,x' } }), /Router\.default: there is no usable provider nobody; Providers has or/)
  t.match(await problems({ ...good, Router: { default: 'or,x' } }), /Router\.default: or has no model x; its models are a\/b, c,d/)
  t.match(await problems({ ...good, Router: { default: 'or' } }), /Router\.default: must be "provider,model"/)
  t.match(await problems({ ...good, Providers: [provider, provider] }), /Providers\[1\]\.name: there are two providers named or/)
  t.match(await problems({ ...good, Providers: [{ ...provider, transformer: { use: ['nope', 'more'] } }] }), /use\[0\]: there is no transformer nope here; there are openrouter, .*openai, demo, maxtoken, [^]*use\[1\]/)
  t.match(await problems({ ...good, Providers: [{ ...provider, api_base_url: 'ftp://x' }] }), /Providers\[0\]\.api_base_url: must be a URL that begins with http/)
  const withCapabilities = async (glob: string): Promise<string> => problems({ ...good, Providers: [{ ...provider, capabilities: { '*': { tools: true }, [glob]: { vision: true } } }] })
  t.match(await withCapabilities(''), /- Providers\[0\]\.capabilities: the name "" must NOT have fewer than 1 characters$/)
  t.match(await withCapabilities('x'.repeat(70_000)), /- Providers\[0\]\.capabilities: the name "x{40}…" must NOT have more than 200 characters$/)
  t.match(await problems({ ...good, Keys: [{ name: 'ann', key: 'k', models: ['a', 'b'.repeat(201)] }] }), /Keys\[0\]\.models\[1\]: must NOT have more than 200 characters/)
  t.match(await problems({ ...good, Prices: [{ model: 'b'.repeat(201), input: 1, output: 1 }] }), /Prices\[0\]\.model: must NOT have more than 200 characters/)
  t.match(await problems('{ "Providers": [ }'), /cannot be used:\n {2}- invalid character/)
  t.match(await problems('[]'), /the document: must be an object/)
  t.notMatch(await problems({ ...good, LOG_LEVEL: 'loud', APIKEY: 'hush-hush' }), /hush-hush/, 'a problem shows no values')
})

t.test('values that its editor writes as texts are read as what they are', async t => {
  const upstream = { ...provider, transformer: { use: ['vllm', ['maxtoken', { max_tokens: '8192' }], ['reasoning', { enable: 'false' }]], 'a/b': { use: [['sampling', { temperature: '0.7', top_k: '40' }]] } } }
  const config = await load({ ...good, Providers: [upstream], Router: { default: 'or,a/b', toolUse: 'or,a/b' } })
  t.same(config.unused, ['Router.toolUse'])
  const { provider: { adapters } } = config.router.default[0]
  const body = { max_tokens: 9000 }
  for (const adapter of adapters) adapter.request?.(body, config.router.default[0], {} as never)
  t.match(body, { max_tokens: 8192, temperature: 0.7, top_k: 40, enable_thinking: false })
  for (const [value, expected] of [['8k', 'must be integer'], ['', 'must be integer'], ['0.5', 'must be integer'], ['0', 'must be >= 1']] as const) {
    await t.rejects(load({ ...good, Providers: [{ ...provider, transformer: { use: [['maxtoken', { max_tokens: value }]] } }] }), { message: new RegExp(`use\\[0\\]: the option max_tokens of maxtoken ${expected}`) }, value)
  }
})

t.test('an empty key is none', async t => {
  const config = await load({ ...good, Providers: [{ ...provider, api_key: '' }] })
  t.equal(config.router.default[0].provider.apiKey, undefined)
})

t.test('what its editor leaves empty is not set', async t => {
  const config = await load({ ...good, APIKEY: '', PROXY_URL: '', CUSTOM_ROUTER_PATH: '', Router: { default: 'or,a/b', background: '', think: '', longContext: '', webSearch: '', image: '' } })
  t.same([config.keys, config.proxyUrl, config.unused], [[], undefined, []])
})

t.test('what passes the form and would fail later is named as well', async t => {
  for (const [change, expected] of [
    [{ PORT: '99999' }, /PORT: must be <= 65535/],
    [{ API_TIMEOUT_MS: '0' }, /API_TIMEOUT_MS: must be >= 1/],
    [{ PROXY_URL: 'foo' }, /PROXY_URL: must be a URL/],
    [{ Providers: [{ ...provider, api_key: 'abc\n' }] }, /Providers\[0\]\.api_key: holds blanks/],
    [{ Providers: [{ ...provider, transformer: { use: [['sampling', { temperature: 'hot', top_k: -4, top_p: 0.5, min_p: 1 }]] } }] }, /use\[0\]: the option temperature of sampling must be number\n.*the option top_k of sampling must be >= 0\n.*sampling has no option min_p; it has max_tokens, /],
    [{ Providers: [{ ...provider, transformer: { 'a/b': { use: ['nope'] } } }] }, /Providers\[0\]\.transformer\.a\/b\.use\[0\]: there is no transformer nope here/]
  ] as const) await t.rejects(load({ ...good, ...change }), { message: expected })
})

t.test('the demo answers only where it is asked for', async t => {
  const config = await load({ Providers: [{ name: 'demo', api_base_url: 'https://demo.example.com/v1', models: ['m'] }], Router: { default: 'demo,m' } })
  t.equal(config.router.default[0].provider.pair.name, 'openai')
})

t.test('what nobody set is not set: null, and a threshold of 0', async t => {
  const config = await load({ ...good, APIKEY: null, PROXY_URL: null, LOG_LEVEL: null, Failover: null, Router: { default: 'or,a/b', think: null, longContext: 'or,c,d', longContextThreshold: 0 } })
  t.same([config.keys, config.proxyUrl, config.logLevel, config.failover.tries], [[], undefined, 'info', 2])
  const reasonOf = (config: Config): string | undefined => config.router.rules.find(({ name }) => name === 'longContext')?.judge({ promptTokens: 59_000 } as RequestTraits, {}).why
  t.equal(reasonOf(config), 'the prompt has about 59000 tokens, not more than 60000')
  for (const threshold of [-1, 0.5, 'many', [], true]) await t.rejects(load({ ...good, Router: { default: 'or,a/b', longContextThreshold: threshold } }), { message: /Router\.longContextThreshold: must/ }, String(threshold))
  await t.rejects(load({ ...good, APIKEY: 0 }), { message: /APIKEY: must/ })
  await t.rejects(load({ ...good, Providers: null }), { message: /Providers: is missing/ })
  await t.rejects(load({ ...good, Router: null }), { message: /Router: is missing/ })
})

t.test('what comes from the environment is no reference', async t => {
  const PROXY_URL = 'http://ann:pa$$w$X@127.0.0.1:1'
  const config = await load({ ...good, APIKEY: '$NOT_SET', PROXY_URL: '$NOT_SET_EITHER' }, { KEY: 'x', X: 'y' }, { APIKEY: 'abc$$def$word$X' + braced('X'), PROXY_URL })
  t.match(config, { keys: [{ secret: 'abc$$def$word$X' + braced('X') }], proxyUrl: PROXY_URL }, 'and it stands in the place of references that lead nowhere')

  const { app } = await readyApp(t, { env: { OPENROUTER_API_KEY: 'or$$key$X', OPENROUTER_BASE_URL: 'https://mirror.example/$X', TARGET_MODEL_DEFAULT: 'z/$X' } })
  const { provider: { apiKey, url }, model } = app.config.current.router.default[0]
  t.same([apiKey, model, url.href], ['or$$key$X', 'z/$X', 'https://mirror.example/$X/chat/completions'])
})

t.test('references are in braces, or in capitals', async t => {
  const keyOf = async (key: string, processEnv: NodeJS.ProcessEnv): Promise<string | undefined> => providerOf(await load({ ...good, Providers: [{ ...provider, api_key: key }] }, processEnv), 'or')?.apiKey
  const env = { KEY: 'one', _K2: 'two', word: 'three', Word: 'four' }
  for (const [given, expected] of [
    ['$KEY', 'one'], [braced('KEY'), 'one'], ['a-$KEY-$_K2', 'a-one-two'], [braced('word') + braced('Word'), 'threefour'], ['$KEYs', 'ones'], ['abc$word', 'abc$word'], ['$word-$', '$word-$'], ['$1', '$1'], ['$$KEY', '$KEY'], ['$$$KEY', '$one']
  ] as const) t.equal(await keyOf(given, env), expected, given)
  await t.rejects(keyOf(braced('other'), env), { message: /Providers\[0\]\.api_key: the environment variable other is not set/ })
})

t.test('what does nothing is not searched for references', async t => {
  const StatusLine = { enabled: true, default: { modules: [{ text: `$NOT_SET ${braced('nor_this')} $$` }] } }
  const config = await load({ ...good, StatusLine, CLAUDE_PATH: '$NOT_SET/claude', plugins: [{ name: '$NOT_SET' }], OPENAI_API_KEY: '$NOT_SET', Router: { default: 'or,a/b' } })
  t.same(config.unused, ['StatusLine', 'CLAUDE_PATH', 'plugins', 'OPENAI_API_KEY'])
  await t.rejects(load({ ...good, LOG_LEVEL: '$NOT_SET' }), { message: /LOG_LEVEL: the environment variable NOT_SET is not set/ })
})

t.test('a model may hold commas, a dollar sign is doubled', async t => {
  const config = await load({ Providers: [{ ...provider, api_key: 'a$$b' }], Router: { default: 'or,c,d' } })
  t.equal(config.router.default[0].model, 'c,d')
  t.equal(providerOf(config, 'or')?.apiKey, 'a$b')
})

t.test('the environment stands above the file', async t => {
  const config = await load({ ...good, PORT: 1, HOST: '0.0.0.0', APIKEY: 'file' }, { KEY: 'x' }, { PORT: 2, HOST: '::1', VALID_API_KEYS: ' a, b,,', LOG_LEVEL: 'warn', API_TIMEOUT_MS: 5 })
  t.match(config, { port: 2, host: '::1', logLevel: 'warn', timeout: 5, keys: [{ identity: { name: 'APIKEY', role: 'admin' }, secret: 'file' }, { identity: { name: 'VALID_API_KEYS.1', role: 'inference' }, secret: 'a' }, { identity: { name: 'VALID_API_KEYS.2' }, secret: 'b' }] })
})

t.test('without a file the environment alone configures it', async t => {
  const { app } = await readyApp(t, { env: { OPENROUTER_API_KEY: 'or-key', TARGET_MODEL_DEFAULT: 'z/y' } })
  const { provider, model } = app.config.current.router.default[0]
  t.match({ name: provider.name, key: provider.apiKey, model, url: provider.url.href }, { name: 'openrouter', key: 'or-key', model: 'z/y', url: 'https://openrouter.ai/api/v1/chat/completions' })

  const { app: demo } = await readyApp(t, { env: { OPENROUTER_API_KEY: '' } })
  t.equal(demo.config.current.router.default[0].provider.pair.name, 'demo', 'an empty variable is not set')
})

t.test('a CONFIG_PATH that leads nowhere is an error', async t => {
  await t.rejects(readyApp(t, { env: { CONFIG_PATH: '/nowhere/config.json' } }), /\/nowhere\/config\.json cannot be used:\n {2}- there is no such file/)
})

t.test('the schemas are schemas, which the service itself does not check', async t => {
  const ajv = new Ajv({ allowUnionTypes: true })
  for (const schema of [configSchema, messagesSchema]) t.equal(ajv.validateSchema(schema), true, JSON.stringify(ajv.errors))
})

t.test('config.schema.json is what the source says, and the example has its form', async t => {
  const written: unknown = JSON.parse(await readFile(join(root, 'config.schema.json'), 'utf8'))
  t.same(written, configSchema, 'run `npm run schema` after a change of src/config/schema.ts')
  const { app } = await readyApp(t)
  const config = await loadConfig({ CONFIG_PATH: join(root, 'config.example.json') }, { APIKEY: 'k', OPENROUTER_API_KEY: 'o' }, app.transformers)
  t.equal(config.providers.size, 2)
})
