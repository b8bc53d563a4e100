import t from 'tap'
import { Latency } from '../../src/upstream/latency.ts'

const MINUTE = 60_000

function timed (): { latency: Latency, wait: (ms: number) => void } {
  let clock = 7000
  return { latency: new Latency(() => clock), wait: ms => { clock += ms } }
}

t.test('before the first request there is nothing', async t => {
  t.equal(timed().latency.quantiles(), null)
})

t.test('quantiles come in ms with one decimal', async t => {
  const { latency } = timed()
  for (let ms = 0.1; ms < 10.05; ms += 0.1) latency.record(ms)
  t.strictSame(latency.quantiles(), { count: 100, p50: 5, p95: 9.5, p99: 9.9 })
})

t.test('what is shown is the nearest tenth', async t => {
  const { latency } = timed()
  for (const [ms, shown] of [[1.04, 1], [1.06, 1.1], [2.96, 3]] as const) {
    latency.record(ms)
    t.equal(latency.quantiles()?.p99, shown)
  }
})

t.test('long ones are correct to 1 %', async t => {
  const { latency } = timed()
  for (let i = 1; i <= 1000; i++) latency.record(i * 100)
  const { p50 = 0, p95 = 0, p99 = 0 } = latency.quantiles() ?? {}
  for (const [found, right] of [[p50, 50_000], [p95, 95_000], [p99, 99_000]] as const) {
    t.ok(Math.abs(found - right) <= right / 100, `${found} for ${right}`)
    t.equal(Math.round(found * 10) / 10, found)
  }
})

t.test('none is too short or too long to be counted', async t => {
  const { latency } = timed()
  latency.record(0)
  t.strictSame(latency.quantiles(), { count: 1, p50: 0.1, p95: 0.1, p99: 0.1 })
  latency.record(48 * 60 * MINUTE)
  const { count, p99 = 0 } = latency.quantiles() ?? {}
  t.equal(count, 2)
  t.ok(p99 >= 60 * MINUTE && p99 < 61 * MINUTE)
})

t.test('a request counts for 5 to 10 minutes', async t => {
  const { latency, wait } = timed()
  const counts: (number | undefined)[] = []
  const look = (): void => { counts.push(latency.quantiles()?.count) }
  latency.record(1)
  wait(5 * MINUTE - 1)
  latency.record(1)
  look()
  wait(1)
  look()
  latency.record(1)
  look()
  wait(5 * MINUTE - 1)
  look()
  wait(1)
  look()
  wait(5 * MINUTE)
  look()
  t.strictSame(counts, [2, 2, 3, 3, 1, undefined])
})

t.test('also when nobody came or looked as a half ended', async t => {
  const { latency, wait } = timed()
  latency.record(1)
  wait(7 * MINUTE)
  latency.record(3)
  t.equal(latency.quantiles()?.count, 2)
  wait(3 * MINUTE)
  t.strictSame(latency.quantiles(), { count: 1, p50: 3, p95: 3, p99: 3 })
})

t.test('both halves make one distribution', async t => {
  const { latency, wait } = timed()
  for (let i = 0; i < 50; i++) latency.record(1)
  wait(5 * MINUTE)
  for (let i = 0; i < 50; i++) latency.record(20)
  t.strictSame(latency.quantiles(), { count: 100, p50: 1, p95: 20, p99: 20 })
  t.strictSame(latency.quantiles(), { count: 100, p50: 1, p95: 20, p99: 20 }, 'to look at it changes nothing')
  wait(5 * MINUTE)
  t.strictSame(latency.quantiles(), { count: 50, p50: 20, p95: 20, p99: 20 })
})

t.test('after a long silence nothing old is left', async t => {
  for (const silence of [10 * MINUTE, 14 * MINUTE, 300 * MINUTE]) {
    const { latency, wait } = timed()
    latency.record(1)
    wait(5 * MINUTE)
    latency.record(1)
    wait(silence)
    t.equal(latency.quantiles(), null)
    latency.record(3)
    t.strictSame(latency.quantiles(), { count: 1, p50: 3, p95: 3, p99: 3 })
    wait(5 * MINUTE)
    latency.record(3)
    t.equal(latency.quantiles()?.count, 2)
  }
})

t.test('without a clock it goes by the time of the process', async t => {
  const latency = new Latency()
  latency.record(2)
  t.equal(latency.quantiles()?.p50, 2)
})
