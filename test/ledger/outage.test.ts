import { readFile, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { openStore } from '../../src/store/open.ts'
import type { Database } from '../../src/store/store.ts'
import { startApp } from '../helper/app.ts'
import { type BreakableProxy, openProxy } from '../helper/breakable-proxy.ts'
import { type Finished, askMany, startCountingProvider, tokensOfRequest } from '../helper/counted-load.ts'
import { NO_POSTGRES, postgresPlace, sqlitePlace } from '../helper/databases.ts'
import { settledEntry } from '../helper/entries.ts'

/** Seconds that the database is away; `OUTAGE_SECONDS=20` shows more. */
const OUTAGE = Number(process.env['OUTAGE_SECONDS'] ?? 4) * 1000

t.setTimeout(OUTAGE * 4 + 90_000)

function config (provider: string, rest: object = {}): object {
  return {
    Providers: [{ name: 'counting', api_base_url: `${provider}/v1/chat/completions`, models: ['m'], transformer: { use: ['openai'] } }],
    Router: { default: 'counting,m' },
    ...rest
  }
}

/** All that the ledger and its sums hold, against what clients saw. */
async function check (t: Test, db: Database, seen: readonly Finished[]): Promise<void> {
  const rows = await db.selectFrom('ledger').select(['request_id', 'input', 'cache_read', 'output', 'state']).execute()
  const known = new Map(rows.map(row => [row.request_id, row]))
  const wrong = seen.filter(({ requestId, n }) => {
    const { input, cacheRead, output } = tokensOfRequest(n)
    const row = known.get(requestId)
    return row?.state !== 'ok' || row.input !== input || row.cache_read !== cacheRead || row.output !== output
  })
  t.strictSame(wrong, [], 'each answer has its row, with its tokens')
  t.equal(rows.length, seen.length, 'and there are no others')
  const expected = seen.reduce((sum, { n }) => sum + tokensOfRequest(n).input, 0)
  for (const table of ['usage_hour', 'usage_day', 'usage_session', 'usage_session_provider'] as const) {
    const { input } = await db.selectFrom(table).select(eb => eb.fn.sum<number>('input').as('input')).executeTakeFirstOrThrow()
    t.equal(Number(input), expected, `${table} holds their sum`)
  }
}

for (const how of ['cut', 'hang'] as const) {
  t.test(`PostgreSQL goes away under load (${how}), and comes back`, async t => {
    const place = await postgresPlace(t)
    if (place === undefined) {
      t.pass(NO_POSTGRES, { skip: NO_POSTGRES })
      return
    }
    const url = new URL(place.url)
    const proxy: BreakableProxy = await openProxy(t, Number(url.port || 5432))
    url.port = String(proxy.port)
    const { path } = await sqlitePlace(t)
    // The file for outages stands beside that path.
    const settings = { config: config(await startCountingProvider(t), { Usage: { path } }), env: { DATABASE_URL: url.href } }
    const gateway = await startApp(t, settings)
    const stop = new AbortController()
    let n = 0
    const load = askMany(gateway.url, { clients: 8, next: () => n++, signal: stop.signal })
    await sleep(1000)
    const before = n
    proxy[how]()
    await sleep(OUTAGE)
    const during = n - before
    proxy.mend()
    await sleep(3500)
    stop.abort()
    const seen = await load
    await gateway.app.close()
    // A machine that is so busy that the store counts as down leaves the rest to the next start.
    await (await startApp(t, settings)).app.close()
    const store = await openStore({ store: place }, () => {})
    t.teardown(() => store.close())
    t.comment(`${OUTAGE / 1000} s away: ${seen.length} answers in all, ${during} meanwhile, ${seen.filter(({ status }) => status !== 200).length} failed`)
    t.ok(during > 20, 'answers went on meanwhile')
    t.strictSame(seen.filter(({ status }) => status !== 200), [], 'none failed')
    await check(t, store.db, seen)
    t.ok(gateway.log.some(({ msg }) => msg === 'the store is down; the ledger goes to a file'), 'the log says so')
    t.ok(gateway.log.some(({ msg }) => msg === 'entries of the ledger were read back from a file'))
  })
}

t.test('what a process left in its file is read back by the next one', async t => {
  const place = await sqlitePlace(t)
  const folder = join(place.path, '..')
  const line = (id: string): string => `${JSON.stringify(settledEntry(id))}\n`
  // No process has this number: it is above what Linux gives.
  await writeFile(join(folder, 'spool-99999999-dead-1.ndjson'), `${line('a')}${line('b')}${line('a')}${line('c').slice(0, 50)}`)
  const { app } = await startApp(t, { config: config('http://127.0.0.1:1'), env: { DATABASE_URL: `sqlite:${place.path}` } })
  const rows = await app.store?.db.selectFrom('ledger').select(['request_id', 'state', 'cost']).orderBy('request_id').execute()
  t.strictSame(rows, [{ request_id: 'a', state: 'ok', cost: 1234 }, { request_id: 'b', state: 'ok', cost: 1234 }], 'half a line was told to nobody')
  t.strictSame((await readdir(folder)).filter(name => name.startsWith('spool')), [])
})

t.test('an entry that no database takes holds up no other', async t => {
  const place = await sqlitePlace(t)
  const folder = join(place.path, '..')
  await writeFile(join(folder, 'spool-99999999-dead-1.ndjson'), [settledEntry('a'), { ...settledEntry('bad'), provider: 'p', beganAt: null }, settledEntry('c')].map(entry => `${JSON.stringify(entry)}\n`).join(''))
  const { app, log } = await startApp(t, { config: config('http://127.0.0.1:1'), env: { DATABASE_URL: `sqlite:${place.path}` } })
  t.strictSame(await app.store?.db.selectFrom('ledger').select('request_id').orderBy('request_id').execute(), [{ request_id: 'a' }, { request_id: 'c' }])
  const [rejected = ''] = (await readdir(folder)).filter(name => name.startsWith('rejected'))
  t.match(await readFile(join(folder, rejected), 'utf8'), /"requestId":"bad"/)
  t.match(log.find(({ msg }) => String(msg).includes('cannot be stored')), { requestId: 'bad' })
})

t.test('a store that cannot be used keeps the service from starting, and says which', async t => {
  const place = await sqlitePlace(t)
  await writeFile(place.path, 'no database at all'.repeat(100))
  await t.rejects(startApp(t, { config: config('http://127.0.0.1:1'), env: { DATABASE_URL: `sqlite:${place.path}` } }), { message: /Usage\.path: .*account\.db cannot be used: file is not a database/ })
  const refusal = await startApp(t, { config: config('http://127.0.0.1:1'), env: { DATABASE_URL: 'postgres://someone:hidden@127.0.0.1:1/db' } }).then(() => '', (error: Error) => error.message)
  t.match(refusal, /DATABASE_URL: the database \/db at 127\.0\.0\.1:1 cannot be used: .*ECONNREFUSED/)
  t.notMatch(refusal, /hidden/)
  await t.rejects(startApp(t, { config: config('http://127.0.0.1:1'), env: { DATABASE_URL: 'mysql://x' } }), { message: /DATABASE_URL: must begin with postgres:\/\/ or sqlite:/ })
})
