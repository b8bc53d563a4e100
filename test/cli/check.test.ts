import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { check } from '../../src/cli/check.ts'
import { offlineApp } from '../../src/cli/offline-app.ts'
import { readyApp } from '../helper/app.ts'

const root = join(import.meta.dirname, '..', '..')
const good = { Providers: [{ name: 'or', api_base_url: 'https://or.example/v1', api_key: '$KEY', models: ['a', 'b'] }], Router: { default: 'or,a' } }

/** A folder with this document and these files. */
async function folderOf (t: Test, document: object | string, files: Record<string, string> = {}): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'switchyard-check-'))
  t.teardown(() => rm(folder, { recursive: true, force: true }))
  for (const [name, text] of Object.entries({ 'config.json': typeof document === 'string' ? document : JSON.stringify(document), ...files })) await writeFile(join(folder, name), text)
  return folder
}

t.test('a good file is told so, with what is in it', async t => {
  const example = join(root, 'config.example.json')
  t.same(await check(example, { APIKEY: 'k', OPENROUTER_API_KEY: 'o' }), { code: 0, text: `${example} is good: 2 providers, 3 rules, 1 key\n  - these variables stand above it: APIKEY\n` })

  const file = join(await folderOf(t, { ...good, StatusLine: {}, CUSTOM_ROUTER_PATH: './router.cjs', Router: { default: 'or,a', think: '', rules: [{ name: 'x', when: {}, use: 'or,b' }] } }, { 'router.cjs': 'module.exports = () => null' }), 'config.json')
  t.same(await check(file, { KEY: 'k', LOG_LEVEL: 'warn', SWITCHYARD_STREAM__PING_AFTER: '50' }), {
    code: 0,
    text: [`${file} is good: 1 provider, 3 rules, no keys`, 'no key is set: only programs of this machine are served', 'these keys are accepted and do nothing: StatusLine', 'these variables stand above it: LOG_LEVEL, SWITCHYARD_STREAM__PING_AFTER'].join('\n  - ') + '\n'
  })
})

t.test('problems are those of the start, word for word', async t => {
  for (const [document, expected] of [
    [{ ...good, router: {} }, /router: there is no such key; did you mean Router\?/],
    [{ ...good, Router: { default: 'nobody,a', think: 'or,z' } }, /Router\.think: or has no model z[^]*Router\.default: there is no usable provider nobody/],
    [{ ...good, Providers: [{ ...good.Providers[0], api_key: '$NOT_SET' }] }, /Providers\[0\]\.api_key: the environment variable NOT_SET is not set/],
    [{ ...good, Providers: [{ ...good.Providers[0], transformer: { use: ['nope', ['maxtoken', { max_tokens: 'many' }]] } }] }, /use\[0\]: there is no transformer nope here[^]*use\[1\]: the option max_tokens/],
    [{ ...good, transformers: [{ path: './missing.js' }, { path: './broken.mjs' }], CUSTOM_ROUTER_PATH: './number.mjs', REWRITE_SYSTEM_PROMPT: 'missing.txt' }, /transformers\[0\]\.path: .*missing\.js is not there[^]*transformers\[1\]\.path: .*broken\.mjs cannot be loaded: no[^]*CUSTOM_ROUTER_PATH: .* exports no function[^]*REWRITE_SYSTEM_PROMPT: .* is not there/],
    ['{ "Providers": [ }', /cannot be used:\n {2}- invalid character/]
  ] as const) {
    const folder = await folderOf(t, document, { 'broken.mjs': 'throw new Error("no")', 'number.mjs': 'export default 1' })
    const file = join(folder, 'config.json')
    const { code, text } = await check(file, { KEY: 'k' })
    t.equal(code, 1)
    t.match(text, expected)
    const start: unknown = await readyApp(t, { env: { KEY: 'k', CONFIG_PATH: file } }).catch((error: unknown) => error)
    t.equal(text, `${(start as Error).message}\n`)
  }
})

t.test('what is wrong with variables is told as well, without their values', async t => {
  const file = join(await folderOf(t, good), 'config.json')
  for (const [variables, expected] of [
    [{ PORT: 'hush' }, 'the environment cannot be used:\n  - PORT: must be integer\n'],
    [{ SWITCHYARD_FALBACK: 'hush' }, 'the environment cannot be used:\n  - SWITCHYARD_FALBACK: there is no such setting; did you mean SWITCHYARD_FALLBACK?\n'],
    [{ DATABASE_URL: 'mysql://hush' }, `${file} cannot be used:\n  - DATABASE_URL: must begin with postgres:// or sqlite:\n`]
  ] as const) t.same(await check(file, { KEY: 'k', ...variables }), { code: 1, text: expected })
  const redis = await check(file, { KEY: 'k', REDIS_URL: 'http://user:hush@x' })
  t.match(redis, { code: 1, text: /REDIS_URL: must be of the form/ })
  t.notMatch(redis.text, /hush/)
})

t.test('a file that is not there, or cannot be read, is a problem', async t => {
  t.same(await check('/nowhere/config.json', {}), { code: 1, text: '/nowhere/config.json cannot be used:\n  - there is no such file\n' })
  t.same(await check(root, {}), { code: 1, text: `${root} cannot be used:\n  - it cannot be read (EISDIR)\n` })
})

t.test('without a file it is the one of the start; a file stands above what names another', async t => {
  const file = join(await folderOf(t, good), 'config.json')
  t.match(await check(undefined, { KEY: 'k', CONFIG_PATH: file }), { code: 0, text: `${file} is good` })
  t.match(await check(undefined, { SWITCHYARD_CONFIG: JSON.stringify(good), KEY: 'k' }), { code: 0, text: /^SWITCHYARD_CONFIG is good: 1 provider, 1 rule, no keys/ })
  t.match(await check(file, { KEY: 'k', CONFIG_PATH: '/nowhere', SWITCHYARD_CONFIG: '{' }), { code: 0, text: `${file} is good` })
})

t.test('an address that others reach needs a key', async t => {
  const exposed = { ...good, HOST: '0.0.0.0' }
  t.match(await check(join(await folderOf(t, exposed), 'config.json'), { KEY: 'k' }), { code: 0, text: /HOST: 0\.0\.0\.0 can be reached from other machines.*keys of the store would do as well/ })
  t.match(await check(join(await folderOf(t, { ...exposed, Usage: { enabled: false } }), 'config.json'), { KEY: 'k' }), { code: 1, text: /HOST: 0\.0\.0\.0 can be reached/ })
  t.notMatch((await check(join(await folderOf(t, exposed), 'config.json'), { KEY: 'k', APIKEY: 'x' })).text, /reached/)
})

t.test('it opens no store and no connection', async t => {
  const folder = await folderOf(t, { ...good, APIKEY: 'k', Usage: { path: 'account.db' } })
  for (const variables of [{}, { DATABASE_URL: 'postgres://nobody@127.0.0.1:1/none', REDIS_URL: 'redis://127.0.0.1:1' }]) t.match(await check(join(folder, 'config.json'), { KEY: 'k', ...variables }), { code: 0 })
  t.same(await readdir(folder), ['config.json'])
})

t.test('it knows the transformers of the service, in their order', async t => {
  const { app } = await readyApp(t)
  const offline = await offlineApp({})
  t.teardown(() => offline.close())
  t.same(offline.transformers.pairs.map(({ name }) => name), app.transformers.pairs.map(({ name }) => name))
  t.same(offline.transformers.adapters.map(({ name }) => name), app.transformers.adapters.map(({ name }) => name))
  t.equal(typeof offline.transformers.kit, typeof app.transformers.kit)
})
