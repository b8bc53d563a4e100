import { mock } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import fc from 'fast-check'
import t from 'tap'
import { FairQueue, type Place, type QueueError } from '../../src/upstream/fair-queue.ts'

// Before anything else sets a timer: no test waits for one.
mock.timers.enable({ apis: ['setTimeout'] })
t.teardown(() => mock.timers.reset())

const settings = { limit: 1, maxWaiting: 1000, maxWait: 1000 }

/** A queue that writes down who ran, in which order, and who was refused. */
function recorded (options: Partial<typeof settings> = {}): { queue: FairQueue, ran: string[], refused: string[], enter: (name: string) => Place } {
  const queue = new FairQueue({ ...settings, ...options })
  const ran: string[] = []
  const refused: string[] = []
  return {
    queue,
    ran,
    refused,
    enter: name => {
      const place = queue.enter(name.charAt(0))
      if (place.ready === undefined) ran.push(name)
      else place.ready.then(() => ran.push(name), (error: QueueError) => refused.push(`${name} ${error.reason}`))
      return place
    }
  }
}

const full = { name: 'QueueError', reason: 'full', message: 'Too many requests wait already.' }

/** How many run and wait. */
const counts = (queue: FairQueue): [running: number, waiting: number] => [queue.running, queue.waiting]

t.test('up to the limit requests run at once, then they wait for one to end', async t => {
  const { queue, ran, enter } = recorded({ limit: 2 })
  const [first, second, third] = [enter('a1'), enter('a2'), enter('a3')]
  t.equal(first.ready, undefined)
  t.equal(second.ready, undefined)
  t.type(third.ready, Promise)
  t.strictSame(counts(queue), [2, 1])
  second.leave()
  t.strictSame(counts(queue), [2, 0], 'the place is taken before anyone else can come')
  await third.ready
  t.strictSame(ran, ['a1', 'a2', 'a3'])
  first.leave()
  third.leave()
  t.strictSame(counts(queue), [0, 0])
})

t.test('without a limit all run', async t => {
  const { queue, ran, enter } = recorded({ limit: Infinity, maxWaiting: 0 })
  const places = Array.from({ length: 1000 }, () => enter('a'))
  t.equal(ran.length, 1000)
  t.equal(queue.running, 1000)
  for (const place of places) place.leave()
  t.equal(queue.running, 0)
})

t.test('turns go round among those that wait, and each is served in the order they came', async t => {
  const { queue, ran, enter } = recorded()
  let place = enter('x')
  const waiting = ['a1', 'a2', 'a3', 'a4', 'b1', 'b2', 'c1'].map(enter)
  for (const next of [0, 4, 6, 1, 5]) {
    place.leave()
    place = waiting[next] as Place
    await place.ready
  }
  // One that comes back goes behind those who wait.
  const back = enter('c2')
  for (const next of [waiting[2], back, waiting[3]]) {
    place.leave()
    place = next as Place
    await place.ready
  }
  place.leave()
  t.strictSame(ran, ['x', 'a1', 'b1', 'c1', 'a2', 'b2', 'a3', 'c2', 'a4'])
  t.strictSame(counts(queue), [0, 0])
})

t.test('a hundred of one delay the first of another by one turn', async t => {
  const { ran, enter } = recorded()
  const first = enter('a')
  const second = enter('a')
  for (let i = 0; i < 99; i++) enter('a')
  const other = enter('b')
  first.leave()
  second.leave()
  await other.ready
  t.strictSame(ran, ['a', 'a', 'b'])
})

t.test('when too many wait, the next is refused', async t => {
  const { queue, ran, enter } = recorded({ maxWaiting: 2 })
  const [running, waiting] = [enter('a1'), enter('a2'), enter('a3')]
  t.throws(() => queue.enter('b'), full)
  t.strictSame(counts(queue), [1, 2])
  waiting?.leave()
  const late = enter('b1')
  t.throws(() => queue.enter('b'), full)
  running?.leave()
  await setImmediate()
  t.strictSame(ran, ['a1', 'a3'])
  t.ok(late.ready)
  t.throws(() => new FairQueue({ ...settings, limit: 0, maxWaiting: 0 }).enter('a'), full)
})

t.test('one whose turn does not come in time is refused', async t => {
  const { queue, ran, refused, enter } = recorded()
  const running = enter('a1')
  enter('a2')
  mock.timers.tick(500)
  const last = enter('a3')
  mock.timers.tick(499)
  await setImmediate()
  t.strictSame(refused, [])
  mock.timers.tick(1)
  await setImmediate()
  t.strictSame(refused, ['a2 timeout'])
  t.strictSame(counts(queue), [1, 1])
  running.leave()
  mock.timers.tick(5000)
  await setImmediate()
  t.strictSame(ran, ['a1', 'a3'], 'who runs is not timed any more')
  t.strictSame(refused, ['a2 timeout'])
  last.leave()
  t.strictSame(counts(queue), [0, 0])
})

t.test('one that may wait for ever does', async t => {
  for (const maxWait of [Infinity, 2 ** 31]) {
    const { refused, enter } = recorded({ maxWait })
    const running = enter('a1')
    const waiting = enter('a2')
    mock.timers.tick(3_600_000)
    running.leave()
    await waiting.ready
    t.strictSame(refused, [])
  }
})

t.test('one that leaves while it waits frees its place in the queue, and only once', async t => {
  const { queue, ran, refused, enter } = recorded()
  const running = enter('a1')
  const [left, next] = [enter('a2'), enter('a3')]
  left.leave()
  left.leave()
  await setImmediate()
  t.strictSame(refused, ['a2 left'])
  t.strictSame(counts(queue), [1, 1])
  running.leave()
  running.leave()
  t.strictSame(counts(queue), [1, 0], 'nor does one that ran give back two')
  await next.ready
  next.leave()
  next.leave()
  t.strictSame(ran, ['a1', 'a3'])
  t.strictSame(counts(queue), [0, 0])
})

t.test('one that leaves as its turn comes gives the place on', async t => {
  const { queue, enter } = recorded()
  const running = enter('a1')
  const [next, last] = [enter('a2'), enter('a3')]
  running.leave()
  next.leave()
  t.strictSame(counts(queue), [1, 0])
  await last.ready
  last.leave()
  t.strictSame(counts(queue), [0, 0])
})

t.test('a refusal that nobody awaits is no unhandled rejection', async t => {
  const unhandled: unknown[] = []
  const listen = (reason: unknown): void => { unhandled.push(reason) }
  process.on('unhandledRejection', listen)
  t.teardown(() => process.off('unhandledRejection', listen))
  const queue = new FairQueue(settings)
  queue.enter('a')
  queue.enter('a').leave()
  const timed = queue.enter('a')
  mock.timers.tick(1000)
  await setImmediate()
  await setImmediate()
  t.strictSame(unhandled, [])
  await t.rejects(timed.ready ?? Promise.resolve(), { name: 'QueueError', message: 'The turn of the request did not come in time.' }, 'whoever awaits it later still hears of it')
})

t.test('no timer outlives the wait, and none keeps the process', async t => {
  mock.timers.reset()
  t.teardown(() => mock.timers.enable({ apis: ['setTimeout'] }))
  const set = mock.method(globalThis, 'setTimeout')
  const clear = mock.method(globalThis, 'clearTimeout')
  t.teardown(() => {
    set.mock.restore()
    clear.mock.restore()
  })
  const queue = new FairQueue({ ...settings, maxWait: 3_600_000 })
  const running = queue.enter('a')
  t.equal(set.mock.callCount(), 0, 'who runs at once needs none')
  const [served, left] = [queue.enter('a'), queue.enter('a')]
  const timers = set.mock.calls.map(call => call.result as unknown as NodeJS.Timeout)
  t.strictSame(timers.map(timer => timer.hasRef()), [false, false])
  left.leave()
  running.leave()
  await served.ready
  const cleared = clear.mock.calls.map(call => call.arguments[0])
  t.ok(timers.every(timer => cleared.includes(timer)))
  served.leave()
})

t.test('a higher limit lets those that wait run at once', async t => {
  const { queue, ran, enter } = recorded()
  const places = ['a1', 'a2', 'a3', 'b1'].map(enter)
  queue.reconfigure({ ...settings, limit: 3 })
  t.strictSame(counts(queue), [3, 1])
  await setImmediate()
  t.strictSame(ran, ['a1', 'a2', 'b1'])
  queue.reconfigure({ ...settings, limit: Infinity })
  t.strictSame(counts(queue), [4, 0])
  for (const place of places) place.leave()
  t.strictSame(counts(queue), [0, 0])
})

t.test('a lower limit is reached as requests end, and fewer may wait from then on', async t => {
  const { queue, enter } = recorded({ limit: 3 })
  const places = ['a1', 'a2', 'a3', 'a4', 'a5'].map(enter)
  queue.reconfigure({ ...settings, limit: 1, maxWaiting: 1, maxWait: 10 })
  t.strictSame(counts(queue), [3, 2])
  t.throws(() => queue.enter('b'), full)
  mock.timers.tick(20)
  t.strictSame(counts(queue), [3, 2], 'those that wait were promised the longer time')
  places[0]?.leave()
  places[1]?.leave()
  t.strictSame(counts(queue), [1, 2])
  places[2]?.leave()
  t.strictSame(counts(queue), [1, 1])
  for (const place of places) place.leave()
  t.strictSame(counts(queue), [0, 0])
})

type Action = { enter: string } | { leave: number } | { limit: number } | { tick: number }
const action: fc.Arbitrary<Action> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ enter: fc.constantFrom('a', 'a', 'a', 'b', 'c') }) },
  { weight: 5, arbitrary: fc.record({ leave: fc.nat() }) },
  { weight: 1, arbitrary: fc.record({ limit: fc.integer({ min: 1, max: 4 }) }) },
  { weight: 1, arbitrary: fc.record({ tick: fc.integer({ min: 1, max: 600 }) }) }
)

interface Request { who: string, place: Place, state: 'waits' | 'runs' | 'over' }

/** Plays actions on a queue and says what it did wrong; nothing when all was right. */
class Play {
  readonly wrong: string[] = []
  readonly requests: Request[] = []
  limit = 2
  readonly #queue = new FairQueue({ ...settings, limit: 2, maxWaiting: 8 })
  /** By who waits: the turns that others had since it came, or since its last turn. */
  readonly #passed = new Map<string, Map<string, number>>()

  those (state: Request['state']): Request[] { return this.requests.filter(request => request.state === state) }

  act (action: Action): void {
    const before = this.those('runs').length
    if ('enter' in action) this.#enter(action.enter)
    else if ('leave' in action) this.#leave(action.leave)
    else if ('tick' in action) mock.timers.tick(action.tick)
    else this.#queue.reconfigure({ ...settings, limit: this.limit = action.limit, maxWaiting: 8 })
    if (this.#queue.running > Math.max(this.limit, before)) this.wrong.push(`${this.#queue.running} run of ${this.limit}`)
  }

  /** After all promises have settled. */
  check (): void {
    const [running, waiting] = [this.those('runs').length, this.those('waits').length]
    if (this.#queue.running !== running || this.#queue.waiting !== waiting) this.wrong.push(`${counts(this.#queue).join('+')} are said to run and wait, ${running}+${waiting} do`)
    if (waiting > 0 && running < this.limit) this.wrong.push(`${waiting} wait, although only ${running} run`)
  }

  #enter (who: string): void {
    const full = this.#queue.waiting >= 8 && this.#queue.running >= this.limit
    try {
      const request: Request = { who, place: this.#queue.enter(who), state: 'runs' }
      if (full) this.wrong.push('it let in more than may wait')
      this.requests.push(request)
      if (request.place.ready === undefined) return
      if (!this.those('waits').some(other => other.who === who)) this.#passed.set(who, new Map())
      request.state = 'waits'
      request.place.ready.then(() => this.#ran(request), () => { request.state = 'over' })
    } catch (error) {
      if (!full) this.wrong.push(String(error))
    }
  }

  #leave (which: number): void {
    const present = this.requests.filter(request => request.state !== 'over')
    const request = present[which % present.length]
    if (request === undefined) return
    if (request.state === 'runs') request.state = 'over'
    request.place.leave()
  }

  #ran (request: Request): void {
    if (this.those('waits').find(other => other.who === request.who) !== request) this.wrong.push(`${request.who} was not served in order`)
    request.state = 'runs'
    this.#passed.set(request.who, new Map())
    for (const who of new Set(this.those('waits').map(other => other.who))) {
      if (who === request.who) continue
      const passed = this.#passed.get(who) as Map<string, number>
      passed.set(request.who, (passed.get(request.who) ?? 0) + 1)
      if ((passed.get(request.who) ?? 0) > 1) this.wrong.push(`${request.who} had two turns while ${who} waited`)
    }
  }

  /** Lets all run to their end. */
  async finish (): Promise<void> {
    for (let present = this.requests.length; present > 0; present = this.those('runs').length) {
      for (const request of this.those('runs')) {
        request.state = 'over'
        request.place.leave()
      }
      await setImmediate()
    }
    if (this.those('waits').length > 0) this.wrong.push('some were forgotten')
    if (this.#queue.running + this.#queue.waiting > 0) this.wrong.push(`${counts(this.#queue).join('+')} are left over`)
  }
}

t.test('whatever comes, leaves and changes: the limit holds, nobody is lost or passed over', async t => {
  let waited = 0
  await fc.assert(fc.asyncProperty(fc.array(action, { minLength: 1, maxLength: 60, size: 'max' }), async actions => {
    const play = new Play()
    for (const action of actions) {
      play.act(action)
      await setImmediate()
      play.check()
      waited += play.those('waits').length
    }
    await play.finish()
    if (play.wrong.length > 0) throw new Error(play.wrong.join('; '))
  }), { numRuns: 300 })
  t.ok(waited > 1000, 'and requests did wait in what was tried')
})
