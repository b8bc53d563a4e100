import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { sql } from 'kysely'
import t, { type Test } from 'tap'
import { type Change, type ConfigPlace, Conflict, PlaceError } from '../../src/config/place/place.ts'
import { PostgresPlace } from '../../src/store/config-place.ts'
import { openStore } from '../../src/store/open.ts'
import type { Store } from '../../src/store/store.ts'
import { Log } from '../budget/stage.ts'
import { openProxy } from '../helper/breakable-proxy.ts'
import { NO_POSTGRES, postgresPlace } from '../helper/databases.ts'
import { until } from '../helper/until.ts'

const FILE = '{ "members": [] } // by hand'
const EDITS = 50

interface Stage {
  readonly url: string
  readonly store: Store
  /** A replica's place; closed with the test. */
  open (options?: { url?: string, text?: string | null, log?: Log }): Promise<PostgresPlace>
}

async function withPostgres (name: string, test: (t: Test, stage: Stage) => Promise<void>): Promise<void> {
  await t.test(name, async t => {
    const found = await postgresPlace(t)
    if (found === undefined) {
      t.pass(`skipped: ${NO_POSTGRES}`, { skip: NO_POSTGRES })
      return
    }
    const store = await openStore({ store: found }, () => {})
    t.teardown(() => store.close())
    await test(t, {
      url: found.url,
      store,
      async open ({ url = found.url, text = FILE, log = new Log() } = {}) {
        const place = await PostgresPlace.open({ url, import: text, author: 'file', log })
        t.teardown(() => place.close())
        return place
      }
    })
  })
}

function change (text: string, author = 'ann'): Change {
  return { text, author, difference: [{ path: 'LOG', op: 'changed', before: false, after: true }] }
}

/** Writes behind whatever is there. */
async function append (place: ConfigPlace, text: string): Promise<string> {
  return (await place.write(change(text), (await place.read()).revision)).version.revision
}

interface Told { count: number, revision: string }

/** What a place tells of, and what is there when it is read then. */
async function watched (place: ConfigPlace): Promise<Told> {
  const told = { count: 0, revision: '' }
  await place.watch(() => {
    told.count++
    place.read().then(({ revision }) => { told.revision = revision }, () => {})
  })
  return told
}

await withPostgres('the file is the first revision, and each change another one', async (t, { open, store }) => {
  const log = new Log()
  const place = await open({ log })
  t.match(place, { kind: 'postgres', source: 'the database' })
  t.strictSame(await place.read(), { text: FILE, revision: '1' })
  t.equal(log.count('info', 'taken into the database'), 1)

  const { version, backup } = await place.write(change('{ "LOG": true }'), '1')
  t.strictSame(version, { text: '{ "LOG": true }', revision: '2' })
  t.strictSame(await place.read(), version)
  t.match(backup, { name: /^config\.\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d-\d{3}Z\.json$/, author: 'file' })
  t.equal(await place.readBackup(backup?.name ?? ''), FILE)
  t.match(await store.db.selectFrom('config_revision').selectAll().orderBy('revision').execute(), [
    { revision: 1, author: 'file', text: FILE, difference: '[]' },
    { revision: 2, author: 'ann', text: version.text, difference: JSON.stringify(change('').difference) }
  ], 'who changed what, and when')

  for (const revision of ['1', '3', '999999999', '0', '', '2; drop table config_revision', '1e3', '99999999999999999999']) {
    await t.rejects(place.write(change('{}'), revision), new Conflict('2'), revision)
  }
  t.strictSame(await place.read(), version)
  t.strictSame(await (await open({ text: '{ "another": "file" }' })).read(), version, 'a file is taken once')
})

await withPostgres('without a file there is nothing, until it is written', async (t, { open }) => {
  const place = await open({ text: null })
  t.strictSame(await place.read(), { text: null, revision: '0' })
  t.equal(await place.backUp(), null)
  t.strictSame(await place.backups(), [])
  await t.rejects(place.write(change('{}'), '1'), new Conflict('0'))
  t.strictSame(await place.write(change('{}'), '0'), { version: { text: '{}', revision: '1' }, backup: null })
  t.strictSame(await (await open()).read(), { text: '{}', revision: '1' })
})

await withPostgres('every revision is a backup', async (t, { open, store }) => {
  const place = await open()
  const first = await place.backUp()
  t.strictSame(await place.backups(), [first])
  // The clock of the database may stand still, or go back.
  await store.db.updateTable('config_revision').set({ at: 4_000_000_000_000 }).execute()
  for (let i = 2; i <= 60; i++) await append(place, `{ "n": ${i} }`)
  const backups = await place.backups()
  t.equal(backups.length, 50)
  t.equal(new Set(backups.map(({ name }) => name)).size, 50)
  t.strictSame(backups[0], await place.backUp(), 'the one in force is the latest')
  t.match(backups[0], { name: 'config.2096-10-02T07-06-40-059Z.json', at: new Date(4_000_000_000_059), author: 'ann' })
  t.strictSame(await Promise.all(backups.map(({ name }) => place.readBackup(name))), Array.from({ length: 50 }, (_, i) => `{ "n": ${60 - i} }`))
  t.equal(await place.readBackup('config.2096-10-02T07-06-40-000Z.json'), undefined, 'its text is not kept any more')
  const { history } = await store.db.selectFrom('config_revision').select(({ fn }) => fn.countAll<number>().as('history')).executeTakeFirstOrThrow()
  t.equal(history, 60, 'what is known of it is')
  for (const name of ['', 'config.json', '../config.json', 'config.2096-10-02T07-06-40-999Z.json', 'config.9999-99-99T99-99-99-999Z.json', "' or 1=1"]) t.equal(await place.readBackup(name), undefined, name)
})

await withPostgres('replicas that start at once take one file', async (t, { url }) => {
  const logs = Array.from({ length: 8 }, () => new Log())
  const empty = await postgresPlace(t)
  const places = await Promise.all(logs.map((log, i) => PostgresPlace.open({ url: empty?.url ?? url, import: `{ "replica": ${i} }`, author: 'file', log })))
  const versions = await Promise.all(places.map(place => place.read()))
  await Promise.all(places.map(place => place.close()))
  t.equal(new Set(versions.map(({ text }) => text)).size, 1)
  t.ok(versions.every(({ revision }) => revision === '1'))
  t.strictSame(logs.map(log => log.count('info', 'taken into the database')).sort(), [0, 0, 0, 0, 0, 0, 0, 1])
})

await withPostgres('of edits that two replicas make at once none is lost', async (t, { open }) => {
  const places = [await open({ text: '{ "members": [] }' }), await open()] as const
  const told = await Promise.all(places.map(watched))
  let conflicts = 0
  await Promise.all(Array.from({ length: EDITS }, async (_, i) => {
    const place = places[i % 2 as 0 | 1]
    for (;;) {
      const { text, revision } = await place.read()
      const { members } = JSON.parse(text ?? '') as { members: number[] }
      try {
        await place.write(change(JSON.stringify({ members: [...members, i] })), revision)
        return
      } catch (error) {
        if (!(error instanceof Conflict)) throw error
        conflicts++
      }
    }
  }))
  const [one, two] = await Promise.all(places.map(place => place.read()))
  t.strictSame(one, two)
  t.equal(one?.revision, String(EDITS + 1))
  t.strictSame((JSON.parse(one?.text ?? '') as { members: number[] }).members.sort((a, b) => a - b), Array.from({ length: EDITS }, (_, i) => i))
  t.ok(conflicts > 0, `${conflicts} were tried again`)
  await until('both are told of the other', async () => told.every(({ count }) => count > 0))
})

await withPostgres('a change is told to the others, and not to who made it', async (t, { open, store }) => {
  const [mine, other] = [await open(), await open()]
  const told = await Promise.all([mine, other].map(watched)) as [Told, Told]
  for (let i = 0; i < 20; i++) await append(mine, `{ "n": ${i} }`)
  await until('the other one is told', async () => told[1].revision === '21')
  t.equal(told[0].count, 0)
  await append(other, '{ "n": 20 }')
  await until('it is told of the other', async () => told[0].revision === '22')

  await sql`notify switchyard_config, 'nonsense'`.execute(store.db)
  await sql`insert into config_revision (revision, at, author, text, difference) select max(revision) + 1, max(at) + 1, 'x', '{}', '[]' from config_revision`.execute(store.db)
  await until('nobody notified, and it is seen all the same', async () => told[0].revision === '23')
})

await withPostgres('who could not read what was told is told again', async (t, { open }) => {
  const [mine, other] = [await open(), await open()]
  let told = 0
  await other.watch(() => { told++ })
  await append(mine, '{}')
  await until('it is told more than once', () => told > 1)
  t.match(await other.read(), { revision: '2' })
  const before = told
  await append(mine, '{ "n": 1 }')
  await until('it is told of the next one', () => told > before)
})

await withPostgres('a connection that is killed while it listens is made anew', async (t, { open, store }) => {
  const log = new Log()
  const [mine, other] = [await open(), await open({ log })]
  const told = await watched(other)
  const kill = async (): Promise<number> => (await sql`select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and application_name = 'switchyard configuration watch'`.execute(store.db)).rows.length
  for (let i = 1; i <= 3; i++) {
    await until('it listens', async () => await kill() === 1)
    await append(mine, `{ "n": ${i} }`)
    await until('it is told', async () => told.revision === String(i + 1))
  }
  await until('that is told as well', async () => log.count('info', 'heard of again') > 0)
  t.ok(log.count('warn', 'not heard of') > 0)
})

await withPostgres('a way to the database that breaks', async (t, { open, url }) => {
  const proxy = await openProxy(t, Number(new URL(url).port || 5432))
  const there = new URL(url)
  there.hostname = '127.0.0.1'
  there.port = String(proxy.port)
  const log = new Log()
  const [mine, other] = [await open(), await open({ url: there.href, log })]
  const told = await watched(other)

  proxy.cut()
  await t.rejects(other.read(), PlaceError)
  await append(mine, '{ "n": 1 }')
  await until('the outage is told', async () => log.count('warn', 'not heard of') === 1)
  proxy.mend()
  await until('what was missed is made up for', async () => told.revision === '2')
  t.strictSame(await other.read(), { text: '{ "n": 1 }', revision: '2' })
  t.equal(log.count('info', 'heard of again'), 1)

  proxy.hang()
  await Promise.all([
    t.rejects(other.read(), PlaceError, 'nobody waits for ever'),
    t.rejects(other.write(change('{ "n": 2 }'), '2'), PlaceError),
    append(mine, '{ "n": 3 }')
  ])
  proxy.mend()
  await until('again', async () => told.revision === '3')
  t.strictSame(await other.read(), { text: '{ "n": 3 }', revision: '3' })

  proxy.hang()
  await other.close()
})

await withPostgres('closed while it connects', async (t, { url, open }) => {
  const proxy = await openProxy(t, Number(new URL(url).port || 5432))
  const there = new URL(url)
  there.host = `127.0.0.1:${proxy.port}`
  const place = await open({ url: there.href })
  proxy.hang()
  const watching = watched(place)
  await place.close()
  t.match(await watching, { count: 0 })
})

t.test('what is wrong with the database is said without the password', async t => {
  // What a server says that does not like a password: it asks for one in the clear, and refuses it.
  const refusal = Buffer.from('SFATAL\0C28P01\0Mpassword authentication failed for user "ann"\0\0')
  const message = (type: string, body: Buffer): Buffer => Buffer.concat([Buffer.from(type), Buffer.from([0, 0, 0, body.length + 4]), body])
  const server = createServer(socket => {
    socket.on('error', () => {})
    socket.once('data', () => {
      socket.write(message('R', Buffer.from([0, 0, 0, 3])))
      socket.once('data', () => socket.end(message('E', refusal)))
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => server.close())
  const { port } = server.address() as AddressInfo
  for (const [url, words] of [
    [`postgres://ann:canary-1@127.0.0.1:${port}/x`, /cannot be kept: password authentication failed for user "ann"/],
    ['postgres://ann:canary-1@127.0.0.1:1/x', /cannot be kept: .*ECONNREFUSED/],
    ['postgres://ann:canary-1@127.0.0.1:no/x', /cannot be kept: Invalid URL/]
  ] as const) {
    const error = await PostgresPlace.open({ url, import: null, author: 'file', log: new Log() }).catch((error: unknown) => error as PlaceError)
    t.type(error, PlaceError)
    t.match(error, { message: words })
    t.notMatch(JSON.stringify(error, Object.getOwnPropertyNames(error)), /canary/)
    t.equal((error as PlaceError).cause, undefined)
  }
})
