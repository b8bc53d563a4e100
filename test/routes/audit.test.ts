import t from 'tap'
import { readyApp } from '../helper/app.ts'
import { databaseUrl, onEachDatabase } from '../helper/databases.ts'

const config = {
  APIKEY: 'main-key',
  Keys: [{ name: 'ann', key: 'key-of-ann', role: 'admin' }, { name: 'vic', key: 'key-of-vic', role: 'viewer' }],
  Providers: [{ name: 'demo', api_base_url: 'http://demo.invalid/v1', models: ['demo'], transformer: { use: ['demo'] } }],
  Router: { default: 'demo,demo' }
}

interface Entry { id: number, at: string, actor: string, action: string, subject: string, before: Record<string, unknown> | null, after: Record<string, unknown> | null }
interface Body { id: string, key: string, name: string, entries: Entry[], next: string | null, success: boolean, error: { type: string, message: string } }
type Method = 'GET' | 'POST' | 'PATCH' | 'DELETE'

await onEachDatabase(t, async (t, place) => {
  const { app, log } = await readyApp(t, { config, env: { DATABASE_URL: databaseUrl(place) } })
  const call = async (method: Method, url: string, payload?: object, key = 'main-key'): Promise<{ status: number, text: string, json: Body }> => {
    const reply = await app.inject({ method, url, headers: { 'x-api-key': key }, ...(payload !== undefined && { payload }) })
    return { status: reply.statusCode, text: reply.body, json: (reply.body === '' ? {} : reply.json()) as Body }
  }
  const audit = async (query = ''): Promise<Body> => (await call('GET', `/api/audit${query}`)).json

  await t.test('keys that are made, changed and revoked', async t => {
    const { key: secret, ...made } = (await call('POST', '/api/keys', { name: 'bob', team: 'web' })).json
    await call('PATCH', `/api/keys/${made.id}`, { team: 'shop', requestsPerMinute: 5 }, 'key-of-ann')
    await call('DELETE', `/api/keys/${made.id}`)
    await call('DELETE', `/api/keys/${made.id}`)
    const { entries, next } = await audit()
    t.equal(next, null)
    t.match(entries, [
      { actor: 'APIKEY', action: 'key.revoke', subject: made.id, before: { state: 'active', revokedAt: null }, after: { state: 'revoked', revokedAt: /Z$/ } },
      { actor: 'ann', action: 'key.change', subject: made.id, before: { ...made }, after: { name: 'bob', team: 'shop', requestsPerMinute: 5 } },
      { actor: 'APIKEY', action: 'key.create', subject: made.id, before: null, after: { ...made } }
    ])
    t.equal(entries.length, 3, 'to revoke what is revoked changes nothing')
    t.ok(entries.every(({ at }) => Math.abs(Date.parse(at) - Date.now()) < 60_000))
    const hash = (await app.store?.db.selectFrom('client_key').select('hash').executeTakeFirstOrThrow())?.hash
    for (const text of [secret, hash, '"hash"', '"key"']) t.notOk(JSON.stringify(entries).includes(text ?? ''), 'no secret, nor what it is known by')
  })

  await t.test('what is refused is not noted', async t => {
    const { entries: before } = await audit()
    for (const [method, url, payload, status] of [['POST', '/api/keys', { name: 'ann' }, 409], ['POST', '/api/keys', { name: 'x', role: 'root' }, 400], ['PATCH', '/api/keys/key_0', { team: 'x' }, 404], ['DELETE', '/api/keys/key_0', undefined, 404], ['DELETE', '/api/usage/sessions/none', undefined, 404]] as const) {
      t.equal((await call(method, url, payload)).status, status, `${method} ${url}`)
    }
    t.strictSame((await audit()).entries, before)
  })

  await t.test('a session that is forgotten', async t => {
    await app.inject({ method: 'POST', url: '/v1/messages', headers: { 'x-api-key': 'key-of-ann', 'x-claude-code-session-id': 'session-1' }, payload: { model: 'm', max_tokens: 5, messages: [{ role: 'user', content: 'hi' }] } })
    t.match(await call('DELETE', '/api/usage/sessions/session-1'), { status: 200 })
    t.match((await audit('?limit=1')).entries, [{ actor: 'APIKEY', action: 'session.delete', subject: 'session-1', before: { sessionId: 'session-1', requests: 1, keys: ['ann'] }, after: null }])
  })

  await t.test('pages and filters', async t => {
    const { entries: all } = await audit('?limit=100')
    const seen: Entry[] = []
    for (let next: string | null = ''; next !== null;) {
      const page = await audit(`?limit=3${next === '' ? '' : `&cursor=${next}`}`)
      seen.push(...page.entries)
      next = page.next
    }
    t.strictSame(seen, all)
    t.equal(all.length, 4)
    t.strictSame((await audit('?actor=ann')).entries, all.filter(({ actor }) => actor === 'ann'))
    t.strictSame((await audit('?action=key.create&actor=APIKEY')).entries, all.filter(({ action }) => action === 'key.create'))
    t.strictSame((await audit(`?from=${encodeURIComponent(all[2]?.at ?? '')}`)).entries, all.filter(({ at }) => at >= (all[2]?.at ?? '')))
    t.strictSame((await audit('?to=2020-01-01')).entries, [])
  })

  await t.test('what cannot be is named', async t => {
    const cursor = (position: unknown): string => Buffer.from(JSON.stringify(position)).toString('base64url')
    for (const [query, message] of [
      ['limit=0', /^limit: must be a whole number from 1 to 100/], ['limit=101', /^limit/], ['limit=x', /^limit/], ['cursor=x', /^cursor/], [`cursor=${cursor([1.5, 2])}`, /^cursor/], [`cursor=${cursor([1, 1e300])}`, /^cursor/], [`cursor=${cursor(['1', 2])}`, /^cursor/],
      ['action=key.steal', /^action: Input should be 'config\.change'/], ['actor=', /^actor/], ['from=yesterday', /^from: must be a time/], ['from=2026-11-02&to=2026-11-01', /^from: must be before to/], ['page=2', /^page: Extra inputs/]
    ] as const) t.match(await call('GET', `/api/audit?${query}`), { status: 400, json: { error: { type: 'invalid_request_error', message } } }, query)
  })

  await t.test('it is for admins', async t => {
    t.equal((await call('GET', '/api/audit', undefined, 'key-of-vic')).status, 403)
    t.equal((await call('GET', '/api/audit', undefined, 'none')).status, 401)
    t.equal((await call('GET', '/api/audit', undefined, 'key-of-ann')).status, 200)
  })

  await t.test('it is described', async t => {
    const { paths } = (await app.inject('/openapi.json')).json() as { paths: Record<string, Record<string, { parameters: { name: string }[], responses: object }>> }
    const described = paths['/api/audit']?.['get']
    t.strictSame(described?.parameters.map(({ name }) => name).sort(), ['action', 'actor', 'cursor', 'from', 'limit', 'to'])
    t.hasProps(described?.responses ?? {}, ['200', '4XX', '5XX'])
  })

  await t.test('an action holds that the store does not note, and the log says so', async t => {
    await app.store?.db.schema.dropTable('audit').execute()
    t.match(await call('POST', '/api/keys', { name: 'dora' }), { status: 201, json: { name: 'dora' } })
    t.match(log.filter(({ level }) => level === 50), [{ msg: /missing in the audit/, actor: 'APIKEY', action: 'key.create', subject: /^key_/ }])
    t.match(await call('GET', '/api/audit'), { status: 503, json: { error: { type: 'overloaded_error', message: /audit does not answer/ } } })
  })
})

t.test('where there is no store, that is said, and the log has what is noted', async t => {
  const { app, log } = await readyApp(t, { config: { ...config, Usage: { enabled: false } } })
  const reply = await app.inject({ url: '/api/audit', headers: { 'x-api-key': 'main-key' } })
  t.match([reply.statusCode, reply.json()], [400, { error: { type: 'invalid_request_error', message: /keeps no audit but its log: Usage\.enabled is false/ } }])
  await app.audit.note('file', 'config.reload', 'config.json', { a: 1 }, null)
  t.match(log.filter(({ action }) => action !== undefined), [{ level: 30, actor: 'file', action: 'config.reload', subject: 'config.json', before: '{"a":1}', after: null }])
})

t.test('where no key is needed, it is this machine that did it', async t => {
  const { app } = await readyApp(t, { config: { Providers: config.Providers, Router: config.Router } })
  const headers = { host: '127.0.0.1' }
  t.equal((await app.inject({ method: 'POST', url: '/api/keys', headers, payload: { name: 'first', role: 'admin' } })).statusCode, 201)
  t.match(await app.audit.entries?.list({ size: 5 }), [{ actor: 'local', action: 'key.create', after: { name: 'first' } }])
})
