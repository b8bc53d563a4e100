import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import type { Entry } from '../../src/account/entry.ts'
import { Ledger } from '../../src/ledger/ledger.ts'
import { openEntry, settledEntry } from '../helper/entries.ts'

interface Recorded { batches: Entry[][], release (): void, sink: { write (entries: readonly Entry[]): Promise<void> } }

/** A sink that notes what it gets, and is done when it is released. */
function recorder (held = false): Recorded {
  const batches: Entry[][] = []
  let release = (): void => {}
  const gate = new Promise<void>(resolve => { release = resolve })
  return { batches, release, sink: { write: async entries => { batches.push([...entries]); if (held) await gate } } }
}

t.test('a try that ends before its begin was written is written once', async t => {
  const { batches, sink } = recorder()
  const ledger = new Ledger(sink, 1000)
  ledger.open(openEntry('a'))
  ledger.settle(settledEntry('a'))
  await ledger.written()
  t.strictSame(batches.map(batch => batch.map(({ requestId, state }) => `${requestId} ${state}`)), [['a ok']])
  t.equal(ledger.pending, 0)
})

t.test('a try that takes longer is written when it begins, and when it ends', async t => {
  const { batches, sink } = recorder()
  const ledger = new Ledger(sink, 1000)
  ledger.open(openEntry('a'))
  await sleep(80)
  t.strictSame(batches.map(batch => batch.map(({ state }) => state)), [['open']])
  ledger.settle(settledEntry('a'))
  await ledger.written()
  t.strictSame(batches.map(batch => batch.map(({ state }) => state)), [['open'], ['ok']])
})

t.test('what comes while a batch is written goes into the next one', async t => {
  const { batches, sink, release } = recorder(true)
  const ledger = new Ledger(sink, 10_000)
  for (const id of ['a', 'b', 'c']) ledger.open(openEntry(id))
  ledger.settle(settledEntry('a'))
  const first = ledger.written()
  await sleep(50)
  for (const id of ['b', 'c']) ledger.settle(settledEntry(id))
  const others = ledger.written()
  t.equal(batches.length, 1)
  t.equal(ledger.pending, 2)
  t.ok(ledger.lag > 0)
  release()
  await Promise.all([first, others])
  t.strictSame(batches.map(batch => batch.map(({ requestId }) => requestId).sort()), [['a', 'b', 'c'], ['b', 'c']], 'the open ones were written with the first')
})

t.test('the end of an answer waits no longer than it may', async t => {
  const { batches, sink, release } = recorder(true)
  const ledger = new Ledger(sink, 30)
  ledger.open(openEntry('a'))
  ledger.settle(settledEntry('a'))
  await ledger.written()
  t.equal(batches.length, 1, 'it was on its way')
  release()
  await ledger.flush()
})

t.test('without any patience nothing is waited for', async t => {
  const { batches, sink } = recorder()
  const ledger = new Ledger(sink, 0)
  ledger.open(openEntry('a'))
  ledger.settle(settledEntry('a'))
  t.equal(ledger.written(), undefined)
  await ledger.flush()
  t.equal(batches.flat().length, 1)
})
