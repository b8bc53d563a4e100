import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import JSON5 from 'json5'
import t from 'tap'
import { loadConfig, readDocument } from '../../src/config/load.ts'
import { configSchema } from '../../src/config/schema.ts'
import { type SettingSchema, allSettings } from '../../src/config/settings.ts'
import type { Config } from '../../src/config/snapshot.ts'
import { writtenFromEnvironment } from '../../src/config/written-document.ts'
import type { Environment } from '../../src/config/environment.ts'
import type { JsonObject, JsonValue } from '../../src/wire/json.ts'
import { readyApp } from '../helper/app.ts'

const provider = { name: 'or', api_base_url: 'https://or.example/v1', api_key: '$KEY', models: ['a/b', 'c'] }
const base = { Providers: [provider], Router: { default: 'or,a/b' } }
/** A document, and keys, that no test is about. */
const WHOLE = { SWITCHYARD_CONFIG: JSON.stringify(base), KEY: 'provider-secret' }

const { app: { transformers } } = await readyApp(t)

async function load (variables: NodeJS.ProcessEnv, env: Environment = {}): Promise<Config> {
  return loadConfig(env, variables, transformers)
}

async function problemsOf (variables: NodeJS.ProcessEnv, env: Environment = {}): Promise<string> {
  try {
    await load(variables, env)
  } catch (error) {
    return (error as Error).message
  }
  return 'no error'
}

async function fileOf (document: object): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'switchyard-settings-'))
  t.teardown(() => rm(folder, { recursive: true, force: true }))
  await writeFile(join(folder, 'config.json'), JSON.stringify(document))
  return join(folder, 'config.json')
}

/** Every member of the schema that has a form of its own, by its steps; those of lists and of names that users choose are their owners'. */
function leavesOf ({ properties = {} }: SettingSchema, above: string[] = []): { steps: string[], schema: SettingSchema }[] {
  return Object.entries(properties).flatMap(([name, schema]) => schema.properties === undefined ? [{ steps: [...above, name], schema }] : leavesOf(schema, [...above, name]))
}

/** Accepted, and nobody's to set: aliases, what does nothing, what is for editors. */
const OLD = /^(The same as|Accepted for old|For editors)/
const leaves = leavesOf(configSchema as unknown as SettingSchema).filter(({ schema }) => schema.description === undefined ? schema.items !== undefined : !OLD.test(schema.description))

/** Values of a form, and how a variable says them. */
function sayings ({ type, anyOf, enum: values, items, pattern }: SettingSchema): fc.Arbitrary<{ text: string, value: JsonValue }> {
  const types = [type ?? [], anyOf?.map(each => each.type ?? []) ?? []].flat(2)
  const json = (value: JsonValue, write: (value: unknown) => string = JSON.stringify): { text: string, value: JsonValue } => ({ text: write(value), value })
  // Without dollar signs, which are references in JSON5.
  const word = fc.stringMatching(/^[a-z0-9.:/-]{1,12}$/)
  if (values !== undefined) return fc.constantFrom(...values.map(value => ({ text: String(value), value })))
  if (types.includes('integer')) return fc.nat().filter(number => number > 0).map(number => json(number))
  if (types.includes('number')) return fc.double({ min: 0.001, max: 1, noNaN: true }).map(number => json(Number(number.toFixed(3))))
  if (types.includes('boolean')) return fc.boolean().map(flag => json(flag))
  if (types.includes('array') && (items?.enum !== undefined || (items?.type === 'string' && items.pattern === undefined))) return fc.oneof(fc.array(word, { minLength: 1 }).map(list => ({ text: list.join(', '), value: list })), fc.array(word).map(list => json(list)))
  if (types.includes('array')) return fc.array(fc.oneof(word, fc.dictionary(word, word))).map(list => json(list as JsonValue, JSON5.stringify))
  if (types.includes('object')) return fc.dictionary(word, word).map(object => json({ ...object }, JSON5.stringify))
  return pattern === undefined ? fc.string({ minLength: 1 }).map(text => ({ text, value: text })) : word.map(text => ({ text: `or,$${text}`, value: `or,$${text}` }))
}

function withValue (document: JsonObject, [step = '', ...rest]: readonly string[], value: JsonValue): JsonObject {
  return { ...document, [step]: rest.length === 0 ? value : withValue((document[step] ?? {}) as JsonObject, rest, value) }
}

t.test('every setting of the schema has a variable of its own', async t => {
  const variables = allSettings().map(({ variable }) => variable)
  t.equal(new Set(variables).size, variables.length)
  for (const name of ['ROUTER__DEFAULT', 'STREAM__PING_AFTER', 'LIMITS__REQUESTS_PER_MINUTE', 'ROUTER__LONG_CONTEXT_THRESHOLD', 'PROVIDERS', 'KEYS', 'PRICES', 'FALLBACK', 'ROUTER', 'API_TIMEOUT_MS', 'APIKEY']) t.ok(variables.includes(`SWITCHYARD_${name}`), name)
  const paths = allSettings().filter(({ schema }) => schema.properties === undefined).map(({ path }) => path)
  t.same(leaves.map(({ steps }) => steps.join('.')).sort(), paths.sort())
})

t.test('the variable of a leaf sets exactly that path', async t => {
  const text = JSON.stringify({ ...base, Stream: { pingAfter: 77 }, LOG: true })
  const before = JSON.parse(text) as JsonObject
  for (const { steps, schema } of leaves) {
    const { variable } = allSettings().find(setting => setting.path === steps.join('.')) ?? { variable: '' }
    await fc.assert(fc.asyncProperty(sayings(schema), async said => {
      const { document } = await readDocument({}, { SWITCHYARD_CONFIG: text, KEY: 'k', [variable]: said.text }, [])
      const expected = withValue({ ...before, Providers: [{ ...provider, api_key: 'k' }] }, steps, said.value)
      t.same(document, expected, `${variable}=${said.text}`)
    }), { numRuns: 5 })
  }
})

t.test('the environment alone configures everything', async t => {
  const config = await load({
    SWITCHYARD_PROVIDERS: '[{ name: "one", api_base_url: "https://one.example/v1", api_key: "$ONE_KEY", models: ["m", "n"] }]',
    SWITCHYARD_ROUTER__DEFAULT: 'one,m',
    SWITCHYARD_ROUTER__LONG_CONTEXT: 'one,n',
    SWITCHYARD_ROUTER__LONG_CONTEXT_THRESHOLD: '1000',
    SWITCHYARD_FALLBACK__DEFAULT: '["one,n"]',
    SWITCHYARD_KEYS: '[{ name: "ann", key: "$ANNS_KEY", role: "viewer" }]',
    SWITCHYARD_STREAM__PING_AFTER: ' 5000 ',
    SWITCHYARD_LIMITS__BUDGET_WARNING: '0.5',
    SWITCHYARD_MEDIA__ALLOW_HOSTS: 'one.internal, two.internal',
    SWITCHYARD_AUTH__ACCEPT_ANTHROPIC_KEYS: 'true',
    SWITCHYARD_LOG: 'false',
    SWITCHYARD_PORT: '4000',
    ONE_KEY: 'sk-one',
    ANNS_KEY: 'sk-ann'
  })
  t.match(config, {
    source: 'the environment', port: 4000, logLevel: 'silent', stream: { pingAfter: 5000, contentAfter: 120000 }, limits: { budgetWarning: 0.5 }, media: { allowHosts: ['one.internal', 'two.internal'] }, acceptAnthropicKeys: true
  })
  t.match(config.keys, [{ identity: { name: 'ann', role: 'viewer' }, secret: 'sk-ann' }])
  const [first, second] = config.router.default
  t.same([first.name, second?.name, first.provider.apiKey, config.router.longContext?.[0].model], ['one,m', 'one,n', 'sk-one', 'n'])
})

t.test('what is more specific stands above, the prefix above the plain name, all of them above the file', async t => {
  const CONFIG_PATH = await fileOf({ ...base, PORT: 1, Router: { default: 'or,a/b', think: '$NOT_SET' }, Stream: { pingAfter: 11, contentAfter: 12 }, Failover: { tries: 3 } })
  const config = await load({ KEY: 'k', SWITCHYARD_ROUTER: '{ default: "or,c", image: "or,c", background: "" }', SWITCHYARD_ROUTER__IMAGE: 'or,a/b', SWITCHYARD_STREAM__PING_AFTER: '21', SWITCHYARD_PORT: '2', SWITCHYARD_FAILOVER: '{}' }, { CONFIG_PATH, PORT: 3, HOST: '::1' })
  t.match(config, { source: CONFIG_PATH, port: 2, host: '::1', stream: { pingAfter: 21, contentAfter: 12 }, failover: { tries: 2 } })
  t.same([config.router.default[0].model, config.router.image?.[0].model], ['c', 'a/b'], 'a reference that it replaces is not looked for')

  const nothing = await load({ KEY: 'k', SWITCHYARD_PORT: '', SWITCHYARD_NO_SUCH_THING: '' }, { CONFIG_PATH: await fileOf({ ...base, PORT: 1 }) })
  t.equal(nothing.port, 1, 'an empty variable is not set')
})

t.test('a document in the environment takes the place of the file', async t => {
  const config = await load({ ...WHOLE, SWITCHYARD_CONFIG: '{ Providers: [{ name: "or", api_base_url: "https://or.example/v1", api_key: "$KEY", models: ["m"], }], Router: { default: "or,m", think: "" }, /* mine */ }' })
  t.equal(config.source, 'SWITCHYARD_CONFIG')
  t.equal(config.router.default[0].provider.apiKey, 'provider-secret')
  t.match(await problemsOf(WHOLE, { CONFIG_PATH: await fileOf(base) }), /^the environment cannot be used:\n {2}- CONFIG_PATH: SWITCHYARD_CONFIG is set as well/)
  t.match(await problemsOf({ ...WHOLE, SWITCHYARD_CONFIG: '{ Providers: [ }' }), /^SWITCHYARD_CONFIG cannot be used:\n {2}- invalid character/)
  t.match(await problemsOf({ ...WHOLE, SWITCHYARD_CONFIG: '[]' }), /^SWITCHYARD_CONFIG cannot be used:\n {2}- the document: must be an object/)
  t.match(await problemsOf({ ...WHOLE, KEY: '' }), /^SWITCHYARD_CONFIG cannot be used:\n {2}- Providers\[0\]\.api_key: the environment variable KEY is not set/)
})

t.test('a dollar sign of a plain text stands for itself, in JSON5 it begins a reference', async t => {
  const braced = '$' + '{X}'
  const PROXY = 'http://ann:pa$$w$X@127.0.0.1:1/' + braced
  const config = await load({ ...WHOLE, X: 'x', SWITCHYARD_APIKEY: '$X', SWITCHYARD_PROXY_URL: PROXY, SWITCHYARD_MEDIA__ALLOW_HOSTS: '$X,b', SWITCHYARD_KEYS: '[{ name: "a", key: "$X" }, { name: "b", key: "a$$X" }]' })
  t.same([config.keys.map(({ secret }) => secret), config.proxyUrl, config.media.allowHosts], [['$X', 'x', 'a$X'], PROXY, ['$X', 'b']])
  t.same((await load({ ...WHOLE, X: 'x', SWITCHYARD_MEDIA__ALLOW_HOSTS: '["$X"]' })).media.allowHosts, ['x'])
  t.match(await problemsOf({ ...WHOLE, SWITCHYARD_KEYS: '[{ name: "a", key: "$NOT_SET" }]' }), /Keys\[0\]\.key \(SWITCHYARD_KEYS\): the environment variable NOT_SET is not set/)
})

t.test('a variable that is no setting is an error that names the nearest', async t => {
  for (const [name, expected] of [
    ['SWITCHYARD_ROUTER_DEFAULT', 'did you mean SWITCHYARD_ROUTER__DEFAULT?'],
    ['SWITCHYARD_router__default', 'did you mean SWITCHYARD_ROUTER__DEFAULT?'],
    ['SWITCHYARD_STREAM__PINGAFTER', 'did you mean SWITCHYARD_STREAM__PING_AFTER?'],
    ['SWITCHYARD_PROVIDER', 'did you mean SWITCHYARD_PROVIDERS?'],
    ['SWITCHYARD_API_KEY', 'did you mean SWITCHYARD_APIKEY?'],
    ['SWITCHYARD_CONFG', 'did you mean SWITCHYARD_CONFIG?'],
    ['SWITCHYARD_CONFIG_PATH', 'did you mean CONFIG_PATH?'],
    ['SWITCHYARD_DATABASE_URL', 'did you mean DATABASE_URL?'],
    ['SWITCHYARD_PROVIDERS__0__API_KEY', 'SWITCHYARD_PROVIDERS is given as a whole'],
    ['SWITCHYARD_ROUTER__PROFILES__CHEAP__DEFAULT', 'SWITCHYARD_ROUTER__PROFILES is given as a whole'],
    ['SWITCHYARD_STATUSLINE', 'docs/configuration.md lists them'],
    ['SWITCHYARD_', 'docs/configuration.md lists them'],
    ['SWITCHYARD___PROTO__', 'docs/configuration.md lists them']
  ] as const) t.equal(await problemsOf({ ...WHOLE, [name]: 'hush-hush' }), `the environment cannot be used:\n  - ${name}: there is no such setting; ${expected}`)
})

t.test('variables that the document refers to, and those of Kubernetes, are none of ours', async t => {
  const CONFIG_PATH = await fileOf({ ...base, APIKEY: '$SWITCHYARD_KEY', Keys: [{ name: 'ann', key: '$' + '{SWITCHYARD_ANN}' }] })
  const links = { SWITCHYARD_SERVICE_HOST: '10.0.0.1', SWITCHYARD_SERVICE_PORT: '3456', SWITCHYARD_SERVICE_PORT_HTTP: '3456', SWITCHYARD_PORT: 'tcp://10.0.0.1:3456', SWITCHYARD_PORT_3456_TCP: 'tcp://10.0.0.1:3456', SWITCHYARD_PORT_3456_TCP_ADDR: '10.0.0.1', SWITCHYARD_REDIS_SERVICE_HOST: '10.0.0.2', SWITCHYARD_REDIS_PORT: 'tcp://10.0.0.2:6379' }
  const config = await load({ KEY: 'k', SWITCHYARD_KEY: 'main', SWITCHYARD_ANN: 'anns', ...links }, { CONFIG_PATH })
  t.match(config, { port: 3456, keys: [{ secret: 'main' }, { secret: 'anns' }] })
})

t.test('a value of a wrong form says what would be right, all of them at once', async t => {
  const wrong = { SWITCHYARD_STREAM__PING_AFTER: 'abc', SWITCHYARD_PORT: '3.5', SWITCHYARD_LIMITS__BUDGET_WARNING: 'half', SWITCHYARD_LOG: 'yes', SWITCHYARD_ROUTER__LONG_CONTEXT_THRESHOLD: '60k', SWITCHYARD_STRAEM: '{}' }
  t.equal(await problemsOf({ ...WHOLE, ...wrong }), [
    'the environment cannot be used:',
    'SWITCHYARD_STREAM__PING_AFTER: must be a whole number, not "abc"',
    'SWITCHYARD_PORT: must be a whole number, not "3.5"',
    'SWITCHYARD_LIMITS__BUDGET_WARNING: must be a number, not "half"',
    'SWITCHYARD_LOG: must be true or false, not "yes"',
    'SWITCHYARD_ROUTER__LONG_CONTEXT_THRESHOLD: must be a whole number, not "60k"',
    'SWITCHYARD_STRAEM: there is no such setting; did you mean SWITCHYARD_STREAM?'
  ].join('\n  - '))

  for (const [name, value, expected] of [
    ['FALLBACK__DEFAULT', 'or,c', /SWITCHYARD_FALLBACK__DEFAULT: must be JSON5, as in \["provider,model"\]: invalid character 'o' at 1:1/],
    ['PROVIDERS', '[{ name: "x", }', /SWITCHYARD_PROVIDERS: must be JSON5, as in \[\{ … \}\]: invalid end of input/],
    ['ROUTER', 'or,c', /SWITCHYARD_ROUTER: must be JSON5, as in \{ … \}: /],
    ['MEDIA__ALLOW_HOSTS', '["a', /SWITCHYARD_MEDIA__ALLOW_HOSTS: must be JSON5/],
    ['STREAM__PING_AFTER', '1', /Stream\.pingAfter \(SWITCHYARD_STREAM__PING_AFTER\): must be >= 10/],
    ['PORT', '70000', /PORT \(SWITCHYARD_PORT\): must be <= 65535/],
    ['PROVIDERS', '{}', /- Providers \(SWITCHYARD_PROVIDERS\): must be array/],
    ['PROVIDERS', '[{ name: "or" }]', /Providers\[0\]\.models \(SWITCHYARD_PROVIDERS\): is missing/],
    ['ROUTER', '{ default: "or,c", router: 1 }', /Router\.router \(SWITCHYARD_ROUTER\): there is no such key/],
    ['ROUTER__DEFAULT', 'or', /Router\.default \(SWITCHYARD_ROUTER__DEFAULT\): must be "provider,model"/],
    ['ROUTER__DEFAULT', 'nobody,c', /Router\.default \(SWITCHYARD_ROUTER__DEFAULT\): there is no usable provider nobody/],
    ['LOG_LEVEL', 'loud', /LOG_LEVEL \(SWITCHYARD_LOG_LEVEL\): must be one of fatal/],
    ['PROXY_URL', 'foo', /PROXY_URL \(SWITCHYARD_PROXY_URL\): must be a URL/],
    ['CUSTOM_ROUTER_PATH', '/nowhere.js', /CUSTOM_ROUTER_PATH \(SWITCHYARD_CUSTOM_ROUTER_PATH\): \/nowhere\.js is not there/]
  ] as const) t.match(await problemsOf({ ...WHOLE, [`SWITCHYARD_${name}`]: value }), expected)

  t.match(await problemsOf({ SWITCHYARD_PROVIDERS: JSON.stringify([provider]), KEY: 'k' }), /the environment cannot be used:\n {2}- Router\.default: is missing/, 'no target of the demo is left over')
  t.match(await problemsOf({ KEY: 'k', SWITCHYARD_ROUTER__DEFAULT: 'or,c' }, { CONFIG_PATH: await fileOf({ ...base, Router: 'or,c' }) }), /Router: must be object/, 'what is no object stays one')
})

t.test('no error tells a secret', async t => {
  const SECRET = 'sk-or-v1-canary0123456789'
  // A path to a file is told, and is none.
  const others = allSettings().filter(({ path }) => !['CUSTOM_ROUTER_PATH', 'REWRITE_SYSTEM_PROMPT'].includes(path))
  for (const { variable } of others) t.notMatch(await problemsOf({ ...WHOLE, [variable]: SECRET }), SECRET, variable)
  for (const variable of ['SWITCHYARD_PROVIDERS', 'SWITCHYARD_KEYS', 'SWITCHYARD_CONFIG', 'SWITCHYARD_ROUTER']) {
    for (const value of [`[{ key: "${SECRET}", }`, `{ APIKEY: "${SECRET}" `, `[{ name: "x y", api_base_url: "https://x:${SECRET}@", api_key: "${SECRET}", key: "${SECRET}", models: 1 }]`, `{ APIKEY: ["${SECRET}"], PROXY_URL: 1 }`]) t.notMatch(await problemsOf({ ...WHOLE, [variable]: value }), SECRET, `${variable}=${value}`)
  }
})

t.test('written down, it holds references in place of secrets', async t => {
  const processEnv = { OPENROUTER_API_KEY: 'or-secret', APIKEY: 'main-secret', SWITCHYARD_PROXY_URL: 'http://ann:proxy-secret@127.0.0.1:1', SWITCHYARD_STREAM__PING_AFTER: '50', SWITCHYARD_USAGE__PATH: 'a$b', TARGET_MODEL_DEFAULT: 'z/$y' }
  const written = writtenFromEnvironment({ OPENROUTER_API_KEY: 'or-secret', APIKEY: 'main-secret', TARGET_MODEL_DEFAULT: 'z/$y' }, processEnv)
  t.match(written, { APIKEY: '$APIKEY', PROXY_URL: '$SWITCHYARD_PROXY_URL', Providers: [{ api_key: '$OPENROUTER_API_KEY', models: ['z/$$y'] }], Stream: { pingAfter: 50 }, Usage: { path: 'a$$b' } })
  t.notMatch(JSON.stringify(written), /secret/)
  const config = await load({ SWITCHYARD_CONFIG: JSON.stringify(written), ...processEnv })
  t.match(config, { proxyUrl: 'http://ann:proxy-secret@127.0.0.1:1', keys: [{ secret: 'main-secret' }], stream: { pingAfter: 50 } }, 'and as a document it is the same')
  t.match(config.router.default[0], { model: 'z/$y', provider: { apiKey: 'or-secret' } })

  t.match(writtenFromEnvironment({}, WHOLE), base, 'a document stays as it was given')
  t.match(writtenFromEnvironment({}, {}), { Router: { default: 'demo,demo' } })
  t.throws(() => writtenFromEnvironment({}, { SWITCHYARD_CONFIG: '{' }), { message: /SWITCHYARD_CONFIG cannot be used/ })
})
