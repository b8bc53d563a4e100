import t from 'tap'
import { differences } from '../../../src/config/edit/difference.ts'
import { MASK } from '../../../src/config/edit/secrets.ts'

const provider = (name: string, rest: object = {}): object => ({ name, api_key: `key-of-${name}`, models: ['a', 'b'], ...rest })
const diff = (before: object, after: object): unknown => differences(before as never, after as never)

t.test('what is different', async t => {
  t.strictSame(diff({ a: 1, b: { c: [1] } }, { b: { c: [1] }, a: 1 }), [])
  t.strictSame(diff({ a: 1, b: 2 }, { a: 2, c: 3 }), [{ path: 'a', op: 'changed', before: 1, after: 2 }, { path: 'b', op: 'removed', before: 2 }, { path: 'c', op: 'added', after: 3 }])
  t.strictSame(diff({ a: { b: ['x', 'y'] } }, { a: { b: ['x'] } }), [{ path: 'a.b', op: 'changed', before: ['x', 'y'], after: ['x'] }])
  t.strictSame(diff({ a: {} }, { a: [] }), [{ path: 'a', op: 'changed', before: {}, after: [] }])
})

t.test('items are known by their names', async t => {
  const before = { Providers: [provider('one'), provider('two'), provider('three')] }
  t.strictSame(diff(before, { Providers: [provider('one'), provider('three', { models: ['a'] })] }), [
    { path: 'Providers[1].models', op: 'changed', before: ['a', 'b'], after: ['a'] },
    { path: 'Providers[1]', op: 'removed', before: provider('two', { api_key: MASK }) }
  ])
  t.strictSame(diff(before, { Providers: [provider('new'), provider('one'), provider('two'), provider('three')] }), [{ path: 'Providers[0]', op: 'added', after: provider('new', { api_key: MASK }) }])
  t.strictSame(diff(before, { Providers: [provider('two'), provider('one'), provider('three')] }), [{ path: 'Providers', op: 'changed', before: ['one', 'two', 'three'], after: ['two', 'one', 'three'] }], 'the order counts')
})

t.test('of a secret nothing is told but that it is another', async t => {
  t.strictSame(diff({ Providers: [provider('one')] }, { Providers: [provider('one', { api_key: 'another-and-longer' })] }), [{ path: 'Providers[0].api_key', op: 'changed', before: MASK, after: MASK }])
  t.strictSame(diff({ Providers: [provider('one')] }, { Providers: [provider('one', { api_key: '$KEY' })] }), [{ path: 'Providers[0].api_key', op: 'changed', before: MASK, after: '$KEY' }])
  t.notMatch(JSON.stringify(diff({}, { PROXY_URL: 'http://u:secret@h/', Keys: [{ name: 'a', key: 'secret' }] })), /secret/)
})

t.test('no more than can be read', async t => {
  const many = Object.fromEntries(Array.from({ length: 2000 }, (_, i) => [`k${i}`, i]))
  const found = differences({}, many)
  t.equal(found.length, 500)
  t.match(found.at(-1), { after: 'and 1501 more' })
})
