import t from 'tap'
import { KeyPool, keyCoolDown } from '../../src/upstream/key-pool.ts'

const any = (): boolean => true

function pool (count: number): { keys: KeyPool, wait: (ms: number) => void, picks: (times: number, usable?: (index: number) => boolean) => string } {
  let clock = 1000
  const keys = new KeyPool(count, () => clock)
  return {
    keys,
    wait: ms => { clock += ms },
    picks: (times, usable = any) => Array.from({ length: times }, () => keys.pick(usable) ?? '-').join('')
  }
}

t.test('keys take turns', async t => {
  t.equal(pool(3).picks(7), '0120120')
  t.equal(pool(1).picks(3), '000')
})

t.test('one that cools down is left out, and comes back when it is over', async t => {
  const { keys, wait, picks } = pool(3)
  keys.coolDown(1, 100)
  t.equal(picks(4), '0202')
  wait(99)
  t.equal(picks(2), '02')
  wait(1)
  t.equal(picks(4), '1021', 'it has one turn, not all that it missed')
})

t.test('the turns of one that is away are shared by all others', async t => {
  const { keys, picks } = pool(4)
  keys.coolDown(1, 100)
  const shares = [...picks(300)].reduce<Record<string, number>>((count, key) => ({ ...count, [key]: (count[key] ?? 0) + 1 }), {})
  t.strictSame(shares, { 0: 100, 2: 100, 3: 100 })
})

t.test('one that is not usable for a request keeps its turn for the next', async t => {
  const { picks } = pool(3)
  t.equal(picks(2, index => index !== 0), '12')
  t.equal(picks(3), '012')
  t.equal(picks(1, () => false), '-')
  t.equal(picks(1), '0', 'a pick that found none is no turn')
})

t.test('only keys that could be picked are asked for', async t => {
  const { keys } = pool(3)
  keys.coolDown(0, 100)
  const asked: number[] = []
  keys.pick(index => asked.push(index) > 0)
  t.notOk(asked.includes(0))
})

t.test('when all cool down there is none', async t => {
  const { keys, wait, picks } = pool(2)
  keys.coolDown(0, 100)
  keys.coolDown(1, 50)
  t.equal(picks(1), '-')
  wait(50)
  t.equal(picks(2), '11')
})

t.test('an only key never cools down', async t => {
  const { keys, picks } = pool(1)
  keys.coolDown(0, 100)
  t.equal(picks(1), '0')
  t.equal(keys.cooling(0), 0)
})

t.test('the longer cool-down counts, and what is left of it is shown', async t => {
  const { keys, wait } = pool(2)
  t.strictSame(keys.states, [{ cooling: 0 }, { cooling: 0 }])
  keys.coolDown(1, 100)
  keys.coolDown(1, 30)
  wait(40)
  t.equal(keys.cooling(1), 60)
  t.strictSame(keys.states, [{ cooling: 0 }, { cooling: 60 }])
  keys.coolDown(1, 80)
  t.equal(keys.cooling(1), 80)
  wait(500)
  t.equal(keys.cooling(1), 0)
})

t.test('a key that is not there is nobody\'s', async t => {
  const { keys, picks } = pool(2)
  keys.coolDown(2, 100)
  t.equal(keys.cooling(2), 0)
  t.equal(keys.states.length, 2)
  t.equal(picks(3), '010')
})

t.test('without a clock it goes by the time of the process', async t => {
  const keys = new KeyPool(2)
  keys.coolDown(0, 60_000)
  t.equal(keys.pick(any), 1)
  t.ok(keys.cooling(0) > 0)
})

t.test('how long a key is left out, by what it was answered with', async t => {
  const table: [status: number, retryAfter: number | undefined, coolDown: number | undefined][] = [
    [401, undefined, 300_000], [402, undefined, 300_000], [403, 1000, 300_000],
    [429, undefined, 30_000], [429, 2000, 2000], [429, 0, 0], [429, 60_000, 60_000], [429, 3_600_000, 60_000],
    [200, undefined, undefined], [400, undefined, undefined], [404, undefined, undefined], [500, 2000, undefined], [529, undefined, undefined]
  ]
  t.strictSame(table.map(([status, retryAfter]) => [status, retryAfter, keyCoolDown(status, retryAfter)]), table)
})
