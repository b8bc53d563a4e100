import { readFile, readdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import t from 'tap'
import { readyApp } from '../helper/app.ts'
import { sqlitePlace } from '../helper/databases.ts'

const { path } = await sqlitePlace(t)
const config = {
  APIKEY: 'main-key',
  Keys: [{ name: 'ann', key: 'key-of-ann' }],
  Providers: [{ name: 'demo', api_base_url: 'http://demo.invalid/v1', models: ['demo'], transformer: { use: ['demo'] } }],
  Router: { default: 'demo,demo', profiles: { cheap: {}, dear: {} } }
}
const { app, log } = await readyApp(t, { config, env: { DATABASE_URL: `sqlite:${path}` } })

interface Key { id: string, name: string, key: string, hint: string, state: string, createdAt: string, expiresAt: string | null }
interface Answer { status: number, headers: Record<string, unknown>, text: string, json: Key & { keys: Key[], next: string | null, error: { type: string, message: string } } }

async function call (method: 'GET' | 'POST' | 'PATCH' | 'DELETE', url: string, payload?: object): Promise<Answer> {
  const reply = await app.inject({ method, url, headers: { 'x-api-key': 'main-key' }, ...(payload !== undefined && { payload }) })
  return { status: reply.statusCode, headers: reply.headers, text: reply.body, json: reply.body === '' ? {} as Answer['json'] : reply.json() }
}

/** What a key gets for a request for an answer. */
async function served (key: string): Promise<number> {
  return (await app.inject({ method: 'POST', url: '/v1/messages', headers: { 'x-api-key': key }, payload: { model: 'm', max_tokens: 5, messages: [{ role: 'user', content: 'hi' }] } })).statusCode
}

const secrets: string[] = []
async function create (fields: object): Promise<Key> {
  const { status, json, text } = await call('POST', '/api/keys', fields)
  if (status !== 201) throw new Error(text)
  secrets.push(json.key)
  return json
}

const SETTINGS = { role: 'viewer', owner: 'Bob Example', team: 'Team 1', models: ['*sonnet*'], providers: ['demo'], requestsPerMinute: 10, tokensPerMinute: 100_000, concurrentStreams: 2, budgets: [{ per: 'day', usd: 2.5 }, { per: 'month', tokens: 1_000_000 }], profile: 'cheap' }
const NOTHING = { role: 'inference', owner: null, team: null, models: null, providers: null, requestsPerMinute: null, tokensPerMinute: null, concurrentStreams: null, budgets: [], profile: null, expiresAt: null, revokedAt: null }

t.test('a key with everything that can be said of it, and one with nothing', async t => {
  const { status, headers, json } = await call('POST', '/api/keys', { name: 'bob', ...SETTINGS, expiresAt: '2099-01-31T12:00:00+02:00' })
  const { key, ...rest } = json
  secrets.push(key)
  t.equal(status, 201)
  t.match(headers, { 'cache-control': 'no-store', location: `/api/keys/${json.id}` })
  t.match(key, /^sk-sy-[\w-]{43}$/)
  t.strictSame(rest, { id: json.id, name: 'bob', ...SETTINGS, hint: key.slice(-4), state: 'active', createdAt: json.createdAt, updatedAt: json.createdAt, expiresAt: '2099-01-31T10:00:00.000Z', revokedAt: null })
  t.ok(Math.abs(Date.parse(json.createdAt) - Date.now()) < 5000)
  t.strictSame((await call('GET', `/api/keys/${json.id}`)).json, rest, 'seen again without its secret')

  const plain = await create({ name: 'carl' })
  t.match(plain, { name: 'carl', ...NOTHING })
  t.equal(await served(plain.key), 200)
  const days = await create({ name: 'dora', expiresInDays: 0.5 })
  t.ok(Math.abs(Date.parse(days.expiresAt ?? '') - Date.now() - 43_200_000) < 5000)
  t.match((await create({ name: 'emil', owner: null, models: null, budgets: null, expiresAt: null })), { name: 'emil', ...NOTHING }, 'null is nothing')
})

t.test('what cannot be is refused by its name', async t => {
  const before = (await call('GET', '/api/keys?limit=100')).json.keys.length
  for (const [fields, message] of [
    [{}, 'name: Field required'],
    [{ name: 'two words' }, /^name: must match pattern/],
    [{ name: 'x'.repeat(201) }, /^name: must NOT have more than 200/],
    [{ name: 'x', limit: 5 }, 'limit: Extra inputs are not permitted'],
    [{ name: 'x', key: 'sk-sy-mine' }, 'key: Extra inputs are not permitted'],
    [{ name: 'x', hash: 'y' }, 'hash: Extra inputs are not permitted'],
    [{ name: 'x', role: 'root' }, "role: Input should be 'inference', 'viewer' or 'admin'"],
    [{ name: 'x', owner: '' }, /^owner: must NOT have fewer/],
    [{ name: 'x', team: 'a\u0000b' }, /^team: must match pattern/],
    [{ name: 'x', models: 'claude' }, 'models: Input should be a valid array'],
    [{ name: 'x', models: [] }, 'models: List should have at least one item'],
    [{ name: 'x', requestsPerMinute: 2 ** 31 }, /^requestsPerMinute: must be <= 2147483647/],
    [{ name: 'x', requestsPerMinute: 0 }, /^requestsPerMinute: must be >= 1/],
    [{ name: 'x', tokensPerMinute: '5' }, 'tokensPerMinute: Input should be a valid integer'],
    [{ name: 'x', budgets: [{ usd: 5 }] }, 'budgets.0.per: Field required'],
    [{ name: 'x', budgets: [{ per: 'day' }] }, /^budgets\.0\.usd: Field required/],
    [{ name: 'x', budgets: [{ per: 'hour', usd: 1 }] }, "budgets.0.per: Input should be 'day', 'week' or 'month'"],
    [{ name: 'x', profile: 'none' }, 'profile: there is no profile none; Router.profiles has cheap, dear'],
    [{ name: 'x', expiresAt: 'tomorrow' }, /^expiresAt: must match format/],
    [{ name: 'x', expiresAt: '2099-12-31T23:59:60Z' }, /^expiresAt: Input should be a date and time/],
    [{ name: 'x', expiresAt: '2020-01-01T00:00:00Z' }, 'expiresAt: Input should be in the future'],
    [{ name: 'x', expiresAt: '2099-01-01T00:00:00Z', expiresInDays: 1 }, /^expiresInDays: Input should not be there beside expiresAt/],
    [{ name: 'x', expiresInDays: 0 }, /^expiresInDays: must be > 0/]
  ] as [object, string | RegExp][]) {
    t.match((await call('POST', '/api/keys', fields)), { status: 400, json: { type: 'error', error: { type: 'invalid_request_error', message } } }, JSON.stringify(fields).slice(0, 80))
  }
  t.match(await call('POST', '/api/keys'), { status: 400 }, 'no body')
  for (const [name, message] of [['bob', /named bob already \(key_/], ['ann', /^name: ann is the name of a key of the configuration/], ['APIKEY', /^name: APIKEY/], ['anthropic', /^name: anthropic/]] as const) {
    t.match(await call('POST', '/api/keys', { name }), { status: 409, headers: { 'x-should-retry': 'false' }, json: { error: { type: 'conflict_error', message } } })
  }
  t.equal((await call('GET', '/api/keys?limit=100')).json.keys.length, before, 'and nothing was made')
})

t.test('only what is named is changed, and it holds at once', async t => {
  const { key, ...made } = await create({ name: 'fritz', ...SETTINGS, models: ['*sonnet*', 'demo'], role: 'inference' })
  const patch = async (fields: object): Promise<Answer> => call('PATCH', `/api/keys/${made.id}`, fields)
  t.equal(await served(key), 200)
  const { json } = await patch({ role: 'viewer', team: null })
  t.match(json, { ...made, role: 'viewer', team: null, updatedAt: String })
  t.equal(await served(key), 403)
  const cleared = await patch({ role: 'inference', owner: null, models: null, providers: null, requestsPerMinute: null, tokensPerMinute: null, concurrentStreams: null, budgets: null, profile: null, expiresInDays: 1 })
  t.match(cleared.json, { name: 'fritz', ...NOTHING, expiresAt: /Z$/ })
  t.equal(await served(key), 200)
  t.match((await patch({ expiresAt: null, name: 'frida' })).json, { name: 'frida', ...NOTHING })
  for (const [fields, status, message] of [
    [{}, 400, /fewer than 1/],
    [{ name: null }, 400, /^name: Input should be a valid string/],
    [{ role: null }, 400, /^role/],
    [{ revokedAt: null }, 400, /^revokedAt: Extra/],
    [{ profile: 'none' }, 400, /no profile none/],
    [{ name: 'bob' }, 409, /named bob/],
    [{ name: 'ann' }, 409, /ann is the name/]
  ] as [object, number, RegExp][]) t.match(await patch(fields), { status, json: { error: { message } } }, JSON.stringify(fields))
  t.match(await call('PATCH', '/api/keys/APIKEY', { team: 'x' }), { status: 404, json: { error: { type: 'not_found_error', message: /no key APIKEY in the store; keys of the configuration/ } } })
})

t.test('a revoked key stops, and stays for the names in the usage', async t => {
  const { id, key } = await create({ name: 'gina' })
  t.equal(await served(key), 200)
  t.match(await call('DELETE', `/api/keys/${id}`), { status: 204, text: '' })
  t.equal(await served(key), 401)
  const { json } = await call('GET', `/api/keys/${id}`)
  t.match(json, { name: 'gina', state: 'revoked', revokedAt: /Z$/ })
  t.match(await call('DELETE', `/api/keys/${id}`), { status: 204 }, 'again')
  t.strictSame((await call('GET', `/api/keys/${id}`)).json, json)
  t.match(await call('PATCH', `/api/keys/${id}`, { team: 'x' }), { status: 409, json: { error: { message: /gina is revoked/ } } })
  t.match(await call('DELETE', '/api/keys/key_000000000000000000000000'), { status: 404 })
  t.not((await create({ name: 'gina' })).id, id, 'its name is free')
})

t.test('pages', async t => {
  for (let i = 0; i < 5; i++) await create({ name: `page-${i}` })
  const all = (await call('GET', '/api/keys?limit=100')).json
  t.equal(all.next, null)
  t.strictSame(all.keys.slice(0, 2).map(({ name }) => name).sort(), ['page-3', 'page-4'], 'the latest first')
  const names: string[] = []
  let pages = 0
  for (let next: string | null = ''; next !== null; pages++) {
    const { json, status } = await call('GET', `/api/keys?limit=4${next === '' ? '' : `&cursor=${next}`}`)
    t.equal(status, 200)
    names.push(...json.keys.map(({ name }) => name))
    next = json.next
  }
  t.strictSame(names, all.keys.map(({ name }) => name))
  t.equal(pages, Math.ceil(names.length / 4))
  for (const query of ['limit=0', 'limit=101', 'limit=-1', 'limit=x', 'limit=99999999999999999999', 'cursor=x', 'cursor=', `cursor=${Buffer.from("1.key_' or 1=1").toString('base64url')}`, 'page=2']) {
    t.match(await call('GET', `/api/keys?${query}`), { status: 400, json: { error: { type: 'invalid_request_error' } } }, query)
  }
})

t.test('secrets are neither kept, nor shown again, nor logged', async t => {
  t.ok(secrets.length > 8)
  const list = (await call('GET', '/api/keys?limit=100')).text
  const [row] = await app.store?.db.selectFrom('client_key').selectAll().where('name', '=', 'bob').execute() ?? []
  t.notMatch(list, new RegExp(`${row?.hash}|"hash"|"key"|"revision"`))
  const folder = dirname(path)
  const files = await Promise.all((await readdir(folder)).map(name => readFile(join(folder, name), 'latin1')))
  for (const secret of secrets) {
    for (const [where, text] of Object.entries({ list, log: JSON.stringify(log), files: files.join('') })) t.notOk(text.includes(secret), where)
  }
  t.ok(files.join('').includes(row?.hash ?? 'none'), 'the files were looked into')
})

t.test('where there is no store, that is said', async t => {
  const { app } = await readyApp(t, { config: { ...config, Usage: { enabled: false } } })
  for (const [method, url, payload] of [['POST', '/api/keys', { name: 'x' }], ['GET', '/api/keys', undefined], ['GET', '/api/keys/key_1', undefined], ['PATCH', '/api/keys/key_1', { team: 'x' }], ['DELETE', '/api/keys/key_1', undefined]] as const) {
    const reply = await app.inject({ method, url, headers: { 'x-api-key': 'main-key' }, ...(payload !== undefined && { payload }) })
    t.match([reply.statusCode, reply.json()], [400, { error: { type: 'invalid_request_error', message: /Usage\.enabled is false/ } }], `${method} ${url}`)
  }
  t.equal((await app.inject({ method: 'GET', url: '/api/keys', headers: { 'x-api-key': 'key-of-ann' } })).statusCode, 403)
})

t.test('the schema of the API tells all of it', async t => {
  const { default: swagger } = await import('@fastify/swagger')
  const { default: Fastify } = await import('fastify')
  const { default: keys } = await import('../../src/routes/keys.ts')
  const bare = Fastify()
  t.teardown(() => bare.close())
  await bare.register(swagger, { openapi: { openapi: '3.1.0', info: { title: 'x', version: '1' } } })
  await bare.register(keys)
  await bare.ready()
  const { paths = {} } = bare.swagger() as { paths?: Record<string, Record<string, { summary?: string, tags?: string[], responses?: object }>> }
  t.strictSame(Object.keys(paths), ['/api/keys', '/api/keys/{id}'])
  const operations = Object.values(paths).flatMap(path => Object.values(path))
  t.equal(operations.length, 5)
  for (const { summary, tags, responses } of operations) t.match({ summary, tags, responses: Object.keys(responses ?? {}) }, { summary: /\w+/, tags: ['keys'], responses: /20\d/ })
})
