import t from 'tap'
import { HeldBytes } from '../../src/upstream/held-bytes.ts'

t.test('what comes before an answer is held until there is some', async t => {
  const held = new HeldBytes()
  t.equal(held.push(Buffer.from('a'), false).toString(), '')
  t.ok(held.any)
  t.equal(held.push(Buffer.from('b'), true).toString(), 'ab')
  t.equal(held.push(Buffer.from('c'), true).toString(), 'c')
})

t.test('but not without an end, and what was let go is not held again', async t => {
  const held = new HeldBytes()
  const piece = Buffer.alloc(1024, 'x')
  let passed = 0
  for (let i = 0; i < 1024; i++) passed += held.push(piece, false).length
  t.equal(passed, 1024 * 1024)
  t.notOk(held.any)
})
