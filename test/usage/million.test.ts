import { monitorEventLoopDelay } from 'node:perf_hooks'
import { sql } from 'kysely'
import t from 'tap'
import { startApp } from '../helper/app.ts'
import { NO_POSTGRES, postgresPlace, sqlitePlace } from '../helper/databases.ts'
import { fillLedger } from '../helper/ledger-rows.ts'

/** `LEDGER_ROWS=1000000` shows how it is after some months. */
const ROWS = Number(process.env['LEDGER_ROWS'] ?? 20_000)
const TIMES = 15
const PATHS = [
  '/api/usage',
  '/api/usage?group_by=provider,model',
  '/api/usage?group_by=team&from=2026-11-01',
  '/api/usage?bucket=day&from=2026-11-01&to=2026-11-27&group_by=provider',
  '/api/usage?bucket=hour&from=2026-11-25&to=2026-11-27',
  '/api/usage?key=key_none_such_is_404',
  '/api/usage/sessions',
  '/api/usage/sessions?limit=100',
  '/api/usage/sessions/session%203',
  '/api/usage/requests?limit=100',
  '/api/usage/requests?session=session%203',
  '/api/usage/requests?provider=nobody',
  '/stats'
]

t.setTimeout(ROWS / 10_000 * 6000 + 60_000)

const median = (values: number[]): number => values.sort((a, b) => a - b)[values.length >> 1] ?? 0

for (const kind of ['sqlite', 'postgres'] as const) {
  t.test(`${kind}: ${ROWS} tries`, async t => {
    const place = kind === 'sqlite' ? await sqlitePlace(t) : await postgresPlace(t)
    if (place === undefined) {
      t.pass(NO_POSTGRES, { skip: NO_POSTGRES })
      return
    }
    const { app, url } = await startApp(t, { env: { DATABASE_URL: place.kind === 'sqlite' ? `sqlite:${place.path}` : place.url } })
    const { store } = app
    if (store === null) throw new Error('there is no store')
    await fillLedger(store, ROWS)
    const delay = monitorEventLoopDelay({ resolution: 5 })
    for (const path of PATHS) {
      const times: number[] = []
      let status = 0
      delay.reset()
      delay.enable()
      for (let i = 0; i < TIMES; i++) {
        const begin = performance.now()
        const reply = await fetch(url + path)
        await reply.arrayBuffer()
        times.push(performance.now() - begin)
        status = reply.status
      }
      delay.disable()
      t.comment(`${path}: median ${median(times).toFixed(1)} ms, the loop at most ${(delay.max / 1e6).toFixed(1)} ms`)
      t.equal(status, path.includes('none_such') ? 404 : 200, path)
    }
    const { totals } = await (await fetch(`${url}/api/usage`)).json() as { totals: { requests: number, tokens: { cacheRead: number } } }
    t.strictSame([totals.requests, totals.tokens.cacheRead], [ROWS, ROWS * 20])

    // What keeps these times: no sum is read from the ledger, and no page sorts it.
    if (kind === 'sqlite') {
      const plan = async (query: string): Promise<string> => (await sql<{ detail: string }>`explain query plan ${sql.raw(query)}`.execute(store.db)).rows.map(({ detail }) => detail).join('; ')
      t.match(await plan('select * from usage_session order by last_at desc, session desc, key_id desc limit 50'), /USING INDEX usage_session_last/)
      t.match(await plan('select * from ledger order by began_at desc, request_id desc, attempt desc limit 100'), /USING INDEX ledger_began/)
      t.match(await plan("select * from ledger where session = 'x' order by began_at desc limit 100"), /USING INDEX ledger_session/)
      t.match(await plan("select * from ledger where settled_at is null and instance = 'x'"), /USING INDEX ledger_open/)
    }
  })
}
