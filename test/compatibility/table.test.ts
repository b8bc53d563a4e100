import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import t from 'tap'
import { CASES } from './cases.ts'
import { ROWS, allCells, cellsOf } from './cells.ts'
import { DIFFERENCES } from './differences.ts'
import { MARK, compatibilityTable } from './table.ts'
import { KINDS } from '../helper/kinds/index.ts'

const text = readFileSync(join(import.meta.dirname, '..', '..', 'docs', 'compatibility.md'), 'utf8')

t.test('the table in the docs is what the tests assert', async t => {
  t.ok(text.includes(`<!-- ${MARK} -->\n${compatibilityTable()}\n<!-- end of ${MARK} -->`), 'run `npm run docs` after a change of test/compatibility')
})

t.test('every kind of provider has its rows, and a file that tests each of its cells', async t => {
  t.strictSame([...ROWS].sort(), Object.keys(KINDS).sort())
  t.equal(allCells().length, ROWS.length * 2 * 2 * 8)
  const files = readdirSync(import.meta.dirname).filter(name => name.endsWith('.test.ts') && name !== 'table.test.ts')
  t.strictSame(files.sort(), ROWS.map(kind => `${kind}.test.ts`).sort())
  for (const kind of ROWS) t.match(readFileSync(join(import.meta.dirname, `${kind}.test.ts`), 'utf8'), `await kindSuite(t, '${kind}')`)
})

t.test('no cell is empty: each asks something, says all that the client gets, and looks at what reached the provider', async t => {
  for (const { kind, ingress, form, case: { name }, steps } of allCells()) {
    const where = `${kind}, ${ingress}, ${form}: ${name}`
    t.ok(steps.length > 0, where)
    for (const { gets, arrives } of steps) {
      t.ok(Object.keys(arrives).length > 0, `${where}: what arrives`)
      t.ok('words' in gets ? gets.error !== '' : gets.text !== '' || gets.calls.length > 0, `${where}: what the client gets`)
    }
  }
})

t.test('every footnote belongs to cells, and changes what they assert', async t => {
  for (const difference of DIFFERENCES) {
    const cells = difference.kinds.flatMap(kind => cellsOf(kind)).filter(({ differences }) => differences.includes(difference))
    t.ok(cells.length > 0, difference.note)
    for (const cell of cells) {
      const common = CASES.find(({ name }) => name === difference.case)?.steps(cell)
      t.notOk(isDeepStrictEqual(common, cell.steps), difference.note)
    }
  }
})
