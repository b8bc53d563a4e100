import fc from 'fast-check'
import { pino } from 'pino'
import { Writable } from 'node:stream'
import t from 'tap'
import type { Identity } from '../../src/account/identity.ts'
import { type BudgetSetting, createIdentity } from '../../src/account/key-settings.ts'
import type { BudgetBook, Reservation } from '../../src/budget/book.ts'
import { LocalBook } from '../../src/budget/local-book.ts'
import { SharedBook } from '../../src/budget/shared-book.ts'
import type { ApiError } from '../../src/errors.ts'
import { LedgerWriter } from '../../src/ledger/writer.ts'
import { openStore } from '../../src/store/open.ts'
import { openProxy } from '../helper/breakable-proxy.ts'
import { NO_POSTGRES, postgresPlace } from '../helper/databases.ts'
import { NOON, settledEntry } from '../helper/entries.ts'

const USD = 1_000_000
const DAY = 86_400_000

function key (...budgets: BudgetSetting[]): Identity {
  return createIdentity('key_1', 'ann', { budgets })
}

function book (now = { time: NOON }, warnAt = 0.8): LocalBook {
  return new LocalBook([], () => warnAt, () => now.time)
}

const worst = (cost: number | null, tokens = 1): { cost: number | null, tokens: number } => ({ cost, tokens })

function refusal (reserve: () => unknown): ApiError {
  try {
    reserve()
  } catch (error) {
    return error as ApiError
  }
  throw new Error('it was admitted')
}

t.test('a key without budgets may spend what it likes', async t => {
  const free = createIdentity('key_2', 'bob')
  const local = book()
  for (let i = 0; i < 100; i++) t.equal(local.reserve(free, `r${i}`, worst(1e12)).warning, null)
})

t.test('a refusal names the budget, and when it resets', async t => {
  const local = book()
  const ann = key({ per: 'week', usd: 10 })
  local.reserve(ann, 'a', worst(6 * USD))
  const running = refusal(() => local.reserve(ann, 'b', worst(5 * USD)))
  t.match(running, { type: 'rate_limit_error', status: 429, retryAfter: 5, retryable: true, message: 'budgets: the key ann may spend $10.00 a week; it has spent $0.00, $6.00 may still be spent by requests that run, and this request may come to $5.00. The budget resets at 2026-11-30T00:00:00Z.' })
  local.spend('key_1', { cost: 10 * USD, tokens: 1 })
  const spent = refusal(() => book1(local, ann))
  t.match(spent, { retryAfter: 5 })
  const other = book()
  other.spend('key_1', { cost: 10 * USD, tokens: 1 })
  t.match(refusal(() => other.reserve(ann, 'c', worst(1))), { retryAfter: 60, retryable: false }, 'nothing runs that could give something back')
  const tokens = book()
  tokens.spend('key_1', { cost: 0, tokens: 900 })
  tokens.reserve(key({ per: 'day', tokens: 1000 }), 'a', worst(null, 50))
  t.match(refusal(() => tokens.reserve(key({ per: 'day', tokens: 1000 }), 'b', worst(null, 51))).message, /may spend 1000 tokens a day; it has spent 900 tokens, 50 tokens may still be spent by requests that run, and this request may come to 51 tokens\. The budget resets at 2026-11-27T00:00:00Z/)
})

function book1 (local: LocalBook, ann: Identity): unknown {
  return local.reserve(ann, 'c', worst(1))
}

t.test('what was kept free and is not spent is free again', async t => {
  const local = book()
  const ann = key({ per: 'day', usd: 10 })
  const first = local.reserve(ann, 'a', worst(9 * USD))
  refusal(() => local.reserve(ann, 'b', worst(2 * USD)))
  first.settled({ cost: 1 * USD, tokens: 5 })
  first.settled({ cost: 1 * USD, tokens: 5 })
  const second = local.reserve(ann, 'b', worst(9 * USD))
  second.release()
  second.settled({ cost: 9 * USD, tokens: 5 })
  t.strictSame(local.standings(ann)[0]?.spent, { cost: 1 * USD, tokens: 5 }, 'and to say so again does nothing')
})

t.test('one request may run whose worst case is larger than what is left; a second one beside it may not', async t => {
  const local = book()
  const ann = key({ per: 'day', usd: 1 })
  const first = local.reserve(ann, 'a', worst(5 * USD))
  refusal(() => local.reserve(ann, 'b', worst(1)))
  first.settled({ cost: 5 * USD, tokens: 1 })
  refusal(() => local.reserve(ann, 'c', worst(1)))
})

t.test('a budget begins anew with its period: a day, a week from Monday, a month', async t => {
  const now = { time: Date.UTC(2026, 10, 29, 23) } // a Sunday
  const local = book(now)
  local.spend('key_1', { cost: 5 * USD, tokens: 1 })
  const may = (per: 'day' | 'week' | 'month'): boolean => {
    try {
      local.reserve(key({ per, usd: 5 }), 'x', worst(1)).release()
      return true
    } catch {
      return false
    }
  }
  t.strictSame((['day', 'week', 'month'] as const).map(may), [false, false, false])
  now.time += 2 * 3_600_000
  t.strictSame((['day', 'week', 'month'] as const).map(may), [true, true, false])
  now.time += 2 * DAY
  t.strictSame((['day', 'week', 'month'] as const).map(may), [true, true, true])
})

t.test('a budget that is nearly used up is told', async t => {
  const local = book()
  const ann = key({ per: 'day', usd: 10, tokens: 100 })
  t.equal(local.reserve(ann, 'a', worst(1)).warning, null)
  local.spend('key_1', { cost: 7_999_999, tokens: 1 })
  t.equal(local.reserve(ann, 'b', worst(1)).warning, null)
  local.spend('key_1', { cost: 100_000, tokens: 1 })
  t.equal(local.reserve(ann, 'c', worst(1)).warning, 'day $8.10 of $10.00; resets 2026-11-27T00:00:00Z')
  local.spend('key_1', { cost: -8_000_000, tokens: 90 })
  t.equal(local.reserve(ann, 'd', worst(1)).warning, 'day 92 tokens of 100 tokens; resets 2026-11-27T00:00:00Z')
})

t.test('whatever comes in whatever order, no budget is exceeded by more than one worst case, and none is refused once all is given back', async t => {
  const LIMIT = 1000
  const WORST = 300
  fc.assert(fc.property(fc.array(fc.record({ what: fc.constantFrom('reserve', 'settle', 'release', 'day'), cost: fc.integer({ min: 0, max: WORST }), which: fc.nat() }), { maxLength: 120 }), steps => {
    const now = { time: NOON }
    const local = book(now)
    const ann = key({ per: 'day', usd: LIMIT / USD })
    let open: { reservation: Reservation, worst: number }[] = []
    let spent = 0
    for (const [i, { what, cost, which }] of steps.entries()) {
      if (what === 'reserve') {
        try {
          open.push({ reservation: local.reserve(ann, `r${i}`, worst(cost)), worst: cost })
        } catch { /* refused */ }
      } else if (what === 'day') {
        now.time += DAY
        spent = 0
      } else {
        const [one] = open.splice(which % Math.max(1, open.length), 1)
        if (one === undefined) continue
        const actual = Math.min(one.worst, cost)
        if (what === 'settle') one.reservation.settled({ cost: actual, tokens: 0 })
        else one.reservation.release()
        if (what === 'settle') spent += actual
      }
      // What was admitted yesterday and settled today is of today.
      if (spent > LIMIT + WORST * (1 + steps.filter(step => step.what === 'day').length)) return false
    }
    for (const { reservation } of open) reservation.release()
    open = []
    now.time += DAY
    local.reserve(ann, 'last', worst(WORST)).release()
    return true
  }), { numRuns: 500 })
})

t.test('replicas share their budgets in PostgreSQL', async t => {
  const place = await postgresPlace(t)
  if (place === undefined) {
    t.pass(NO_POSTGRES, { skip: NO_POSTGRES })
    return
  }
  const proxy = await openProxy(t, Number(new URL(place.url).port || 5432))
  const url = new URL(place.url)
  url.port = String(proxy.port)
  const stores = [await openStore({ store: place }, () => {}), await openStore({ store: { kind: 'postgres', url: url.href } }, () => {})]
  t.teardown(() => Promise.all(stores.map(store => store.close())))
  const lines: { msg: string }[] = []
  const log = pino({ level: 'info' }, new Writable({ write (line: Buffer, _encoding, done) { lines.push(JSON.parse(line.toString())); done() } }))
  const books = stores.map((store, i) => new SharedBook({ db: store.db, instance: `i${i}`, local: new LocalBook([], () => 0.8), warnAt: () => 0.8, log, lease: 1500 }))
  const writer = new LedgerWriter(stores[0] as typeof stores[number])
  const { db } = stores[0] as typeof stores[number]
  const spentBy = async (id: string): Promise<number> => (await db.selectFrom('spend').select(eb => eb.fn.sum<number>('cost').as('cost')).where('key_id', '=', id).executeTakeFirstOrThrow()).cost ?? 0

  await t.test('hundreds of requests at once spend no more than the budget and one worst case', async t => {
    const ann = createIdentity('key_race', 'ann', { budgets: [{ per: 'day', usd: 0.01 }, { per: 'month', tokens: 1_000_000 }] })
    let admitted = 0
    let refused = 0
    await Promise.all(Array.from({ length: 300 }, async (_, i) => {
      const reserved = await Promise.resolve((books[i % 2] as BudgetBook).reserve(ann, `race-${i}`, worst(200, 10))).catch((error: ApiError) => error.type)
      if (typeof reserved === 'string') {
        t.equal(reserved, 'rate_limit_error')
        refused++
        return
      }
      admitted++
      const cost = 100 + i % 101
      await writer.write([settledEntry(`race-${i}`, { key: ann.id, cost, settledAt: Date.now(), beganAt: Date.now() })])
      reserved.settled({ cost, tokens: 10 })
    }))
    const spent = await spentBy(ann.id)
    t.comment(`${admitted} admitted, ${refused} refused, ${spent} of 10000 spent`)
    t.ok(spent <= 10_000 + 200, 'no more')
    t.ok(spent > 5000, 'and they use it')
    t.strictSame(await db.selectFrom('reservation').selectAll().execute(), [], 'nothing stays reserved')
  })

  await t.test('what a process kept free that died is free when its lease is over; what runs is renewed', async t => {
    const ann = createIdentity('key_lease', 'ann', { budgets: [{ per: 'day', usd: 1 }] })
    const [one, other] = books as [SharedBook, SharedBook]
    await one.reserve(ann, 'lost', worst(0.6 * USD))
    await t.rejects(Promise.resolve(other.reserve(ann, 'x', worst(0.6 * USD))), { name: 'ApiError', message: /budgets: the key ann/ })
    await one.renew()
    await t.rejects(Promise.resolve(other.reserve(ann, 'x', worst(0.6 * USD))), { name: 'ApiError', message: /budgets: the key ann/ })
    let admitted: Reservation | undefined
    for (let i = 0; i < 60 && admitted === undefined; i++) {
      await new Promise(resolve => setTimeout(resolve, 100))
      admitted = await Promise.resolve(other.reserve(ann, 'x', worst(0.6 * USD))).catch(() => undefined)
    }
    t.ok(admitted, 'without a renewal it lapses')
    admitted?.release()
  })

  await t.test('while the database does not answer, each holds to what it knows, and says so once', async t => {
    const ann = createIdentity('key_down', 'ann', { budgets: [{ per: 'day', usd: 1 }] })
    const other = books[1] as SharedBook
    proxy.cut()
    const first = await other.reserve(ann, 'a', worst(0.9 * USD))
    await t.rejects(Promise.resolve(other.reserve(ann, 'b', worst(0.9 * USD))), { name: 'ApiError', message: /budgets: the key ann/ })
    first.settled({ cost: 0.1 * USD, tokens: 1 })
    await other.reserve(ann, 'b', worst(0.9 * USD))
    proxy.mend()
    await other.reserve(ann, 'c', worst(0.5 * USD))
    t.strictSame(lines.map(({ msg }) => msg), ['the database does not answer; budgets are held by what is known here', 'budgets are held over all replicas again'])
  })
})
