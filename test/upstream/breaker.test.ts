import t from 'tap'
import { Breaker } from '../../src/upstream/breaker.ts'

const settings = { failures: 3, coolDown: 1000, maxCoolDown: 6000, patience: 500 }

/** What happens, and what it comes to: whether a request was let in, the state, and in how many ms one may go. */
type Step = [what: string, then: string]

const opened: Step[] = [['failed', 'closed 0'], ['failed', 'closed 0'], ['failed', 'open 1000']]
const probing: Step[] = [...opened, ['wait 1000', 'half-open 0'], ['enter', 'yes half-open 6000']]

const cases: Record<string, Step[]> = {
  'closed, it lets all in': [['enter', 'yes closed 0'], ['enter', 'yes closed 0'], ['left', 'closed 0'], ['succeeded', 'closed 0']],
  'it opens at so many failures in a row': [['enter', 'yes closed 0'], ...opened, ['enter', 'no open 1000']],
  'a success between failures starts the count anew': [['failed', 'closed 0'], ['failed', 'closed 0'], ['succeeded', 'closed 0'], ...opened],
  'a request that comes to nothing does not': [['failed', 'closed 0'], ['failed', 'closed 0'], ['left', 'closed 0'], ['failed', 'open 1000']],

  'after the cool-down it lets one probe in': [...opened, ['wait 999', 'open 1'], ['enter', 'no open 1'], ['wait 1', 'half-open 0'], ['enter', 'yes half-open 6000'], ['enter', 'no half-open 6000']],
  'a probe that succeeds closes it': [...probing, ['succeeded', 'closed 0'], ['enter', 'yes closed 0'], ['enter', 'yes closed 0']],
  'a probe that fails opens it for twice as long, up to a limit': [
    ...probing, ['failed', 'open 2000'], ['enter', 'no open 2000'], ['wait 2000', 'half-open 0'],
    ['enter', 'yes half-open 6000'], ['failed', 'open 4000'], ['wait 4000', 'half-open 0'],
    ['enter', 'yes half-open 6000'], ['failed', 'open 6000'], ['wait 6000', 'half-open 0'],
    ['enter', 'yes half-open 6000'], ['failed', 'open 6000']
  ],
  'closed again, the next cool-down is the first one': [...probing, ['failed', 'open 2000'], ['wait 2000', 'half-open 0'], ['enter', 'yes half-open 6000'], ['succeeded', 'closed 0'], ...opened],
  'a probe that comes to nothing lets another go': [...probing, ['left', 'half-open 0'], ['enter', 'yes half-open 6000'], ['enter', 'no half-open 6000']],
  'so does one that does not come back': [...probing, ['wait 5999', 'half-open 1'], ['enter', 'no half-open 1'], ['wait 1', 'half-open 0'], ['enter', 'yes half-open 6000'], ['enter', 'no half-open 6000']],
  'and one that comes back after all still counts': [...probing, ['wait 7000', 'half-open 0'], ['failed', 'open 2000']],

  'a long Retry-After opens it at once, for that long': [['failed 501', 'open 501 told'], ['enter', 'no open 501 told'], ['wait 501', 'half-open 0'], ['enter', 'yes half-open 6000'], ['succeeded', 'closed 0']],
  'but not for longer than the longest': [['failed 3600000', 'open 6000 told']],
  'a short one is a failure like others': [['failed 500', 'closed 0'], ['failed 500', 'closed 0'], ['failed 500', 'open 1000']],
  'a probe that is told when to come opens it for that long': [...probing, ['failed 700', 'open 700 told']],
  'what the provider says does not make our next guess longer': [
    ...probing, ['failed 3000', 'open 3000 told'], ['wait 3000', 'half-open 0'],
    ['enter', 'yes half-open 6000'], ['failed', 'open 2000']
  ],

  'a late success closes it: the provider answers': [...opened, ['succeeded', 'closed 0'], ['enter', 'yes closed 0'], ...opened],
  'but not while it is told when to come': [['failed 2000', 'open 2000 told'], ['succeeded', 'open 2000 told'], ['wait 2000', 'half-open 0'], ['succeeded', 'closed 0']],
  'a late success while the probe is out closes it, and the probe is one of many': [...probing, ['succeeded', 'closed 0'], ['failed', 'closed 0'], ['failed', 'closed 0'], ['failed', 'open 1000']],
  'a late failure does not keep it open': [...opened, ['wait 600', 'open 400'], ['failed', 'open 400'], ['failed 100', 'open 400'], ['wait 400', 'half-open 0'], ['failed', 'half-open 0'], ['enter', 'yes half-open 6000']],
  'unless it brings a later time': [...opened, ['wait 600', 'open 400'], ['failed 401', 'open 401 told'], ['failed 9000', 'open 6000 told'], ['failed 5000', 'open 6000 told']],
  'nor make the next cool-down longer': [...opened, ['failed', 'open 1000'], ['wait 1000', 'half-open 0'], ['failed', 'half-open 0'], ['enter', 'yes half-open 6000'], ['failed', 'open 2000']],
  'a late failure before a probe went opens it again only for as long as it says': [...opened, ['wait 5000', 'half-open 0'], ['failed 200', 'open 200 told'], ['wait 200', 'half-open 0'], ['enter', 'yes half-open 6000']],
  'of two that fail while a probe is out, one counts': [...probing, ['failed', 'open 2000'], ['failed', 'open 2000']],
  'a late one that comes to nothing lets nobody in while it is open': [...opened, ['left', 'open 1000'], ['enter', 'no open 1000']]
}

for (const [name, steps] of Object.entries(cases)) {
  t.test(name, async t => {
    let clock = 5000
    const breaker = new Breaker(settings, () => clock)
    const seen = steps.map(([step]) => {
      const [what, ms] = step.split(' ')
      let entered = ''
      if (what === 'wait') clock += Number(ms)
      else if (what === 'enter') entered = breaker.enter() ? 'yes ' : 'no '
      else if (what === 'failed') breaker.failed(ms === undefined ? undefined : Number(ms))
      else if (what === 'succeeded') breaker.succeeded()
      else breaker.left()
      return [step, `${entered}${breaker.state} ${breaker.opensIn}${breaker.told ? ' told' : ''}`]
    })
    t.strictSame(seen, steps)
  })
}

t.test('it shows how often and when the provider failed', async t => {
  let clock = 100
  const breaker = new Breaker(settings, () => clock)
  t.strictSame([breaker.failures, breaker.sinceFailure], [0, undefined])
  breaker.failed()
  clock += 50
  breaker.failed()
  clock += 20
  t.strictSame([breaker.failures, breaker.sinceFailure], [2, 20])
  breaker.succeeded()
  t.strictSame([breaker.failures, breaker.sinceFailure], [0, 20], 'a success does not undo that it failed')
})

t.test('a Retry-After that is worth waiting for, but longer than the cool-down, still holds once it opens', async t => {
  const breaker = new Breaker({ ...settings, failures: 2, patience: 5000 }, () => 0)
  breaker.failed(3000)
  t.equal(breaker.state, 'closed')
  breaker.failed(3000)
  t.strictSame([breaker.opensIn, breaker.told], [3000, true])
})

t.test('the first cool-down is not longer than the longest either', async t => {
  const breaker = new Breaker({ ...settings, failures: 1, coolDown: 9000 }, () => 0)
  breaker.failed()
  t.equal(breaker.opensIn, 6000)
  breaker.succeeded()
  breaker.failed()
  t.equal(breaker.opensIn, 6000)
})

t.test('without a clock it goes by the time of the process', async t => {
  const breaker = new Breaker({ ...settings, failures: 1, coolDown: 60_000, maxCoolDown: 60_000 })
  breaker.failed()
  t.equal(breaker.state, 'open')
  t.ok(breaker.opensIn > 0 && breaker.opensIn <= 60_000)
})
