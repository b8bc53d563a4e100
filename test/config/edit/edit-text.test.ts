import fc from 'fast-check'
import JSON5 from 'json5'
import t, { type Test } from 'tap'
import { editText } from '../../../src/config/edit/edit-text.ts'
import type { JsonObject, JsonValue } from '../../../src/wire/json.ts'

const read = (text: string): unknown => JSON5.parse(text)

/** Edits, and checks that what is read is what was wanted. */
function edited (t: Test, text: string, document: JsonObject): string {
  const result = editText(text, document)
  t.strictSame(read(result), document)
  return result
}

const COMMENTED = `// Our gateway
{
  // who may
  APIKEY: '$APIKEY',
  "Providers": [ // the servers
    {
      name: 'one', // the first
      api_base_url: "http://one/v1", models: ["a", 'b'],
    },
    // the second one
    { name: "two", api_base_url: "http://two/v1", models: ["c"] } /* done */,
    { name: "three", api_base_url: "http://three/v1", models: [] },
  ],
  /* rules */ Router: { default: "one,a" }, // last
}
// the end
`

t.test('what stays keeps its text', async t => {
  const document = read(COMMENTED) as JsonObject
  const [one, two, three] = document['Providers'] as JsonObject[] as [JsonObject, JsonObject, JsonObject]
  t.equal(edited(t, COMMENTED, document), COMMENTED, 'nothing is changed')
  t.equal(edited(t, COMMENTED, { ...document, Router: { default: 'two,c' } }), COMMENTED.replace('default: "one,a"', 'default: "two,c"'))
  t.equal(edited(t, COMMENTED, { ...document, Router: { default: 'one,a', think: 'two,c' } }), COMMENTED.replace('"one,a" }', '"one,a", think: "two,c" }'))
  t.equal(edited(t, COMMENTED, { ...document, LOG: true }), COMMENTED.replace('}, // last\n', '}, // last\n  LOG: true,\n'))
  t.equal(edited(t, COMMENTED, { ...document, Providers: [one, three] }), COMMENTED.replace(/\n {4}\/\/ the second one\n.*/, ''), 'its comment goes with it')
  t.equal(edited(t, COMMENTED, { ...document, Providers: [{ ...one, models: ['a', 'b', 'd'] }, two, three] }), COMMENTED.replace('\'b\']', '\'b\', "d"]'))
  const moved = edited(t, COMMENTED, { ...document, Providers: [three, two, one] })
  for (const comment of ['// the first', '// the second one', '/* done */', '// the servers', '// Our gateway', '// the end']) t.ok(moved.includes(comment), comment)
  const { APIKEY: _key, ...rest } = document
  t.equal(edited(t, COMMENTED, rest as JsonObject), COMMENTED.replace('\n  // who may\n  APIKEY: \'$APIKEY\',', ''))
})

t.test('plain JSON stays plain JSON', async t => {
  const text = '{\n  "a": 1,\n  "list": [\n    1,\n    2\n  ]\n}\n'
  t.equal(edited(t, text, { a: 1, list: [1, 2, 3], b: { c: [] } }), '{\n  "a": 1,\n  "list": [\n    1,\n    2,\n    3\n  ],\n  "b": {\n    "c": []\n  }\n}\n')
  t.equal(edited(t, text, { a: 1 }), '{\n  "a": 1\n}\n')
  t.equal(edited(t, text, { list: [2] }), '{\n  "list": [\n    2\n  ]\n}\n')
  t.equal(edited(t, '{}', { a: 1 }), '{\n  "a": 1\n}')
  t.equal(edited(t, '{ "a": 1 }', { a: 1, b: 2 }), '{ "a": 1, "b": 2 }')
  t.equal(edited(t, '{ "a": 1, "b": 2 }', { b: 2 }), '{ "b": 2 }')
  t.equal(edited(t, '{"a":1}', {}), '{}')
  t.equal(edited(t, '{\r\n\t"a": 1\r\n}\r\n', { a: 1, b: [1] }), '{\r\n\t"a": 1,\r\n\t"b": [\r\n\t\t1\r\n\t]\r\n}\r\n')
  t.equal(edited(t, '\ufeff{ "a": 1 }', { a: 2 }), '\ufeff{ "a": 2 }')
  t.equal(edited(t, "{ 'a b': 1 }", { 'a b': 1, "it's": 2 }), "{ 'a b': 1, 'it\\'s': 2 }")
})

t.test('what is new is written as what is there', async t => {
  const text = "{\n    // who\n    Keys: [],\n    'Router': { default: 'a,b' }, // rules\n}\n"
  t.equal(edited(t, text, { Keys: [{ name: "it's", 'x-y': ['"'], true: {} }], Router: { default: 'a,b', think: 'c,d' } }), `{
    // who
    Keys: [
        {
            name: 'it\\'s',
            'x-y': [
                '"'
            ],
            'true': {}
        }
    ],
    'Router': { default: 'a,b', think: 'c,d' }, // rules
}
`)
  t.equal(edited(t, '{\n\t"a": {\n\t\t"b": 1\n\t}\n}', { a: { b: 1, c: { d: [2] } } }), '{\n\t"a": {\n\t\t"b": 1,\n\t\t"c": {\n\t\t\t"d": [\n\t\t\t\t2\n\t\t\t]\n\t\t}\n\t}\n}')
})

t.test('a comment ends with its line', async t => {
  t.equal(edited(t, '{ // mine\na: [// ours\n0] }', { a: [] }), '{ // mine\na: [// ours\n] }')
  t.equal(edited(t, '{ // mine\na: 1, b: 2 }', {}), '{ // mine\n }')
  t.equal(edited(t, '{ a: [1, // one\n2] }', { a: [2, 1] }), '{ a: [\n2,1 // one\n] }')
})

t.test('what cannot be taken apart, and is as it shall be, stays', async t => {
  const text = '{\ufeff null: 1 /* mine */ }'
  t.equal(edited(t, text, { null: 1 }), text)
})

t.test('what cannot be taken apart is written anew', async t => {
  for (const text of ['', '{', '[]', 'null', '{ a: 1, a: 2 }', '{ a: .5.5 }', `${'{"a":'.repeat(5000)}1${'}'.repeat(5000)}`]) {
    t.strictSame(read(editText(text, { a: 1, b: [2] })), { a: 1, b: [2] }, text.slice(0, 20))
  }
})

const name = fc.oneof(fc.constantFrom('a', 'b', 'c', 'name', 'models', '__proto__', 'x y', "it's", '"', ''), fc.string({ maxLength: 6 }))
const { value: json } = fc.letrec<{ value: JsonValue }>(tie => ({
  value: fc.oneof({ maxDepth: 4 }, fc.string({ maxLength: 8 }), fc.integer(), fc.boolean(), fc.constant(null), fc.array(tie('value'), { maxLength: 4 }), fc.dictionary(name, tie('value'), { maxKeys: 4, noNullPrototype: true }) as fc.Arbitrary<JsonValue>)
}))
const document = fc.dictionary(name, json, { maxKeys: 6, noNullPrototype: true }) as fc.Arbitrary<JsonObject>

const TRIVIA = ['', ' ', '\n', '  // a comment\n', ' /* one */ ', '\r\n\t', ' /* two\n lines */ ', '// , } ] {\n']

/** A document as somebody might have written it. */
function render (value: JsonValue, pick: (n: number) => number): string {
  const trivia = (): string => TRIVIA[pick(TRIVIA.length)] ?? ''
  const list = (open: string, bodies: string[], close: string): string => `${open}${trivia()}${bodies.join(`${trivia()},${trivia()}`)}${bodies.length > 0 && pick(2) === 1 ? `${trivia()},` : ''}${trivia()}${close}`
  if (Array.isArray(value)) return list('[', value.map(item => render(item, pick)), ']')
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  return list('{', Object.entries(value).map(([key, member]) => `${/^[a-z]+$/.test(key) && pick(2) === 1 ? key : JSON.stringify(key)}${trivia()}:${trivia()}${render(member as JsonValue, pick)}`), '}')
}

t.test('whatever it was, it is read as what was wanted', async t => {
  fc.assert(fc.property(document, document, fc.array(fc.nat(), { minLength: 40, maxLength: 40 }), fc.boolean(), (before, other, picks, part) => {
    let at = 0
    const text = render(before, n => (picks[at++ % picks.length] ?? 0) % n)
    const wanted = part ? Object.fromEntries([...Object.entries(before).slice(1), ...Object.entries(other)]) as JsonObject : other
    t.strictSame(read(editText(text, wanted)), read(JSON.stringify(wanted)), 'as wanted')
    if (editText(text, read(text) as JsonObject) !== text) throw new Error('changed where nothing is different')
  }), { numRuns: 1500 })
})

t.test('members that are not touched keep their comments', async t => {
  fc.assert(fc.property(document, document, fc.array(fc.nat(), { minLength: 40, maxLength: 40 }), (before, other, picks) => {
    let at = 0
    const pick = (n: number): number => ((picks[at++ % picks.length] ?? 0) + at) % n
    const members = Object.entries(before).map(([name, member], i) => ({ name, text: `/* mark ${i} */ ${JSON.stringify(name)}: ${render(member as JsonValue, pick)}` }))
    const wanted = { ...other, ...Object.fromEntries(Object.entries(before).filter((_member, i) => (picks[i] ?? 0) % 3 > 0)) } as JsonObject
    const result = editText(`{${members.map(({ text }) => `\n${text}`).join(',')}\n}`, wanted)
    const [kept, gone] = [members.filter(({ name }) => Object.hasOwn(wanted, name)), members.filter(({ name }) => !Object.hasOwn(wanted, name))]
    for (const { name, text } of kept) {
      const whole = wanted[name] === before[name]
      if (!result.includes(whole ? text : text.slice(0, text.indexOf(':')))) throw new Error(`${text} is missing in ${result}`)
    }
    for (const { text } of gone) if (result.includes(text)) throw new Error(`${text} is in ${result}`)
  }), { numRuns: 1500 })
})

t.test('a large one takes no time to speak of', async t => {
  const Providers = Array.from({ length: 3000 }, (_, i) => ({ name: `p${i}`, api_base_url: `http://127.0.0.1/${i}`, models: [`m${i}`, 'n'], api_key: '$KEY' }))
  const text = JSON.stringify({ Providers }, null, 2)
  const result = editText(text, { Providers: [...Providers.slice(0, 1000), ...Providers.slice(1001), { name: 'new' }] })
  t.strictSame((read(result) as { Providers: unknown[] }).Providers.length, 3000)
})
