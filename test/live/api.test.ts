import { mkdir, readFile, rm, utimes, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import t, { type Test } from 'tap'
import { type TestApp, startApp } from '../helper/app.ts'
import { ask } from '../helper/ask.ts'
import { answer, startUpstream } from '../helper/upstream.ts'
import { until } from '../helper/until.ts'

/** `/api/config` as its users know it. */

interface Reply { status: number, etag: string, json: Record<string, unknown> }

/** The document that the service starts with. */
interface Document { readonly Providers: [object], readonly Router: object, readonly [name: string]: unknown }

interface Stage extends TestApp {
  api: (method: string, path: string, body?: unknown, headers?: Record<string, string>) => Promise<Reply>
  written: () => Promise<unknown>
}

const ADMIN = { authorization: 'Bearer admin-key' }

async function stage (t: Test, more: object = {}, env: NodeJS.ProcessEnv = {}): Promise<Stage & { document: Document }> {
  const upstream = await startUpstream(t, (response, request) => answer(response, request, `${request.headers.authorization} ${request.body.model}`))
  const document: Document = {
    APIKEY: 'admin-key',
    Providers: [{ name: 'p', api_base_url: `${upstream.url}/v1/chat/completions`, api_key: 'upstream-secret', models: ['one', 'two'] }],
    Router: { default: 'p,one' },
    ...more
  }
  const app = await startApp(t, { config: document, env })
  return {
    ...app,
    document,
    async api (method, path, body, headers = {}) {
      const reply = await fetch(app.url + path, { method, headers: { ...ADMIN, ...(body !== undefined && { 'content-type': 'application/json' }), ...headers }, ...(body !== undefined && { body: JSON.stringify(body) }) })
      const text = await reply.text()
      return { status: reply.status, etag: reply.headers.get('etag') ?? '', json: text === '' ? {} : JSON.parse(text) as Record<string, unknown> }
    },
    written: async () => JSON.parse(await readFile(app.path, 'utf8'))
  }
}

const textOf = async (url: string): Promise<string> => ((await ask(url, {}, ADMIN)).json['content'] as { text: string }[])[0]?.text ?? ''

t.test('what is read can be changed and sent back', async t => {
  const { api, written, url, document } = await stage(t)
  const read = await api('GET', '/api/config')
  t.equal(read.status, 200)
  t.strictSame(read.json, { ...document, APIKEY: '********', Providers: [{ ...document.Providers[0], api_key: '********' }] })
  t.match(read.etag, /^"[\w-]+"$/)
  t.equal(await textOf(url), 'Bearer upstream-secret one')

  const reply = await api('POST', '/api/config', { ...read.json, Router: { default: 'p,two' } }, { 'if-match': read.etag })
  t.match(reply, { status: 200, json: { success: true, message: 'Configuration updated successfully.', backup: /\.backups\/config\.[\dT-]+Z\.json$/, changes: [{ path: 'Router.default', op: 'changed', before: 'p,one', after: 'p,two' }], effects: { restart: [] } } })
  t.not(reply.etag, read.etag)
  t.strictSame(await written(), { ...document, Router: { default: 'p,two' } }, 'masked secrets are what they were')
  t.equal(await textOf(url), 'Bearer upstream-secret two', 'and it holds at once')
  t.strictSame(JSON.parse(await readFile(reply.json['backup'] as string, 'utf8')), document, 'what was there is kept')
  t.equal((await api('GET', '/api/config')).etag, reply.etag)
})

t.test('a part of it', async t => {
  const { api, written, url, document, path } = await stage(t)
  await writeFile(path, `// Ours\n${JSON.stringify(document, null, 2).replace('"Router": {', '"Router": { // who serves what\n')}\n`)
  const reply = await api('PATCH', '/api/config', { Router: { default: 'p,two', background: 'p,one' }, LOG: true })
  t.equal(reply.status, 200, JSON.stringify(reply.json))
  const text = await readFile(path, 'utf8')
  t.match(text, /^\/\/ Ours\n/)
  t.match(text, '// who serves what', 'comments stay')
  t.equal(await textOf(url), 'Bearer upstream-secret two')
  t.match(await api('PATCH', '/api/config', { LOG: true, Router: { background: null } }), { status: 200, json: { changes: [{ path: 'Router.background', op: 'removed' }] } })
  const same = await api('PATCH', '/api/config', { LOG: true })
  t.match(same, { status: 200, json: { message: /nothing was changed/, backup: null } })
  await t.rejects(written(), 'it has comments still')
  t.match(await api('PATCH', '/api/config', { LOG: false }, { 'content-type': 'application/merge-patch+json' }), { status: 200 }, 'by the type of its own')
})

t.test('nothing is changed where anything is wrong', async t => {
  const { api, document, path, app } = await stage(t)
  const before = await readFile(path, 'utf8')
  const { current } = app.config
  const wrong: [body: object, problem: RegExp][] = [
    [{}, /Providers: is missing/],
    [{ ...document, Router: { default: 'p,three' } }, /Router\.default: .*three/],
    [{ ...document, Router: { default: 'q,one' } }, /Router\.default: .*q/],
    [{ ...document, PROT: 1 }, /PROT: there is no such key/],
    [{ ...document, Providers: [{ ...document.Providers[0], api_key: '$NOT_SET_ANYWHERE' }] }, /Providers\[0\]\.api_key: the environment variable NOT_SET_ANYWHERE is not set/],
    [{ ...document, Providers: [...document.Providers, { name: 'new', api_base_url: 'http://127.0.0.1/v1', api_key: '********', models: ['m'] }] }, /Providers\[1\]\.api_key: is masked/],
    [{ ...document, Providers: [{ ...document.Providers[0], transformer: { use: ['nobody'] } }] }, /Providers\[0\]\.transformer\.use\[0\]: there is no transformer nobody/],
    [{ ...document, transformers: [{ path: './not-there.mjs' }] }, /transformers\[0\]\.path: .*not-there/],
    [{ ...document, HOST: '0.0.0.0', APIKEY: undefined, Keys: [] }, /HOST: 0\.0\.0\.0 can be reached/],
    [{ ...document, APIKEY: undefined }, /APIKEY: no key with the role admin would be left/]
  ]
  for (const [body, problem] of wrong) {
    for (const query of ['', '?dry_run=1']) {
      const reply = await api('POST', `/api/config${query}`, body)
      t.equal(reply.status, 400, String(problem))
      t.match(reply.json['error'], { type: 'invalid_request_error', message: problem, problems: [problem] })
    }
  }
  const deep = `${'{"a":'.repeat(100_000)}1${'}'.repeat(100_000)}`
  for (const [method, body] of ['[]', '"x"', 'null', '1', '{', '', deep].flatMap(body => [['POST', body], ['PATCH', body]] as const)) {
    const reply = await fetch(`${app.listeningOrigin}/api/config`, { method, headers: { ...ADMIN, 'content-type': 'application/json' }, body })
    t.match([reply.status, await reply.json()], [400, { type: 'error', error: { type: 'invalid_request_error' } }], `${method} ${body.slice(0, 20)}`)
  }
  t.equal(await readFile(path, 'utf8'), before)
  t.equal(app.config.current, current)
  t.match(await api('GET', '/api/config/backups'), { json: { backups: [] } })
})

t.test('a dry run tells what would come of it', async t => {
  const { api, document, written, app } = await stage(t, { Keys: [{ name: 'ann', key: 'key-of-ann' }] })
  const { current } = app.config
  const next = { ...document, PORT: 4000, Keys: [{ name: 'bob', key: 'key-of-bob' }], Providers: [...document.Providers, { name: 'q', api_base_url: 'http://127.0.0.1/v1', models: ['m'] }], Router: { default: 'p,one', think: 'q,m' } }
  t.match(await api('POST', '/api/config?dry_run=1', next), {
    status: 200,
    json: { success: true, dry_run: true, backup: null, effects: { providers: { added: ['q'], removed: [], changed: [] }, rules: { added: ['think'] }, keys: { added: ['bob'], removed: ['ann'] }, restart: ['PORT'] } }
  })
  t.strictSame(await written(), document)
  t.equal(app.config.current, current)

  const reply = await api('POST', '/api/config', next)
  t.match(reply.json, { message: 'Configuration updated successfully. Server restart required to apply PORT; all else is in force.', effects: { restart: ['PORT'] } })
  t.equal(app.config.current.port, current.port)
  const as = (key: string): Promise<number> => ask(app.listeningOrigin, {}, { 'x-api-key': key }).then(({ status }) => status)
  t.strictSame([await as('key-of-ann'), await as('key-of-bob')], [401, 200])
})

t.test('who was not fast enough is told so', async t => {
  const { api, document } = await stage(t)
  const { etag } = await api('GET', '/api/config')
  const first = await api('PATCH', '/api/config', { LOG: true }, { 'if-match': etag })
  t.equal(first.status, 200)
  t.match(await api('PATCH', '/api/config', { LOG_LEVEL: 'warn' }, { 'if-match': etag }), { status: 412, etag: first.etag, json: { error: { message: /^if-match: / } } })
  t.match(await api('POST', '/api/config', document, { 'if-match': 'what' }), { status: 400, json: { error: { message: /^if-match: must be the ETag/ } } })
  t.equal((await api('PATCH', '/api/config', { LOG_LEVEL: 'warn' }, { 'if-match': '*' })).status, 200)
})

t.test('backups', async t => {
  const { api, document, url, written } = await stage(t)
  t.match(await api('POST', '/api/config/backup'), { status: 200, json: { success: true, backup: /\.backups\/config\.[\dT-]+Z\.json$/ } })
  await api('PATCH', '/api/config', { Router: { default: 'p,two' } })
  const { backups } = (await api('GET', '/api/config/backups')).json as { backups: { name: string, at: string }[] }
  t.equal(backups.length, 2)
  const name = backups[0]?.name ?? ''
  t.match(name, /^config\.[\dT-]+Z\.json$/)
  t.match(await api('GET', `/api/config/backups/${name}`), { status: 200, json: { APIKEY: '********', Router: { default: 'p,one' } } })
  t.match(await api('GET', `/api/config/backups/${name}/diff`), { json: { changes: [{ path: 'Router.default', before: 'p,one', after: 'p,two' }] } })
  t.match(await api('POST', `/api/config/backups/${name}/restore?dry_run=1`), { json: { dry_run: true, changes: [{ after: 'p,one' }] } })
  t.equal(await textOf(url), 'Bearer upstream-secret two')
  t.match(await api('POST', `/api/config/backups/${name}/restore`), { status: 200, json: { success: true, backup: String } })
  t.equal(await textOf(url), 'Bearer upstream-secret one')
  t.strictSame(await written(), document)
  for (const bad of ['config.json', '..%2f..%2fetc%2fpasswd', '..%2fconfig.json', 'config.2025-01-01T00-00-00-000Z.json', '%00', 'config.2025-01-01T00-00-00-000Z.json%2f..']) {
    for (const [method, end] of [['GET', ''], ['GET', '/diff'], ['POST', '/restore']]) t.equal((await api(method as string, `/api/config/backups/${bad}${end}`)).status, 404, `${method} ${bad}${end}`)
  }
})

t.test('what admins do is noted, without secrets', async t => {
  const { api } = await stage(t)
  await api('PATCH', '/api/config', { Providers: [{ name: 'p', api_base_url: 'http://127.0.0.1/v1', api_key: 'another-secret', models: ['one'] }] })
  await api('POST', '/api/config/backup')
  const { backups: [latest] } = (await api('GET', '/api/config/backups')).json as { backups: { name: string }[] }
  await api('POST', `/api/config/backups/${latest?.name}/restore`)
  const { entries } = (await api('GET', '/api/audit')).json as { entries: { action: string, actor: string }[] }
  t.strictSame(entries.map(({ action, actor }) => [action, actor]), [['config.restore', 'APIKEY'], ['config.backup', 'APIKEY'], ['config.change', 'APIKEY']].slice(entries.length === 3 ? 0 : 1))
  t.notMatch(JSON.stringify(entries), /another-secret|upstream-secret|admin-key/)
})

t.test('changes from outside', async t => {
  const { api, document, url, path, log, app } = await stage(t)
  await writeFile(path, JSON.stringify({ ...document, Router: { default: 'p,two' } }))
  await until('the file is in force', async () => await textOf(url) === 'Bearer upstream-secret two')
  await writeFile(path, '{ "Providers": ')
  await until('the file is known to be bad', async () => (await (await fetch(`${url}/ready`)).json() as { unhealthy_config?: boolean }).unhealthy_config === true)
  t.equal(await textOf(url), 'Bearer upstream-secret two', 'the one before serves on')
  t.match(log.filter(({ level }) => Number(level) >= 50), [{ msg: /cannot be used/ }])
  t.match(await api('PATCH', '/api/config', { LOG: true }), { status: 400 }, 'there is nothing to change a part of')
  t.match(await api('GET', '/api/config'), { status: 400 })
  t.match(await api('POST', '/api/config', { ...document, APIKEY: '********' }), { status: 400, json: { error: { message: /APIKEY: is masked/ } } })
  t.equal((await api('POST', '/api/config', document)).status, 200, 'but it can be replaced')
  t.equal(await textOf(url), 'Bearer upstream-secret one')
  t.notOk('unhealthy_config' in (await (await fetch(`${url}/ready`)).json() as object))

  await writeFile(path, JSON.stringify({ ...document, Router: { default: 'p,two' }, LOG_LEVEL: 'fatal' }))
  await app.reloadConfig('SIGHUP')
  t.equal(await textOf(url), 'Bearer upstream-secret two')
  t.equal(app.log.level, 'fatal')
})

t.test('a file that is gone', async t => {
  const { api, document, path, url, log } = await stage(t, {}, { APIKEY: 'admin-key' })
  await rm(path)
  await until('it is missed', () => log.some(({ problem }) => /no such file any more/.test(String(problem))))
  t.equal(await textOf(url), 'Bearer upstream-secret one', 'the one before serves on')
  for (const [method, body] of [['GET', undefined], ['PATCH', { LOG_LEVEL: 'warn' }]] as const) {
    t.match(await api(method, '/api/config', body), { status: 400, json: { error: { message: /there is no such file any more/ } } }, `${method}: the demo is not in its place`)
  }
  t.equal((await api('POST', '/api/config', document)).status, 200)
  t.strictSame(JSON.parse(await readFile(path, 'utf8')), document)
  const { entries } = (await api('GET', '/api/audit')).json as { entries: { action: string }[] }
  t.strictSame(entries.map(({ action }) => action), ['config.change'], 'nobody else changed anything')
})

t.test('a file that the document names', async t => {
  const { app, path, url } = await stage(t)
  const own = join(dirname(path), 'router.mjs')
  await writeFile(own, "export default () => 'p,two'")
  await writeFile(path, JSON.stringify({ ...JSON.parse(await readFile(path, 'utf8')), CUSTOM_ROUTER_PATH: './router.mjs' }))
  await until('the router is in force', async () => await textOf(url) === 'Bearer upstream-secret two')
  await writeFile(own, 'export default () => null')
  await utimes(own, 1, 1)
  await app.reloadConfig('SIGHUP')
  t.equal(await textOf(url), 'Bearer upstream-secret one', 'is read anew when it is said so')
})

t.test('what is shown is no configuration', async t => {
  const { api, document, path, log, url } = await stage(t)
  const shown = await (await fetch(`${url}/api/config`, { headers: ADMIN })).text()
  await writeFile(path, shown)
  await until('the masks are refused', () => log.some(({ level, problem }) => Number(level) >= 50 && /APIKEY: is masked/.test(String(problem))))
  t.equal((await ask(url, {}, { 'x-api-key': '********' })).status, 401, 'a mask is no key')
  t.equal(await textOf(url), 'Bearer upstream-secret one')

  await writeFile(path, JSON.stringify(document))
  await until('the file is good again', async () => !('unhealthy_config' in (await (await fetch(`${url}/ready`)).json() as object)))
  const name = 'config.2026-01-01T00-00-00-000Z.json'
  await mkdir(join(dirname(path), '.backups'), { recursive: true })
  await writeFile(join(dirname(path), '.backups', name), JSON.stringify({ ...JSON.parse(shown), Router: { default: 'p,two' } }))
  t.equal((await api('POST', `/api/config/backups/${name}/restore`)).status, 200)
  t.strictSame(JSON.parse(await readFile(path, 'utf8')), { ...document, Router: { default: 'p,two' } }, 'a backup with masks is written with what they stand for')
  t.equal(await textOf(url), 'Bearer upstream-secret two')
})

t.test('keys of the store count', async t => {
  const { api } = await stage(t, { Router: { default: 'p,one', profiles: { cheap: { default: 'p,two' } } } })
  t.equal((await api('POST', '/api/keys', { name: 'ann', profile: 'cheap' })).status, 201)
  t.match(await api('PATCH', '/api/config', { Keys: [{ name: 'ann', key: 'k' }] }), { status: 400, json: { error: { message: /Keys: a key of \/api\/keys is named ann already/ } } })
  t.match(await api('PATCH', '/api/config', { Router: { profiles: null } }), { status: 400, json: { error: { message: /Router\.profiles: the key ann .* goes by cheap/ } } })
  t.equal((await api('PATCH', '/api/config', { Router: { profiles: { cheap: { default: 'p,one' } } } })).status, 200)
})

t.test('what others wrote is noted with whatever takes it along', async t => {
  const { api, document, path, url } = await stage(t)
  await writeFile(path, JSON.stringify({ ...document, Router: { default: 'p,two' } }))
  t.equal((await api('PATCH', '/api/config', { LOG_LEVEL: 'warn' })).status, 200)
  t.equal(await textOf(url), 'Bearer upstream-secret two')
  const { entries } = (await api('GET', '/api/audit')).json as { entries: { action: string, after: { changes: { path: string }[] } }[] }
  t.strictSame(entries.map(({ action, after }) => [action, after.changes[0]?.path]), [['config.change', 'LOG_LEVEL'], ['config.reload', 'Router.default']])
})

t.test('files that do not come to an end, or come late', { timeout: 60_000 }, async t => {
  const { api, path } = await stage(t)
  const [hanging, late] = ['hanging.mjs', 'late.mjs'].map(name => join(dirname(path), name)) as [string, string]
  await writeFile(hanging, 'export default () => new Promise(() => {})')
  t.match(await api('PATCH', '/api/config?dry_run=1', { transformers: [{ path: hanging }] }), { status: 400, json: { error: { message: /transformers\[0\]\.path: .* is not ready after 10 seconds/ } } })
  await writeFile(late, "import make from './helper.mjs'\nexport default make")
  t.match(await api('PATCH', '/api/config', { transformers: [{ path: late }] }), { status: 400 })
  await writeFile(join(dirname(path), 'helper.mjs'), "export default () => ({ name: 'late', request () {} })")
  t.equal((await api('PATCH', '/api/config', { transformers: [{ path: late }] })).status, 200, 'once its helper is there')
})

t.test('who may', async t => {
  const { url } = await stage(t, { Keys: [{ name: 'ann', key: 'key-of-ann' }, { name: 'view', key: 'key-of-view', role: 'viewer' }] })
  for (const [method, path] of [['GET', ''], ['GET', '/schema'], ['POST', ''], ['PATCH', ''], ['POST', '/backup'], ['GET', '/backups'], ['GET', '/backups/x'], ['GET', '/backups/x/diff'], ['POST', '/backups/x/restore']]) {
    for (const [key, status] of [['', 401], ['wrong', 401], ['key-of-ann', 403], ['key-of-view', 403]] as const) {
      const reply = await fetch(`${url}/api/config${path}`, { method: method as string, headers: { 'x-api-key': key, 'content-type': 'application/json' }, ...(method !== 'GET' && { body: '{}' }) })
      t.equal(reply.status, status, `${method} ${path} ${key}`)
    }
  }
})

t.test('the environment alone', async t => {
  const { app, url, path } = await startApp(t, { env: { OPENROUTER_API_KEY: 'sk-or-v1-secret', APIKEY: 'admin-key', CONFIG_PATH: undefined } })
  t.teardown(() => {})
  const read = await fetch(`${url}/api/config`, { headers: ADMIN })
  t.match(await read.json(), { Providers: [{ name: 'openrouter', api_key: '$OPENROUTER_API_KEY' }], APIKEY: '$APIKEY' })
  t.ok(app.config.current.providers.has('openrouter'))
  t.ok(path)
})

t.test('a document in the environment is changed there', async t => {
  const config = { Providers: [{ name: 'p', api_base_url: 'http://127.0.0.1/v1', models: ['m'] }], Router: { default: 'p,m' } }
  const { app, url } = await startApp(t, { env: { SWITCHYARD_CONFIG: JSON.stringify(config), APIKEY: 'admin-key' } })
  const reply = await fetch(`${url}/api/config`, { method: 'POST', headers: { ...ADMIN, 'content-type': 'application/json' }, body: JSON.stringify(config) })
  t.match([reply.status, await reply.json()], [400, { error: { message: /SWITCHYARD_CONFIG is set/ } }])
  const { current } = app.config
  await app.reloadConfig('SIGHUP')
  t.equal(app.config.current, current, 'there is nothing else to look at')
})
