import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { REQUEST_FIELDS } from '../../src/wire/request-fields.ts'
import { readyApp } from '../helper/app.ts'

const root = join(import.meta.dirname, '..', '..')
const text = readFileSync(join(root, 'docs', 'providers.md'), 'utf8')

t.test('the table of fields is what the code goes by', async t => {
  const { fieldTable } = await import(join(root, 'scripts', 'field-table.js')) as { fieldTable (fields: object): string }
  t.ok(text.includes(`<!-- fields -->\n${fieldTable(REQUEST_FIELDS)}\n<!-- end of fields -->`), 'run `npm run docs` after a change of src/wire/request-fields.ts')
})

t.test('every pair, every one of its options and every adapter is described', async t => {
  const { app } = await readyApp(t)
  const docs = ['providers.md', 'adapters.md'].filter(name => existsSync(join(root, 'docs', name))).map(name => readFileSync(join(root, 'docs', name), 'utf8')).join('\n')
  for (const { name, options = {} } of [...app.transformers.pairs, ...app.transformers.adapters]) {
    for (const word of [name, ...Object.keys(options)]) t.ok(docs.includes(`\`${word}\``), `${name}: ${word}`)
  }
})

t.test('every test that it names is there', async t => {
  const named = [...text.matchAll(/\| (test\/[\w./-]+\.ts)(?:: ([^|]+?))? \|/g)]
  t.ok(named.length > 10)
  for (const [, path = '', title] of named) {
    const source = readFileSync(join(root, path), 'utf8')
    if (title !== undefined) t.ok(source.includes(title), `${path}: ${title}`)
  }
})
