import { setTimeout as sleep } from 'node:timers/promises'
import fc from 'fast-check'
import { sql } from 'kysely'
import t, { type Test } from 'tap'
import { dayOf, firstDayOf } from '../../src/account/period.ts'
import { NO_TOKENS } from '../../src/account/entry.ts'
import type { Worst } from '../../src/budget/book.ts'
import { Notices } from '../../src/budget/notices.ts'
import { SharedBook } from '../../src/budget/shared-book.ts'
import { ApiError } from '../../src/errors.ts'
import { LedgerWriter } from '../../src/ledger/writer.ts'
import { openStore } from '../../src/store/open.ts'
import type { Store } from '../../src/store/store.ts'
import { openProxy } from '../helper/breakable-proxy.ts'
import { NO_POSTGRES, postgresPlace } from '../helper/databases.ts'
import { openEntry, settledEntry } from '../helper/entries.ts'
import { until } from '../helper/until.ts'
import { type Admitted, Log, ask, askAll, key, newId } from './stage.ts'

const DOLLAR = 1_000_000

interface Stage {
  readonly store: Store
  readonly url: string
  readonly writer: LedgerWriter
  /** A replica's book; closed with the test. */
  open (options?: { lease?: number, patience?: number, url?: string, log?: Log }): SharedBook
  /** A request is over: its book is told, and then the ledger settles it, as in the service. */
  settle (who: string, { id, reservation }: Admitted, actual: Worst): Promise<void>
  spent (who: string): Promise<{ cost: number, tokens: number }>
  reserved (who: string): Promise<string[]>
}

async function withPostgres (name: string, test: (t: Test, stage: Stage) => Promise<void>): Promise<void> {
  await t.test(name, async t => {
    const place = await postgresPlace(t)
    if (place === undefined) t.pass(NO_POSTGRES, { skip: NO_POSTGRES })
    else await test(t, await openStage(t, place.url))
  })
}

async function openStage (t: Test, url: string): Promise<Stage> {
  const store = await openStore({ store: { kind: 'postgres', url } }, () => {})
  t.teardown(() => store.close())
  const { db } = store
  const writer = new LedgerWriter(store)
  return {
    store,
    url,
    writer,
    open ({ log = new Log(), ...options } = {}) {
      const book = new SharedBook({ url, instance: newId(), spent: [], notices: new Notices(() => 0.8, log), log, ...options })
      t.teardown(() => book.close())
      return book
    },
    async settle (who, { id, reservation }, actual) {
      reservation.settled(actual)
      await writer.write([settledEntry(id, { key: who, cost: actual.cost, tokens: { ...NO_TOKENS, output: actual.tokens }, settledAt: Date.now() })])
    },
    async spent (who) {
      const rows = await db.selectFrom('spend').selectAll().where('key_id', '=', who).execute()
      return { cost: rows.reduce((sum, { cost }) => sum + cost, 0), tokens: rows.reduce((sum, { tokens }) => sum + tokens, 0) }
    },
    async reserved (who) {
      return (await db.selectFrom('reservation').select('request_id').where('key_id', '=', who).orderBy('request_id').execute()).map(row => row.request_id)
    }
  }
}

await withPostgres('two replicas hold a budget together, to the last micro-dollar', async (t, stage) => {
  const books = [stage.open(), stage.open()]
  const ann = key('ann', { per: 'day', cost: 100_000 })
  const worst = { cost: 1000, tokens: 50 }
  const { admitted, refused } = await askAll(400, i => ask(books[i % 2] as SharedBook, ann, worst))
  t.equal(admitted.length, 100)
  t.equal(books.reduce((sum, { refused }) => sum + refused, 0), 300)
  t.ok(refused.every(({ retryable, retryAfter }) => retryable && retryAfter === 5), 'room may come when one of them is over')
  t.equal((await stage.reserved('ann')).length, 100)

  await Promise.all(admitted.map(each => stage.settle('ann', each, worst)))
  t.strictSame(await stage.spent('ann'), { cost: 100_000, tokens: 5000 })
  t.strictSame(await stage.reserved('ann'), [])
  for (const book of books) t.match(await ask(book, ann, { cost: 1, tokens: 1 }), { retryable: false, message: /may spend \$0\.1000 a day, and has spent \$0\.1000/ })
  t.strictSame(await stage.reserved('ann'), [], 'what is refused keeps nothing')
  t.ok(books.every(({ up }) => up))
})

await withPostgres('a request larger than the whole budget runs, and no other beside it', async (t, stage) => {
  const books = [stage.open(), stage.open()]
  const ann = key('ann', { per: 'month', tokens: 1000 })
  for (let i = 0; i < 3; i++) {
    const { admitted } = await askAll(60, i => ask(books[i % 2] as SharedBook, ann, { cost: null, tokens: 5000 }))
    t.equal(admitted.length, 1)
    await stage.settle('ann', admitted[0] as Admitted, { cost: null, tokens: 400 })
  }
  t.equal((await askAll(20, i => ask(books[i % 2] as SharedBook, ann, { cost: null, tokens: 5000 }))).admitted.length, 0)
  t.strictSame(await stage.spent('ann'), { cost: 0, tokens: 1200 })
})

await withPostgres('whatever two replicas do at once, no budget is exceeded by more than one request, and all of it can be used', async (t, stage) => {
  const books = [stage.open(), stage.open()]
  let run = 0
  const part = fc.oneof(fc.constant(1), fc.double({ min: 0, max: 1, noNaN: true }))
  const request = fc.record({ book: fc.nat(1), cost: fc.integer({ min: 1, max: 3000 }), tokens: fc.integer({ min: 1, max: 3000 }), part, release: fc.boolean(), begin: fc.integer({ min: 0, max: 15 }), time: fc.integer({ min: 0, max: 10 }) })
  let total = 0
  let refused = 0
  await fc.assert(fc.asyncProperty(fc.array(request, { minLength: 60, maxLength: 120, size: 'max' }), fc.integer({ min: 1, max: 40_000 }), fc.integer({ min: 1, max: 40_000 }), async (requests, cost, tokens) => {
    const ann = key(`ann ${run++}`, { per: 'day', cost }, { per: 'week', tokens })
    const expected = { cost: 0, tokens: 0 }
    await Promise.all(requests.map(async request => {
      await sleep(request.begin)
      const admitted = await ask(books[request.book] as SharedBook, ann, request)
      total++
      if (admitted instanceof ApiError) {
        refused++
        return
      }
      await sleep(request.time)
      if (request.release && request.part < 1) return admitted.reservation.release()
      const actual = { cost: Math.floor(request.cost * request.part), tokens: Math.floor(request.tokens * request.part) }
      expected.cost += actual.cost
      expected.tokens += actual.tokens
      await stage.settle(ann.id, admitted, actual)
    }))
    const spent = await stage.spent(ann.id)
    await until('what was released is deleted', async () => (await stage.reserved(ann.id)).length === 0)
    const left = spent.cost < cost && spent.tokens < tokens
    const last = await ask(books[0] as SharedBook, ann, { cost: 1e9, tokens: 1e9 })
    return spent.cost === expected.cost && spent.tokens === expected.tokens && spent.cost <= cost + 3000 && spent.tokens <= tokens + 3000 && left !== last instanceof ApiError
  }), { numRuns: 15, endOnFailure: true })
  t.ok(refused > 100, `${refused} of ${total} were refused on the way`)
  t.ok(books.every(({ up }) => up))
})

await withPostgres('periods and limits are the database\'s as they are ours', async (t, stage) => {
  const book = stage.open()
  const today = dayOf(Date.now())
  const firsts = { day: today, week: firstDayOf('week', Date.now()), month: firstDayOf('month', Date.now()) }
  for (const per of ['day', 'week', 'month'] as const) {
    await stage.store.db.insertInto('spend').values([{ key_id: per, day: firsts[per], cost: 5, tokens: 50 }, { key_id: per, day: firsts[per] - 1, cost: 1000, tokens: 1000 }]).execute()
    t.notOk(await ask(book, key(per, { per, cost: 6, tokens: 51 }), { cost: 1, tokens: 1 }) instanceof ApiError, per)
    await book.renew()
    t.match(await ask(book, key(per, { per, cost: 5 }), { cost: 1, tokens: 1 }), { message: /has spent \$0\.000005\./ }, per)
    t.match(await ask(book, key(per, { per, tokens: 50 }), { cost: 1, tokens: 1 }), { message: /has spent 50 tokens\./ }, per)
    t.notOk(await ask(book, key(per, { per, cost: 5 }), { cost: 0, tokens: 1 }) instanceof ApiError, 'what is free costs no budget')
    t.type(await ask(book, key(per, { per, cost: 5 }), { cost: null, tokens: 1 }), ApiError)
    t.notOk(await ask(book, key(per, { per, cost: 6 }), { cost: null, tokens: 1 }) instanceof ApiError)
  }
  const quoted = key('o\'brien\\"; drop table spend', { per: 'day', tokens: 10 })
  t.match(await ask(book, quoted, { cost: 0, tokens: 10 }), { reservation: { warning: null } })
  t.type(await ask(book, quoted, { cost: 0, tokens: 1 }), ApiError)
  t.equal(book.reserve(key('none'), newId(), { cost: 1, tokens: 1 }) instanceof Promise, false, 'a key without budgets asks nobody')
  await stage.store.db.insertInto('spend').values({ key_id: 'near', day: today, cost: 8_100_000, tokens: 0 }).execute()
  t.match(await ask(book, key('near', { per: 'day', cost: 10 * DOLLAR }), { cost: 1, tokens: 1 }), { reservation: { warning: /^day \$8\.10 of \$10\.00, resets \d{4}-\d\d-\d\dT00:00:00Z$/ } })
})

await withPostgres('what a replica that crashed kept free lapses with its lease; what is renewed does not', async (t, stage) => {
  const lease = 500
  const [dead, alive, other] = [stage.open({ lease }), stage.open({ lease }), stage.open({ lease })]
  const ann = key('ann', { per: 'day', tokens: 100 })
  const bob = key('bob', { per: 'day', tokens: 100 })
  await ask(dead, ann, { cost: 0, tokens: 100 })
  await ask(alive, bob, { cost: 0, tokens: 100 })
  const began = performance.now()
  const renewal = setInterval(() => { alive.renew().catch(error => t.fail(error)) }, 100)
  t.teardown(() => clearInterval(renewal))
  t.match(await ask(other, ann, { cost: 0, tokens: 1 }), { retryAfter: 5, message: /requests that run may come to 100 tokens/ })
  await until('there is room', async () => !(await ask(other, ann, { cost: 0, tokens: 100 }) instanceof ApiError))
  const waited = performance.now() - began
  t.ok(waited > 300 && waited < 3000, `${Math.round(waited)} ms`)
  await sleep(2 * lease)
  t.type(await ask(other, bob, { cost: 0, tokens: 1 }), ApiError, 'the other runs still')
  t.strictSame((await stage.reserved('ann')).length, 0, 'what lapsed is deleted by whoever renews')
})

await withPostgres('what the ledger has open counts until it is settled, though its process is gone', async (t, stage) => {
  const [dead, other] = [stage.open({ lease: 100 }), stage.open({ lease: 100 })]
  const ann = key('ann', { per: 'day', cost: 1000 })
  const { id } = await ask(dead, ann, { cost: 900, tokens: 1 }) as Admitted
  await stage.writer.write([openEntry(id, { key: 'ann', cost: 300 })])
  await sleep(300)
  await other.renew()
  t.match(await ask(other, ann, { cost: 200, tokens: 1 }), { retryable: true })
  await stage.writer.write([settledEntry(id, { key: 'ann', state: 'interrupted', cost: 300, settledAt: Date.now() })])
  t.notOk(await ask(other, ann, { cost: 700, tokens: 1 }) instanceof ApiError, 'it came to what the ledger says')
  const [late] = await stage.reserved('ann')
  // A process that never comes back, and nobody who settles what it had open: not for ever.
  await stage.writer.write([openEntry(late as string, { key: 'ann' })])
  await stage.store.db.updateTable('reservation').set({ expires_at: Date.now() - 601_000 }).where('request_id', '=', late as string).execute()
  t.notOk(await ask(other, ann, { cost: 700, tokens: 1 }) instanceof ApiError)
})

for (const how of ['cut', 'hang'] as const) {
  await withPostgres(`the database goes away (${how}): requests go on by what is known, with one warning; and comes back`, async (t, stage) => {
    const url = new URL(stage.url)
    const proxy = await openProxy(t, Number(url.port || 5432))
    url.port = String(proxy.port)
    const patience = 300
    const log = new Log()
    const [cut, other] = [stage.open({ url: url.href, patience, log }), stage.open()]
    const ann = key('ann', { per: 'day', tokens: 1000 })
    const before = await ask(cut, ann, { cost: 0, tokens: 300 }) as Admitted
    const released = await ask(cut, ann, { cost: 0, tokens: 100 }) as Admitted
    await stage.settle('ann', await ask(other, ann, { cost: 0, tokens: 200 }) as Admitted, { cost: 0, tokens: 200 })
    await stage.settle('ann', await ask(cut, ann, { cost: 0, tokens: 200 }) as Admitted, { cost: 0, tokens: 200 })

    proxy[how]()
    let began = performance.now()
    const first = await askAll(10, () => ask(cut, ann, { cost: 0, tokens: 10 }))
    t.ok(performance.now() - began < 4 * patience, `${Math.round(performance.now() - began)} ms`)
    t.equal(first.admitted.length, 10, 'all fit by what is known')
    t.notOk(cut.up)
    began = performance.now()
    const rest = await askAll(100, () => ask(cut, ann, { cost: 0, tokens: 10 }))
    t.ok(performance.now() - began < 100, 'nobody waits any more')
    t.equal(rest.admitted.length, 10, '400 spent, 500 kept free')
    for (const { reservation } of rest.admitted) reservation.release()
    released.reservation.release()
    before.reservation.settled({ cost: 0, tokens: 250 })
    t.equal((await askAll(100, () => ask(cut, ann, { cost: 0, tokens: 10 }))).admitted.length, 25, 'what ends meanwhile counts: 650 spent, 100 kept free')
    await sleep(2 * patience)
    t.strictSame(log.lines.map(({ level }) => level), ['warn'], 'one warning')
    t.match(log.lines[0], { message: /^the database does not answer/ })

    proxy.mend()
    await until('it is back', () => cut.up)
    t.strictSame(log.lines.map(({ level }) => level), ['warn', 'info'])
    const reserved = await stage.reserved('ann')
    t.equal(reserved.length, 10 + 25 + 1, 'what runs is known to all, and what the ledger has not settled yet')
    t.notOk(reserved.includes(released.id))
    t.match(await ask(other, ann, { cost: 0, tokens: 1000 }), { message: /has spent 400 tokens, requests that run may come to 650/ })
    await stage.settle('ann', before, { cost: 0, tokens: 250 })
    t.match(await ask(cut, ann, { cost: 0, tokens: 1000 }), { message: /has spent 650 tokens, requests that run may come to 350/ })
    t.strictSame(log.lines.length, 2)
  })
}

await withPostgres('a statement that comes too late keeps nothing free for good', async (t, stage) => {
  const log = new Log()
  const book = stage.open({ patience: 300, log })
  const ann = key('ann', { per: 'day', tokens: 1000 })
  const bob = key('bob', { per: 'day', tokens: 10 })
  // What bob spent is known here, and not in the database: the ledger could not write it yet.
  const { id, reservation } = await ask(book, bob, { cost: 0, tokens: 10 }) as Admitted
  reservation.settled({ cost: 0, tokens: 10 })
  await stage.store.db.deleteFrom('reservation').where('request_id', '=', id).execute()
  const admitted = await stage.store.db.transaction().execute(async transaction => {
    await sql`lock table reservation in access exclusive mode`.execute(transaction)
    const began = performance.now()
    const both = await Promise.all([ask(book, ann, { cost: 0, tokens: 500 }), ask(book, bob, { cost: 0, tokens: 1 })])
    t.ok(performance.now() - began < 750)
    return both
  })
  t.notOk(admitted[0] instanceof ApiError)
  t.type(admitted[1], ApiError, 'what is known here stands against it')
  await until('it is back', () => book.up)
  await until('what came late is deleted', async () => (await stage.reserved('bob')).length === 0)
  t.strictSame(await stage.reserved('ann'), [(admitted[0] as Admitted).id], 'but for the one that runs')
  t.equal(log.count('warn', 'does not answer'), 1)
})
