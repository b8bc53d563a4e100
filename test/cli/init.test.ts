import { chmod, mkdtemp, readFile, readdir, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import t, { type Test } from 'tap'
import { PriceTable } from '../../src/account/price-table.ts'
import { firstConfig } from '../../src/cli/first-config.ts'
import { init } from '../../src/cli/init.ts'
import type { Environment } from '../../src/config/environment.ts'
import { FOREIGN_VARIABLES } from '../../src/config/environment/variables.ts'
import { loadConfig, loadDocument, unwrittenDocument } from '../../src/config/load.ts'
import type { Config } from '../../src/config/snapshot.ts'
import { ReasoningMemory } from '../../src/message/reasoning-memory.ts'
import { knownCapabilities } from '../../src/routing/known-models.ts'
import { readyApp } from '../helper/app.ts'

const ALL = { ANTHROPIC_API_KEY: 'sk-ant-secret', OPENROUTER_API_KEY: 'or-secret', OPENAI_API_KEY: 'oa-secret', GEMINI_API_KEY: 'ge-secret', DEEPSEEK_API_KEY: 'ds-secret', VLLM_BASE_URL: 'http://127.0.0.1:8000/v1' }

/** The path of a file that is not there yet. */
async function newFile (t: Test): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'switchyard-init-'))
  t.teardown(() => rm(folder, { recursive: true, force: true }))
  return join(folder, 'config.json')
}

interface Written { $schema: string, APIKEY?: string, Providers: { name: string, api_base_url: string, api_key?: string, models: string[] }[], Router: Record<string, string>, fallback?: Record<string, string[]> }

async function read (file: string): Promise<Written> {
  return JSON.parse(await readFile(file, 'utf8')) as Written
}

t.test('every key that is there becomes a provider, as a reference', async t => {
  const file = await newFile(t)
  const env = { ...ALL, APIKEY: 'main-secret', VLLM_MODEL: 'qwen3' }
  const { code, text } = await init(file, env)
  t.equal(code, 0, text)
  t.match(text, /is written; only you may read it[^]*anthropic \(\$ANTHROPIC_API_KEY\), openrouter[^]*vllm \(\$VLLM_BASE_URL\)[^]*is good: 6 providers, 3 rules, 1 key[^]*Next: CONFIG_PATH=.*config\.json npm start[^]*ANTHROPIC_BASE_URL=http:\/\/127\.0\.0\.1:3456 ANTHROPIC_API_KEY=<your key> claude/)
  t.equal((await stat(file)).mode & 0o777, 0o600)
  t.notMatch(await readFile(file, 'utf8') + text, /secret/)

  const document = await read(file)
  t.same(document.Providers.map(({ name, api_key: key }) => [name, key]), [['anthropic', '$ANTHROPIC_API_KEY'], ['openrouter', '$OPENROUTER_API_KEY'], ['openai', '$OPENAI_API_KEY'], ['gemini', '$GEMINI_API_KEY'], ['deepseek', '$DEEPSEEK_API_KEY'], ['vllm', undefined]])
  t.match(document, {
    APIKEY: '$APIKEY',
    Router: { default: 'anthropic,claude-sonnet-5-5', background: 'vllm,qwen3', think: 'anthropic,claude-opus-5-5' },
    fallback: { default: ['openrouter,anthropic/claude-sonnet-4.5'], background: ['anthropic,claude-haiku-5-5'] }
  })
  t.equal((await stat(resolve(dirname(file), document.$schema))).isFile(), true, 'editors find the schema')

  const { app } = await readyApp(t)
  const config = await loadConfig({ CONFIG_PATH: file }, env, app.transformers)
  t.equal(config.router.default[0].provider.apiKey, 'sk-ant-secret')
})

t.test('whatever is there, it can be used, and models are known', async t => {
  const names = Object.keys(ALL) as (keyof typeof ALL)[]
  const { app } = await readyApp(t)
  for (let set = 1; set < 2 ** names.length; set++) {
    const env = Object.fromEntries(names.filter((_, i) => (set >> i) % 2 === 1).map(name => [name, ALL[name]]))
    const config = await loadConfig({}, { ...env, SWITCHYARD_CONFIG: JSON.stringify(firstConfig(env).document) }, app.transformers)
    t.equal(config.providers.size, Object.keys(env).length)
    t.same(config.unused, [])
  }

  const prices = new PriceTable([])
  for (const { name, models } of (firstConfig(ALL).document as unknown as Written).Providers) {
    for (const model of models) {
      t.ok(knownCapabilities(model).tools, `${model} can call tools`)
      if (name !== 'vllm' && model !== 'z-ai/glm-4.7') t.ok(prices.find(name, model), `${model} has a price`)
    }
  }
})

t.test('rules are set where they are of use', async t => {
  const of = (...names: (keyof typeof ALL)[]): Written => firstConfig(Object.fromEntries(names.map(name => [name, ALL[name]]))).document as unknown as Written
  t.same(of('OPENROUTER_API_KEY').Router, { default: 'openrouter,anthropic/claude-sonnet-4.5', background: 'openrouter,anthropic/claude-haiku-4.5', longContext: 'openrouter,google/gemini-3-pro-preview', vendorModels: 'openrouter' }, 'names such as z-ai/glm-4.7 are served as without a file')
  t.same(of('OPENROUTER_API_KEY').fallback, { default: ['openrouter,z-ai/glm-4.7'] })
  t.same(of('DEEPSEEK_API_KEY').Router, { default: 'deepseek,deepseek-v4-pro', background: 'deepseek,deepseek-flash' }, 'a long window needs no other')
  t.same(of('DEEPSEEK_API_KEY').fallback, undefined)
  t.equal(of('OPENAI_API_KEY', 'GEMINI_API_KEY').Router['webSearch'], 'gemini,gemini-3.1-pro-preview', 'who cannot search has somebody who can')
  t.equal(of('ANTHROPIC_API_KEY', 'OPENROUTER_API_KEY').Router['vendorModels'], 'openrouter')
  t.same(of('VLLM_BASE_URL').Router, { default: 'vllm,qwen3-coder' })
})

t.test('places, models and second names of variables count', async t => {
  const { document } = firstConfig({ GOOGLE_API_KEY: 'g', GEMINI_API_KEY: '', VLLM_BASE_URL: 'http://x', VLLM_API_KEY: 'v', OPENAI_API_KEY: 'o', OPENAI_BASE_URL: 'http://y' }) as unknown as { document: Written }
  t.match(document.Providers, [
    { api_base_url: '$OPENAI_BASE_URL', api_key: '$OPENAI_API_KEY' }, { name: 'gemini', api_key: '$GOOGLE_API_KEY' }, { api_base_url: '$VLLM_BASE_URL', api_key: '$VLLM_API_KEY' }
  ])
})

t.test('what clients of a gateway have as a key is none of Anthropic\'s', async t => {
  const { document, notes } = firstConfig({ ANTHROPIC_API_KEY: 'any', DEEPSEEK_API_KEY: 'k' })
  t.match(document, { Router: { default: 'deepseek,deepseek-v4-pro' } })
  t.match(notes.join('\n'), /ANTHROPIC_API_KEY does not begin with sk-ant-/)
})

t.test('without any key it is the demo, and says what it looked for', async t => {
  const file = await newFile(t)
  const { code, text } = await init(file, {})
  t.equal(code, 0)
  t.match(text, /No key was found, so the built-in demo answers\. Looked for: ANTHROPIC_API_KEY, OPENROUTER_API_KEY, OPENAI_API_KEY, GEMINI_API_KEY, GOOGLE_API_KEY, DEEPSEEK_API_KEY, VLLM_BASE_URL\n[^]*ANTHROPIC_API_KEY=any claude/)
  t.match(await read(file), { Router: { default: 'demo,demo' }, Providers: [{ name: 'demo' }] })
  t.equal('APIKEY' in await read(file), false)
})

t.test('a file that is there stays as it is', async t => {
  const file = await newFile(t)
  await writeFile(file, 'mine')
  t.same(await init(file, ALL), { code: 1, text: `${file} is there already and stays as it is; name another file, or move it away\n` })
  t.equal(await readFile(file, 'utf8'), 'mine')
  t.match(await init(undefined, { CONFIG_PATH: file }), { code: 1, text: /is there already/ }, 'also where the environment names it')
})

t.test('where nothing can be written it says so, and leaves nothing', async t => {
  t.match(await init('/nowhere/config.json', {}), { code: 1, text: '/nowhere/config.json cannot be written: there is no such folder\n' })
  const file = await newFile(t)
  await chmod(dirname(file), 0o500)
  t.teardown(() => chmod(dirname(file), 0o700))
  if (process.getuid?.() !== 0) t.match(await init(file, {}), { code: 1, text: /cannot be written: EACCES/ })
  if (process.platform === 'linux') t.match(await init('/proc/config.json', {}), { code: 1, text: /\/proc\/config\.json cannot be written/ })
  t.same(await readdir(dirname(file)), [])
})

t.test('a configuration of the environment is written down, its plain secrets as references', async t => {
  const file = await newFile(t)
  const env = { SWITCHYARD_PROVIDERS: '[{ name: "own", api_base_url: "https://own.example/v1", api_key: "$OWN_KEY", models: ["m"] }]', SWITCHYARD_ROUTER__DEFAULT: 'own,m', OWN_KEY: 'own-secret', SWITCHYARD_APIKEY: 'main-secret', OPENROUTER_API_KEY: 'or-secret' }
  const { code, text } = await init(file, env)
  t.equal(code, 0, text)
  t.match(text, /unset SWITCHYARD_PROVIDERS and the file takes its place[^]*these variables stand above it: SWITCHYARD_PROVIDERS/)
  t.match(await read(file), { APIKEY: '$SWITCHYARD_APIKEY', Providers: [{ name: 'own', api_key: '$OWN_KEY' }], Router: { default: 'own,m' } })
  t.equal((await read(file)).Providers.length, 1)
  t.notMatch(await readFile(file, 'utf8'), /secret/)

  const unusable = await newFile(t)
  t.match(await init(unusable, { SWITCHYARD_CONFIG: '{' }), { code: 1, text: /SWITCHYARD_CONFIG cannot be used/ })
  await t.rejects(stat(unusable))
})

t.test('so is one by the names of another gateway', async t => {
  const file = await newFile(t)
  const { code, text } = await init(file, { VLLM_URL: 'http://127.0.0.1:8000', VLLM_MODEL: 'm', API_KEY: 'their-secret', PROXY_PORT: '8000' })
  t.equal(code, 0, text)
  t.match(text, /From now on the file counts, and these variables do not, but where it refers to them: VLLM_URL, VLLM_MODEL, API_KEY, PROXY_PORT\. It has what they say/)
  t.match(await read(file), { PORT: 8000, APIKEY: '$API_KEY', Providers: [{ name: 'vllm', api_base_url: 'http://127.0.0.1:8000/v1', models: ['m'] }], Router: { default: 'vllm,m' } })
  t.notMatch(await readFile(file, 'utf8'), /secret/)
})

/** What a file must not lose: each with something that the service does by it without a file. */
const LAPSING: [env: Record<string, string>, document: object][] = [
  [{ OPENROUTER_API_KEY: 'or-secret', SITE_URL: 'https://site.example' }, { Providers: [{ api_key: '$OPENROUTER_API_KEY', transformer: { use: [['openrouter', { site_url: 'https://site.example' }]] } }], Router: { vendorModels: 'openrouter' } }],
  [{ OPENROUTER_API_KEY: 'or-secret', OPENROUTER_APP_URL: 'https://app.example', OPENROUTER_APP_TITLE: 'App' }, { Providers: [{ transformer: { use: [['openrouter', { site_url: 'https://app.example', app_title: 'App' }]] } }] }],
  [{ OPENROUTER_BASE_URL: 'https://mirror.example/v1', TARGET_MODEL_DEFAULT: 'z/y' }, { Providers: [{ name: 'openrouter', api_base_url: 'https://mirror.example/v1/chat/completions', models: ['z/y'] }], Router: { default: 'openrouter,z/y' } }],
  [{ OPENROUTER_API_KEY: 'or-secret', TARGET_MODEL_SMALL: 'a/s', TIMEOUT_S: '300' }, { API_TIMEOUT_MS: 300_000, Router: { haiku: 'openrouter,a/s' } }],
  [{ VLLM_MODEL: 'm', VLLM_API_KEY: 'v-secret', API_KEY: 'c-secret' }, { APIKEY: '$API_KEY', Providers: [{ name: 'vllm', api_key: '$VLLM_API_KEY', models: ['m'] }] }],
  [{ VISION_URL: 'http://eye:1', VISION_API_KEY: 'e-secret', VISION_MODEL: 'eye' }, { Providers: [{ name: 'vllm' }, { name: 'vision', api_key: '$VISION_API_KEY', models: ['eye'] }], Router: { image: 'vision,eye' } }],
  [{ OPENROUTER_API_KEY: 'or-secret', PROXY_VERBOSE: 'true' }, { LOG_LEVEL: 'debug', Router: { opus: 'openrouter,openai/gpt-oss-20b:free' } }]
]

/** What of a configuration has to be the same. */
function sayingOf ({ providers, router, keys, timeout, logLevel }: Config): object {
  const targets = [...providers.values()].flatMap(targets => [...targets.values()])
  return {
    targets: targets.map(({ name, provider: { url, apiKey, options } }) => [name, url.href, apiKey, options]),
    rules: router.rules.map(({ name, serves }) => [name, serves?.shares.map(([first]) => first.name)]),
    named: router.ofVendor('x/y')?.name,
    settings: [keys, timeout, logLevel]
  }
}

t.test('nothing that the variables of other gateways say is lost, and no secret is written', async t => {
  const { app } = await readyApp(t)
  const named = new Set(LAPSING.flatMap(([env]) => Object.keys(env)))
  for (const name of [...FOREIGN_VARIABLES, 'OPENROUTER_BASE_URL', 'TARGET_MODEL_DEFAULT']) t.ok(named.has(name) || name === 'TELEMETRY_ENABLED' || /^(?:TARGET_MODEL|VLLM_URL|PROXY_PORT)/.test(name), `${name} has a case here or above`)
  for (const [env, document] of LAPSING) {
    const file = await newFile(t)
    const { code, text } = await init(file, env)
    t.equal(code, 0, text)
    t.match(await read(file), document, Object.keys(env).join())
    t.notMatch(await readFile(file, 'utf8') + text, /secret/)
    // The same by the file as without one.
    const loading = { env: env as Environment, processEnv: env, builtIn: app.transformers, memory: new ReasoningMemory() }
    t.same(sayingOf(await loadConfig({ ...env, CONFIG_PATH: file }, env, app.transformers)), sayingOf(await loadDocument(unwrittenDocument(loading.env, env), loading)), Object.keys(env).join())
  }
})

t.test('keys beside them are providers that can be named, and change no rule', async t => {
  const file = await newFile(t)
  const { code, text } = await init(file, { ...ALL, VLLM_MODEL: 'qwen3', SITE_URL: 'https://site.example' })
  t.equal(code, 0, text)
  t.match(text, /these variables do not, but where it refers to them: SITE_URL\.[^]*Beside that, for requests that name them: anthropic \(\$ANTHROPIC_API_KEY\), openai[^]*vllm \(\$VLLM_BASE_URL\)/)
  const { Providers, Router, fallback } = await read(file)
  t.same(Providers.map(({ name }) => name), ['openrouter', 'anthropic', 'openai', 'gemini', 'deepseek', 'vllm'])
  t.match(Providers.at(-1), { api_base_url: '$VLLM_BASE_URL', models: ['qwen3'] })
  t.same(Router, { default: 'openrouter,anthropic/claude-sonnet-4.5', opus: 'openrouter,anthropic/claude-opus-4.5', vendorModels: 'openrouter' })
  t.equal(fallback, undefined, 'what was served by one goes to no other')
  t.notMatch(await readFile(file, 'utf8') + text, /secret/)

  const settings = await newFile(t)
  t.equal((await init(settings, { ANTHROPIC_API_KEY: 'sk-ant-secret', VLLM_BASE_URL: 'http://gpu:8000/v1', VLLM_MODEL: 'qwen3', API_KEY: 'c-secret', TIMEOUT_S: '60' })).code, 0)
  t.match(await read(settings), { APIKEY: '$API_KEY', API_TIMEOUT_MS: 60_000, Providers: [{ name: 'anthropic' }, { name: 'vllm', api_base_url: '$VLLM_BASE_URL', models: ['qwen3'] }], Router: { default: 'anthropic,claude-sonnet-5-5' } }, 'settings alone are no reason to serve the demo')
})

t.test('what it wrote is checked', async t => {
  const file = await newFile(t)
  t.match(await init(file, { ...ALL, SWITCHYARD_STRAEM: 'x' }), { code: 1, text: /is written; only you may read it[^]*SWITCHYARD_STRAEM: there is no such setting; did you mean SWITCHYARD_STREAM\?/ })
  t.equal((await stat(file)).isFile(), true)
  const other = await newFile(t)
  t.match(await init(other, { VLLM_BASE_URL: 'localhost:8000' }), { code: 1, text: /VLLM_MODEL is not set[^]*Providers\[0\]\.api_base_url: must be a URL that begins with http/ })
})
