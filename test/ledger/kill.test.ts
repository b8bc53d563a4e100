import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { openStore } from '../../src/store/open.ts'
import type { Database } from '../../src/store/store.ts'
import { type Finished, askMany, startCountingProvider, tokensOfRequest } from '../helper/counted-load.ts'
import { NO_POSTGRES, postgresPlace, sqlitePlace } from '../helper/databases.ts'
import { gatewayFolder, startGateway } from '../helper/gateway-process.ts'

/** `KILL_ROUNDS=50` shows more; a round costs about a second. */
const ROUNDS = Number(process.env['KILL_ROUNDS'] ?? 10)
const CLIENTS = 12

t.setTimeout(ROUNDS * 20_000)

interface Found { missing: number, wrong: number, open: number, rows: number, interrupted: number }

/** Holds what clients saw against what the ledger has. */
async function compare (db: Database, seen: readonly Finished[]): Promise<Found> {
  const rows = new Map<string, { input: number, cache_read: number, output: number, state: string }[]>()
  const all = await db.selectFrom('ledger').select(['request_id', 'input', 'cache_read', 'output', 'state']).execute()
  for (const { request_id: id, ...row } of all) rows.set(id, [...rows.get(id) ?? [], row])
  const found: Found = { missing: 0, wrong: 0, open: 0, rows: all.length, interrupted: 0 }
  for (const { requestId, n } of seen) {
    const settled = (rows.get(requestId) ?? []).filter(({ state }) => state === 'ok')
    const { input, cacheRead, output } = tokensOfRequest(n)
    if (settled.length === 0) found.missing++
    else if (settled.length > 1 || settled[0]?.input !== input || settled[0]?.cache_read !== cacheRead || settled[0]?.output !== output) found.wrong++
  }
  found.open = all.filter(({ state }) => state === 'open').length
  found.interrupted = all.filter(({ state }) => state === 'interrupted').length
  return found
}

for (const kind of ['sqlite', 'postgres'] as const) {
  t.test(`${kind}: what a client saw finished is in the ledger, whenever the process is killed`, async t => {
    const place = kind === 'sqlite' ? await sqlitePlace(t) : await postgresPlace(t)
    if (place === undefined) {
      t.pass(NO_POSTGRES, { skip: NO_POSTGRES })
      return
    }
    const provider = await startCountingProvider(t)
    const folder = await gatewayFolder(t, {
      LOG_LEVEL: 'info',
      Providers: [{ name: 'counting', api_base_url: `${provider}/v1/chat/completions`, models: ['m'], transformer: { use: ['openai'] } }],
      Router: { default: 'counting,m' }
    })
    const env = { DATABASE_URL: place.kind === 'sqlite' ? `sqlite:${place.path}` : place.url }
    let n = 0
    const seen: Finished[] = []
    for (let round = 0; round < ROUNDS; round++) {
      const gateway = await startGateway(t, folder, env)
      const stop = new AbortController()
      const finished: Finished[] = []
      const load = askMany(gateway.url, { clients: CLIENTS, next: () => n++, signal: stop.signal, finished })
      // On a busy machine nothing may have come to its end by then.
      for (let waited = 0; finished.length < 3 && waited < 200; waited++) await sleep(25)
      await sleep(Math.random() * 350)
      await gateway.kill()
      stop.abort()
      seen.push(...await load)
    }
    // One that starts settles what the last one left open; it ends well.
    const last = await startGateway(t, folder, env)
    await last.stop()

    const store = await openStore({ store: place }, () => {})
    t.teardown(() => store.close())
    const found = await compare(store.db, seen)
    t.comment(`${ROUNDS} kills: ${seen.length} answers seen to their end, ${found.rows} rows, of these ${found.interrupted} closed as interrupted; ${found.missing} missing, ${found.wrong} wrong or twice, ${found.open} left open`)
    t.ok(seen.length > ROUNDS, 'there were answers')
    t.ok(found.interrupted > 0, 'and tries that a kill cut')
    t.match(found, { missing: 0, wrong: 0, open: 0 })
    const { input } = await store.db.selectFrom('usage_hour').select(eb => eb.fn.sum<number>('input').as('input')).executeTakeFirstOrThrow()
    const { truth } = await store.db.selectFrom('ledger').select(eb => eb.fn.sum<number>('input').as('truth')).executeTakeFirstOrThrow()
    t.equal(input, truth, 'the sums are what the rows come to')
    t.strictSame(await store.db.selectFrom('instance').selectAll().execute(), [], 'no process is left in the list')
  })
}
