import { setTimeout as sleep } from 'node:timers/promises'
import type { FastifyInstance } from 'fastify'
import t from 'tap'
import type { Database } from '../../src/store/store.ts'
import { readyApp } from '../helper/app.ts'
import { NO_POSTGRES, postgresPlace, sqlitePlace } from '../helper/databases.ts'

/** The demo as a provider, which needs no server. */
const demo = { Providers: [{ name: 'demo', api_base_url: 'http://demo.invalid/v1', models: ['demo'], transformer: { use: ['demo'] } }], Router: { default: 'demo,demo' } }

interface Refusal { error: { type: string, message: string } }

/** What a request for an answer comes to: its status, and the words of a refusal. */
async function ask (app: FastifyInstance, key: string, headers: Record<string, string> = {}): Promise<[number, string]> {
  const reply = await app.inject({ method: 'POST', url: '/v1/messages', headers: { 'x-api-key': key, ...headers }, payload: { model: 'm', max_tokens: 5, messages: [{ role: 'user', content: 'hi' }] } })
  return [reply.statusCode, reply.statusCode === 200 ? '' : reply.json<Refusal>().error.message]
}

/** Makes a key of the store. */
async function createKey (app: FastifyInstance, admin: string, fields: object): Promise<{ id: string, key: string }> {
  const reply = await app.inject({ method: 'POST', url: '/api/keys', headers: { 'x-api-key': admin }, payload: fields })
  if (reply.statusCode !== 201) throw new Error(reply.body)
  return reply.json()
}

for (const kind of ['sqlite', 'postgres'] as const) {
  t.test(`two replicas on ${kind}`, async t => {
    const place = kind === 'sqlite' ? await sqlitePlace(t) : await postgresPlace(t)
    if (place === undefined) {
      t.pass(`skipped: ${NO_POSTGRES}`, { skip: NO_POSTGRES })
      return
    }
    const env = { DATABASE_URL: place.kind === 'sqlite' ? `sqlite:${place.path}` : place.url }
    const config = { ...demo, APIKEY: 'main-key' }
    const [one, two] = [await readyApp(t, { config, env }), await readyApp(t, { config, env })]
    /** Milliseconds until the other replica answers so. */
    const until = async (key: string, status: number): Promise<number> => {
      const began = performance.now()
      while ((await ask(two.app, key))[0] !== status) {
        if (performance.now() - began > 5000) return Infinity
        await sleep(5)
      }
      return performance.now() - began
    }

    const { id, key } = await createKey(one.app, 'main-key', { name: 'ann' })
    t.same(await ask(one.app, key), [200, ''], 'here at once')
    t.ok(await until(key, 200) < Infinity, 'there soon after')

    const times = []
    for (const role of ['viewer', 'inference']) {
      await one.app.inject({ method: 'PATCH', url: `/api/keys/${id}`, headers: { 'x-api-key': 'main-key' }, payload: { role } })
      times.push(await until(key, role === 'viewer' ? 403 : 200))
    }
    t.equal((await one.app.inject({ method: 'DELETE', url: `/api/keys/${id}`, headers: { 'x-api-key': 'main-key' } })).statusCode, 204)
    t.match(await ask(one.app, key), [401, 'The key is revoked; ask for a new one.'])
    times.push(await until(key, 401))
    t.comment(`milliseconds until a change held on the other replica: ${times.map(Math.round).join(', ')}`)
    t.ok(Math.max(...times) < Infinity, 'and there')
    t.match(await ask(two.app, key), [401, 'The key is revoked; ask for a new one.'])
    t.same(await ask(two.app, key, { authorization: 'Bearer main-key' }), [200, ''], 'another valid one counts')

    await t.test('while the store does not answer, known keys are served, and it is said once', async t => {
      const { key } = await createKey(two.app, 'main-key', { name: 'bob' })
      const { key: late } = await createKey(one.app, 'main-key', { name: 'carl', expiresInDays: 1 })
      t.ok(await until(late, 200) < Infinity)
      const db = one.app.store?.db as Database
      const lines = (): unknown[] => two.log.filter(({ msg }) => String(msg).startsWith('the store of keys '))
      await db.schema.alterTable('client_key').renameTo('away').execute()
      await sleep(1300)
      t.match(lines(), [{ level: 40, msg: /does not answer/ }], 'three looks, one line')
      t.same(await ask(two.app, key), [200, ''])
      const refused = await two.app.inject({ method: 'POST', url: '/api/keys', headers: { 'x-api-key': 'main-key' }, payload: { name: 'dora' } })
      t.match([refused.statusCode, refused.headers['retry-after'], refused.json()], [503, '5', { error: { type: 'overloaded_error', message: /does not answer/ } }])
      t.notMatch(refused.body, /client_key|at .*\.ts/)
      t.match(two.log.find(({ level }) => level === 50), { err: { message: /client_key/ } }, 'the log has more')
      await db.schema.alterTable('away').renameTo('client_key').execute()
      const { id } = await createKey(one.app, 'main-key', { name: 'dora' })
      await one.app.inject({ method: 'DELETE', url: `/api/keys/${id}`, headers: { 'x-api-key': 'main-key' } })
      t.ok(await until((await createKey(one.app, 'main-key', { name: 'emil' })).key, 200) < 1000, 'it goes on where it was')
      t.match(lines(), [{ level: 40 }, { level: 30, msg: /answers again/ }])
    })

    await t.test('a replica that starts later knows them all, unless it hashes otherwise', async t => {
      const { key } = await createKey(one.app, 'main-key', { name: 'fritz' })
      const third = await readyApp(t, { config, env })
      t.same(await ask(third.app, key), [200, ''])
      const odd = await readyApp(t, { config, env: { ...env, KEY_HASH_SECRET: 'another' } })
      t.match(await ask(odd.app, key), [401, /not valid/])
      t.match(odd.log.find(({ level }) => level === 50), { msg: /another KEY_HASH_SECRET/, keys: ['bob', 'carl', 'emil', 'fritz'] })
      const { key: own } = await createKey(odd.app, 'main-key', { name: 'gina' })
      t.same(await ask(odd.app, own), [200, ''])
    })
  })
}
