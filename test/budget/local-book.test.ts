import fc from 'fast-check'
import t from 'tap'
import type { Budget } from '../../src/account/identity.ts'
import type { Reservation, Worst } from '../../src/budget/book.ts'
import { LocalBook } from '../../src/budget/local-book.ts'
import { Notices } from '../../src/budget/notices.ts'
import type { Spend } from '../../src/budget/purse.ts'
import { ApiError } from '../../src/errors.ts'
import { LedgerWriter } from '../../src/ledger/writer.ts'
import { openStore } from '../../src/store/open.ts'
import { oneProvider, readyApp } from '../helper/app.ts'
import { sqlitePlace } from '../helper/databases.ts'
import { settledEntry } from '../helper/entries.ts'
import { Log, ask, key, newId } from './stage.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR
const DOLLAR = 1_000_000
/** Thursday, 2026-11-26T12:00:00Z */
const NOON = 1_795_694_400_000
const TODAY = NOON / DAY >> 0

class Stage {
  time = NOON
  readonly log = new Log()
  readonly book: LocalBook
  read: (key: string) => Promise<readonly Spend[]> = async () => []

  constructor (spent: readonly Spend[] = [], warnAt = 0.8) {
    this.book = new LocalBook({ spent, read: key => this.read(key), notices: new Notices(() => warnAt, this.log), log: this.log as never, now: () => this.time })
  }

  /** Asks where nobody else is: what is kept free, or the refusal. */
  ask (who: ReturnType<typeof key>, cost: number | null, tokens = 1): Reservation | ApiError {
    try {
      const reservation = this.book.reserve(who, newId(), { cost, tokens })
      if (reservation instanceof Promise) throw new Error('a promise without need')
      return reservation
    } catch (error) {
      if (error instanceof ApiError) return error
      throw error
    }
  }

  /** A request that ran. */
  spend (who: ReturnType<typeof key>, cost: number | null, tokens = 1): void {
    const reservation = this.ask(who, cost, tokens)
    if (reservation instanceof ApiError) throw reservation
    reservation.settled({ cost, tokens })
  }
}

t.test('a key without budgets gets the one reservation that all such keys get, at once', async t => {
  const { book } = new Stage()
  const one = book.reserve(key('ann'), newId(), { cost: 1e15, tokens: 1e15 })
  t.equal(one, book.reserve(key('bob'), newId(), { cost: null, tokens: 1 }))
  t.equal((one as Reservation).warning, null)
})

t.test('the rule: what fits is let in; what does not, only where nothing else runs and something is left', async t => {
  const stage = new Stage()
  const ann = key('ann', { per: 'day', cost: 10 * DOLLAR })
  const first = stage.ask(ann, 6 * DOLLAR) as Reservation
  const second = stage.ask(ann, 4 * DOLLAR) as Reservation
  t.match(stage.ask(ann, 1), { status: 429, type: 'rate_limit_error', retryAfter: 5, retryable: true, message: 'budgets: the key ann may spend $10.00 a day; it has spent $0.00, requests that run may come to $10.00, and this one to $0.000001. Try again when one of them is over; the budget resets at 2026-11-27T00:00:00Z.' })
  first.settled({ cost: 5 * DOLLAR, tokens: 1 })
  first.settled({ cost: 5 * DOLLAR, tokens: 1 })
  first.release()
  t.type(stage.ask(ann, DOLLAR + 1), ApiError, 'what it came to counts, once')
  second.release()
  second.settled({ cost: 4 * DOLLAR, tokens: 1 })
  const large = stage.ask(ann, 50 * DOLLAR) as Reservation
  t.notOk(large instanceof ApiError, 'larger than what is left, and alone')
  t.match(stage.ask(ann, 1), { retryAfter: 5, retryable: true })
  large.settled({ cost: 7 * DOLLAR, tokens: 1 })
  t.match(stage.ask(ann, 1), { status: 429, retryAfter: 60, retryable: false, message: 'budgets: the key ann may spend $10.00 a day, and has spent $12.00. The budget resets at 2026-11-27T00:00:00Z.' })
  t.notOk(stage.ask(ann, 0) instanceof ApiError, 'what is free costs no budget')
  t.notOk(stage.ask(key('bob', { per: 'day', cost: DOLLAR }), 1) instanceof ApiError, 'another key')
  t.equal(stage.book.refused, 4)
})

t.test('each budget of a key counts; the one that holds for the longest is named', async t => {
  const stage = new Stage()
  const ann = key('ann', { per: 'day', cost: DOLLAR, tokens: 1000 }, { per: 'week', tokens: 1500 }, { per: 'month', cost: 3 * DOLLAR })
  stage.spend(ann, 1000, 1000)
  t.match(stage.ask(ann, 1), { message: /may spend 1000 tokens a day, and has spent 1000 tokens\. .*2026-11-27T00:00:00Z/ })
  stage.time += DAY
  stage.spend(ann, 2_998_000, 499)
  t.match(stage.ask(ann, 1, 1), { message: /\$1\.00 a day, and has spent \$3\.00/ })
  stage.time += DAY
  stage.spend(ann, 1000, 1)
  t.match(stage.ask(ann, 1, 1), { retryable: false, message: /\$3\.00 a month, and has spent \$3\.00\. .*2026-12-01T00:00:00Z/ }, 'the week ends before the month')
  stage.time = Date.parse('2026-11-30T00:00:00Z')
  t.match(stage.ask(ann, 1, 1), { message: /a month/ }, 'on Monday still')
  stage.time = Date.parse('2026-12-01T00:00:00Z')
  t.notOk(stage.ask(ann, 1, 1) instanceof ApiError)
})

t.test('shortly before the reset clients may come again', async t => {
  const stage = new Stage()
  const ann = key('ann', { per: 'day', tokens: 10 })
  stage.spend(ann, 0, 10)
  stage.time = (TODAY + 1) * DAY - 61_000
  t.match(stage.ask(ann, 0), { retryAfter: 60, retryable: false })
  stage.time += 1000
  t.match(stage.ask(ann, 0), { retryAfter: 60, retryable: true })
  stage.time += 58_500
  t.match(stage.ask(ann, 0), { retryAfter: 2, retryable: true })
  stage.time += 1500
  stage.spend(ann, 0, 1)
  stage.time -= 2000
  t.notOk(stage.ask(ann, 0, 8) instanceof ApiError, 'a clock that goes back brings no old period')
})

t.test('without a price: nothing is kept free, the rest is held to what the provider charges; told once', async t => {
  const stage = new Stage()
  const ann = key('ann', { per: 'day', cost: DOLLAR })
  const many = Array.from({ length: 5 }, () => stage.ask(ann, null))
  t.same(many.filter(each => each instanceof ApiError), [])
  t.notOk(stage.ask(ann, DOLLAR) instanceof ApiError, 'they keep no dollars')
  ;(many[0] as Reservation).settled({ cost: null, tokens: 1 })
  ;(many[1] as Reservation).settled({ cost: 2 * DOLLAR, tokens: 1 })
  t.match(stage.ask(ann, null), { retryable: false, message: /\$1\.00 a day, and has spent \$2\.00/ })
  stage.ask(key('tokens', { per: 'day', tokens: 10 }), null)
  t.same(stage.log.lines.filter(({ message }) => message.includes('without a price')).map(({ fields }) => fields), [{ key: 'ann' }])
})

t.test('a budget that is nearly used up is told to clients each time, to the log once in a period', async t => {
  const stage = new Stage()
  const ann = key('ann', { per: 'day', cost: 10 * DOLLAR }, { per: 'month', tokens: 100 })
  stage.spend(ann, 7_999_999, 79)
  t.equal((stage.ask(ann, DOLLAR) as Reservation).warning, null, 'what is kept free does not count')
  t.equal((stage.ask(ann, 1) as Reservation).warning, null)
  stage.spend(ann, 1, 0)
  t.equal((stage.ask(ann, 1, 1) as Reservation).warning, 'day $8.00 of $10.00, resets 2026-11-27T00:00:00Z')
  stage.spend(ann, 0, 1)
  t.equal((stage.ask(ann, 1, 1) as Reservation).warning, 'day $8.00 of $10.00, resets 2026-11-27T00:00:00Z; month 80 of 100 tokens, resets 2026-12-01T00:00:00Z')
  stage.time += DAY
  t.equal((stage.ask(ann, 1, 1) as Reservation).warning, 'month 80 of 100 tokens, resets 2026-12-01T00:00:00Z')
  const told = (): unknown[] => stage.log.lines.map(({ message, fields }) => `${message}: ${JSON.stringify(fields)}`)
  t.same(told(), [
    'a budget is nearly used up: {"key":"ann","budget":"day $8.00 of $10.00, resets 2026-11-27T00:00:00Z"}',
    'a budget is nearly used up: {"key":"ann","budget":"month 80 of 100 tokens, resets 2026-12-01T00:00:00Z"}'
  ])
  stage.spend(ann, 8 * DOLLAR, 0)
  stage.ask(ann, 1, 1)
  t.equal(told().length, 3, 'another day, another line')
})

t.test('what was spent before the start counts in its periods', async t => {
  const spend = (day: number, tokens: number): Spend => ({ key: 'ann', day, cost: 0, tokens })
  // Monday of this week, the Sunday before, the first of the month, the day before.
  const spent = [spend(TODAY, 1), spend(TODAY - 3, 10), spend(TODAY - 4, 100), spend(TODAY - 25, 1000), spend(TODAY - 26, 10_000), { ...spend(TODAY, 7), key: 'bob' }]
  for (const [per, most] of [['day', 1], ['week', 11], ['month', 1111]] as const) {
    const stage = new Stage(spent)
    t.notOk(stage.ask(key('ann', { per, tokens: most + 1 }), 0) instanceof ApiError, per)
    t.type(stage.ask(key('ann', { per, tokens: most }), 0), ApiError, per)
  }
})

t.test('a key that is given budgets while the service runs: what it spent without them is read', async t => {
  const place = await sqlitePlace(t)
  const store = await openStore({ store: place }, () => {})
  t.teardown(() => store.close())
  const stage = new Stage()
  let reads = 0
  stage.read = async key => {
    reads++
    return await store.db.selectFrom('spend').select(['key_id as key', 'day', 'cost', 'tokens']).where('key_id', '=', key).execute()
  }
  const { book } = stage
  await book.reserve(key('ann'), newId(), { cost: 1, tokens: 1 })
  await new LedgerWriter(store).write([settledEntry('a', { key: 'ann', cost: 3 * DOLLAR, settledAt: NOON })])
  const ann = key('ann', { per: 'day', cost: 4 * DOLLAR })
  const both = await Promise.all([ask(book, ann, { cost: DOLLAR, tokens: 1 }), ask(book, ann, { cost: DOLLAR, tokens: 1 })])
  t.equal(both.filter(each => each instanceof ApiError).length, 1, 'of what is left')
  t.equal(reads, 1)
  t.type(stage.ask(ann, 1), ApiError, 'and no promise any more')

  stage.read = async () => { throw new Error('disk I/O error') }
  await book.reserve(key('bob'), newId(), { cost: 1, tokens: 1 })
  t.notOk(await ask(book, key('bob', { per: 'day', cost: 1 }), { cost: 1, tokens: 1 }) instanceof ApiError, 'the store fails no request')
  t.match(stage.log.lines.at(-1), { level: 'warn', fields: { key: 'bob', problem: 'disk I/O error' } })
})

/** What the rule says, counted anew from all that happened: the periods by the calendar. */
class Model {
  readonly spent: { at: number, amount: Worst }[] = []
  readonly running = new Map<Reservation, Worst>()
  largest = { cost: 0, tokens: 0 }

  since (per: Budget['per'], unit: 'cost' | 'tokens', now: number): number {
    const begin = new Date(now)
    begin.setUTCHours(0, 0, 0, 0)
    if (per === 'month') begin.setUTCDate(1)
    if (per === 'week') while (begin.getUTCDay() !== 1) begin.setUTCDate(begin.getUTCDate() - 1)
    return this.spent.filter(({ at }) => at >= begin.getTime()).reduce((sum, { amount }) => sum + (amount[unit] ?? 0), 0)
  }

  held (unit: 'cost' | 'tokens'): number {
    return [...this.running.values()].reduce((sum, amount) => sum + (amount[unit] ?? 0), 0)
  }

  /** Whether each budget has room for a request, whatever runs comes to. */
  fits (budgets: readonly Budget[], worst: Worst, now: number): boolean {
    return budgets.every(budget => (['cost', 'tokens'] as const).every(unit => budget[unit] === undefined || this.since(budget.per, unit, now) + this.held(unit) + (worst[unit] ?? 0) <= (budget[unit] ?? 0)))
  }
}

const amounts = { cost: fc.integer({ min: 0, max: 300 }), tokens: fc.integer({ min: 1, max: 300 }) }
const step = fc.oneof(
  { weight: 10, arbitrary: fc.record({ do: fc.constant('reserve' as const), ...amounts }) },
  { weight: 6, arbitrary: fc.record({ do: fc.constantFrom('settle' as const, 'settle' as const, 'release' as const), which: fc.nat(5), part: fc.oneof(fc.constant(1), fc.double({ min: 0, max: 1, noNaN: true })) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('wait' as const), time: fc.oneof(fc.integer({ min: 0, max: HOUR }), fc.integer({ min: 0, max: 10 * DAY })) }) }
)
const budgets = fc.array(fc.record({ per: fc.constantFrom('day' as const, 'week' as const, 'month' as const), cost: fc.integer({ min: 1, max: 1000 }), tokens: fc.integer({ min: 1, max: 1000 }) }, { requiredKeys: ['per'] }), { minLength: 1, maxLength: 3 })

t.test('whatever happens in whatever order: no budget is exceeded by more than one request, and nothing is refused that fits', async t => {
  let refused = 0
  fc.assert(fc.property(budgets, fc.array(step, { minLength: 40, maxLength: 120, size: 'max' }), (budgets, steps) => {
    const stage = new Stage()
    const model = new Model()
    const ann = key('ann', ...budgets as Budget[])
    const end = (reservation: Reservation, part: number | null): void => {
      const worst = model.running.get(reservation) as Worst
      model.running.delete(reservation)
      if (part === null) return reservation.release()
      const amount = { cost: Math.floor((worst.cost ?? 0) * part), tokens: Math.floor(worst.tokens * part) }
      model.spent.push({ at: stage.time, amount })
      reservation.settled(amount)
    }
    for (const now of steps) {
      if (now.do === 'wait') stage.time += now.time
      else if (now.do === 'reserve') {
        const fits = model.fits(ann.budgets, now, stage.time)
        const reservation = stage.ask(ann, now.cost, now.tokens)
        if (reservation instanceof ApiError) {
          refused++
          if (fits) return false
          if (reservation.retryable && (reservation.retryAfter ?? 0) <= 5 && model.running.size === 0) return false
        } else {
          model.running.set(reservation, now)
          model.largest = { cost: Math.max(model.largest.cost, now.cost), tokens: Math.max(model.largest.tokens, now.tokens) }
        }
      } else {
        const reservation = [...model.running.keys()][now.which]
        if (reservation !== undefined) end(reservation, now.do === 'settle' ? now.part : null)
      }
      for (const budget of ann.budgets) {
        for (const unit of ['cost', 'tokens'] as const) if (model.since(budget.per, unit, stage.time) > (budget[unit] ?? Infinity) + model.largest[unit]) return false
      }
    }
    // When all is over, only what was spent counts.
    for (const reservation of model.running.keys()) end(reservation, null)
    const left = ann.budgets.every(budget => (['cost', 'tokens'] as const).every(unit => budget[unit] === undefined || model.since(budget.per, unit, stage.time) < (budget[unit] ?? 0)))
    return left === !(stage.ask(ann, 5000, 5000) instanceof ApiError)
  }), { numRuns: 400 })
  t.ok(refused > 1000, `${refused} were refused on the way`)
})

t.test('without an account nothing holds keys to budgets: the log says so', async t => {
  const { app, log } = await readyApp(t, { config: oneProvider('http://127.0.0.1:1', 'openai', { Keys: [{ name: 'ann', key: 'ann-secret-1', budgets: [{ per: 'day', usd: 1 }] }], Usage: { enabled: false } }) })
  t.equal(app.budgets, null)
  t.match(log.find(({ msg }) => String(msg).includes('budgets')), { level: 40, keys: ['ann'] })
})
