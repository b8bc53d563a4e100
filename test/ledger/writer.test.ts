import fc from 'fast-check'
import t from 'tap'
import type { Entry } from '../../src/account/entry.ts'
import { LedgerWriter } from '../../src/ledger/writer.ts'
import { openStore } from '../../src/store/open.ts'
import type { Database } from '../../src/store/store.ts'
import { NO_POSTGRES, postgresPlace, sqlitePlace } from '../helper/databases.ts'
import { NOON, openEntry, settledEntry } from '../helper/entries.ts'

const COUNTERS = ['input', 'cache_read', 'cache_write_5m', 'cache_write_1h', 'output', 'reasoning', 'cost'] as const

/** What every table of sums must come to, read from the ledger itself. */
async function sumsOf (db: Database, table: 'ledger' | 'usage_hour' | 'usage_day' | 'usage_session' | 'usage_session_provider'): Promise<Record<string, number>> {
  const rows = table === 'ledger' ? await db.selectFrom('ledger').selectAll().where('settled_at', 'is not', null).execute() : await db.selectFrom(table).selectAll().execute()
  const sum = (value: (row: Record<string, unknown>) => number): number => rows.reduce((total, row) => total + value(row as unknown as Record<string, unknown>), 0)
  return {
    ...Object.fromEntries(COUNTERS.map(name => [name, sum(row => Number(row[name] ?? 0))])),
    attempts: sum(row => table === 'ledger' ? 1 : Number(row['attempts'])),
    requests: sum(row => Number(table === 'ledger' ? row['last'] : row['requests'])),
    unpriced: sum(row => table === 'ledger' ? Number(row['cost'] === null) : Number(row['unpriced'])),
    errors: sum(row => table === 'ledger' ? Number(row['last'] === 1 && row['state'] !== 'ok') : Number(row['errors'])),
    estimated: sum(row => Number(row['estimated']))
  }
}

const entries = fc.record({
  id: fc.integer({ min: 0, max: 5 }),
  attempt: fc.integer({ min: 1, max: 2 }),
  key: fc.constantFrom('ann', 'bob', ''),
  session: fc.constantFrom('s1', 's2', 'ses\u0000sion \ud800'),
  agent: fc.constantFrom(null, 'a1'),
  provider: fc.constantFrom('openrouter', 'vllm'),
  hour: fc.integer({ min: 0, max: 2 }),
  settled: fc.boolean(),
  state: fc.constantFrom('ok' as const, 'failed' as const, 'aborted' as const),
  cost: fc.option(fc.integer({ min: 0, max: 1_000_000 })),
  output: fc.integer({ min: 0, max: 100_000 })
}).map(({ id, attempt, key, session, agent, provider, hour, settled, state, cost, output }): Entry => {
  const common = { attempt, key, session, agent, provider, beganAt: NOON + hour * 3_600_000 }
  return settled ? settledEntry(`r${id}`, { ...common, state, cost, last: attempt === 2, tokens: { input: id, cacheRead: 7, cacheWrite5m: 1, cacheWrite1h: 2, output, reasoning: 3 } }) : openEntry(`r${id}`, common)
})

for (const kind of ['sqlite', 'postgres'] as const) {
  t.test(kind, async t => {
    const place = kind === 'sqlite' ? await sqlitePlace(t) : await postgresPlace(t)
    if (place === undefined) {
      t.pass(NO_POSTGRES, { skip: NO_POSTGRES })
      return
    }
    const store = await openStore({ store: place }, () => {})
    t.teardown(() => store.close())
    const { db } = store
    const writer = new LedgerWriter(store)
    const clear = async (): Promise<void> => { for (const table of ['ledger', 'usage_hour', 'usage_day', 'usage_session', 'usage_session_provider', 'spend'] as const) await db.deleteFrom(table).execute() }

    await t.test('an entry comes back as it was', async t => {
      await writer.write([openEntry('a')])
      t.match(await db.selectFrom('ledger').selectAll().execute(), [{ request_id: 'a', attempt: 1, state: 'open', settled_at: null, estimated: 1, input: 100, cost: 300 }])
      t.strictSame(await db.selectFrom('usage_hour').selectAll().execute(), [], 'what runs is in no sum')
      await writer.write([settledEntry('a', { beganAt: NOON + 5, key: 'not ann' })])
      t.match(await db.selectFrom('ledger').selectAll().execute(), [{
        request_id: 'a',
        key_id: 'ann',
        began_at: NOON,
        settled_at: NOON + 2000,
        state: 'ok',
        last: 1,
        status: 200,
        stop_reason: 'end_turn',
        model: 'anthropic/claude-sonnet-5',
        served_model: 'anthropic/claude-sonnet-5-20260901',
        input: 10,
        cache_read: 20,
        cache_write_5m: 30,
        cache_write_1h: 40,
        output: 50,
        reasoning: 5,
        cost: 1234,
        estimated: 0,
        first_content_ms: 321,
        duration_ms: 2000,
        streamed: 1
      }])
    })

    await t.test('its sums stand in every table', async t => {
      await clear()
      await writer.write([settledEntry('a'), settledEntry('b', { attempt: 1, last: false, state: 'failed', provider: 'vllm', cost: null, firstContentMs: null }), settledEntry('b', { attempt: 2, beganAt: NOON + 3_600_000, session: null })])
      const sums = { attempts: 1, requests: 1, errors: 0, input: 10, cost: 1234, unpriced: 0, first_contents: 1, first_content_ms: 321, duration_ms: 2000 }
      t.match(await db.selectFrom('usage_hour').selectAll().orderBy('hour').orderBy('provider').execute(), [
        { hour: NOON, key_id: 'ann', provider: 'openrouter', scenario: 'default', ...sums },
        { hour: NOON, provider: 'vllm', attempts: 1, requests: 0, errors: 0, cost: 0, unpriced: 1, first_contents: 0 },
        { hour: NOON + 3_600_000, provider: 'openrouter', ...sums }
      ])
      t.match(await db.selectFrom('usage_session').selectAll().execute(), [{ session: 'session-1', key_id: 'ann', attempts: 2, requests: 1, first_at: NOON, last_at: NOON + 2000 }])
      t.match(await db.selectFrom('usage_session_provider').selectAll().orderBy('provider').execute(), [{ provider: 'openrouter', agent: '' }, { provider: 'vllm' }])
      t.strictSame(await db.selectFrom('spend').selectAll().execute(), [{ key_id: 'ann', day: 20_783, cost: 2468, tokens: 450 }])
    })

    await t.test('whatever is written, twice and in whatever order, each try is counted once', async t => {
      await fc.assert(fc.asyncProperty(fc.array(fc.uniqueArray(entries, { minLength: 1, maxLength: 8, selector: ({ requestId, attempt }) => `${requestId}/${attempt}` }), { minLength: 1, maxLength: 6 }), async batches => {
        await clear()
        for (const batch of batches) await writer.write(batch)
        const truth = await sumsOf(db, 'ledger')
        for (const table of ['usage_hour', 'usage_day', 'usage_session', 'usage_session_provider'] as const) t.strictSame(await sumsOf(db, table), truth, `${table} is what the ledger comes to`)
        const spent = await db.selectFrom('spend').selectAll().execute()
        return spent.reduce((sum, { cost }) => sum + cost, 0) === truth['cost']
      }), { numRuns: 25 })
    })

    await t.test('what was kept free for a request is free when its last try is settled', async t => {
      await db.insertInto('reservation').values(['x', 'y'].map(id => ({ request_id: id, key_id: 'ann', instance: 'i', cost: 1, tokens: 1, expires_at: 1 }))).execute()
      await writer.write([settledEntry('x', { last: false, state: 'failed' }), settledEntry('y')])
      const left = await db.selectFrom('reservation').select('request_id').execute()
      t.strictSame(left, kind === 'postgres' ? [{ request_id: 'x' }] : [{ request_id: 'x' }, { request_id: 'y' }])
    })

    await t.test('two processes that write the same sums at once lose nothing', async t => {
      await clear()
      const other = await openStore({ store: place }, () => {})
      t.teardown(() => other.close())
      const writers = [writer, new LedgerWriter(other)]
      await Promise.all(writers.flatMap((each, w) => Array.from({ length: 20 }, (_, i) => each.write(Array.from({ length: 20 }, (_, j) => settledEntry(`w${w}-${i}-${j}`, { provider: `p${(i * 7 + j) % 13}`, key: `k${j % 5}` }))))))
      const truth = await sumsOf(db, 'ledger')
      t.equal(truth['attempts'], 800)
      for (const table of ['usage_hour', 'usage_day', 'usage_session', 'usage_session_provider'] as const) t.strictSame(await sumsOf(db, table), truth)
    })
  })
}
