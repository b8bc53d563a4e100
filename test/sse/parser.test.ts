import fc from 'fast-check'
import t from 'tap'
import { SseParser } from '../../src/sse/parser.ts'

type Event = [data: string, event: string]

/** Parses bytes cut into these pieces. */
function parse (pieces: readonly Buffer[]): Event[] {
  const events: Event[] = []
  const parser = new SseParser((data, event) => events.push([data, event]))
  for (const piece of pieces) parser.push(piece)
  parser.end()
  return events
}

function whole (text: string): Event[] {
  return parse([Buffer.from(text)])
}

function bytewise (bytes: Buffer): Buffer[] {
  return Array.from(bytes, (_, i) => bytes.subarray(i, i + 1))
}

/** Cuts at ascending offsets. */
function cutAt (bytes: Buffer, offsets: readonly number[]): Buffer[] {
  const ends = [...offsets, bytes.length]
  return ends.map((end, i) => bytes.subarray(i === 0 ? 0 : ends[i - 1], end))
}

/** One stream of each form that the specification allows, and what it says. */
const streams: { name: string, text: string, events: Event[] }[] = [
  { name: 'events of one line', text: 'data: one\n\ndata: two\n\n', events: [['one', ''], ['two', '']] },
  { name: 'no space after the colon', text: 'data:one\n\nevent:e\ndata:two\n\n', events: [['one', ''], ['two', 'e']] },
  { name: 'only the first space is left out', text: 'data:  one \n\n', events: [[' one ', '']] },
  { name: 'a colon in the data', text: 'data: a:b: c\n\n', events: [['a:b: c', '']] },
  { name: 'CR LF', text: 'event: e\r\ndata: one\r\n\r\ndata: two\r\n\r\n', events: [['one', 'e'], ['two', '']] },
  { name: 'CR alone', text: 'event: e\rdata: one\r\rdata: two\r\r', events: [['one', 'e'], ['two', '']] },
  { name: 'all line ends mixed', text: 'data: one\r\n\ndata: two\r\rdata: three\n\r\n', events: [['one', ''], ['two', ''], ['three', '']] },
  { name: 'a byte order mark', text: '\uFEFFdata: one\n\n', events: [['one', '']] },
  { name: 'a byte order mark that is data', text: 'data: \uFEFFone\n\n', events: [['\uFEFFone', '']] },
  { name: 'comments before, between and inside events', text: ': OPENROUTER PROCESSING\n\n:\ndata: one\n: keep-alive\ndata: two\n\n: bye\n\n', events: [['one\ntwo', '']] },
  { name: 'data of several lines', text: 'data: one\ndata:\ndata: three\n\n', events: [['one\n\nthree', '']] },
  { name: 'event names, in either order', text: 'event: error\ndata: one\n\ndata: two\nevent: late\n\ndata: three\n\n', events: [['one', 'error'], ['two', 'late'], ['three', '']] },
  { name: 'the name of an event without data is not the next one\'s', text: 'event: ping\n\ndata: one\n\n', events: [['one', '']] },
  { name: 'id, retry and unknown fields', text: 'id: 7\nretry: 100\nfoo: bar\ndata: one\n\nid\n\n', events: [['one', '']] },
  { name: 'fields that only begin like data', text: 'database: x\ndata: one\n\n', events: [['one', '']] },
  { name: 'characters of two, three and four bytes', text: 'data: é € 😀 漢字 👩‍👩‍👧\n\nevent: ü\ndata: 🎉\n\n', events: [['é € 😀 漢字 👩‍👩‍👧', ''], ['🎉', 'ü']] },
  { name: 'a last event without its blank line', text: 'data: one\n\ndata: two\n', events: [['one', ''], ['two', '']] },
  { name: 'a last line without its end', text: 'data: one\n\nevent: e\ndata: two', events: [['one', ''], ['two', 'e']] },
  { name: 'a last line that ends in CR', text: 'data: one\r', events: [['one', '']] },
  { name: 'a bare JSON error line', text: 'data: one\n\n{"error":{"code":500}}\n', events: [['one', ''], ['{"error":{"code":500}}', 'error']] },
  { name: 'a bare JSON error in an array, without a line end', text: 'data: one\n\n[{"error":{"code":500}}]', events: [['one', ''], ['[{"error":{"code":500}}]', 'error']] },
  { name: 'a bare JSON error behind data without a blank line', text: 'data: one\n{"error":{"code":500}}\ndata: two\n\n', events: [['one', ''], ['{"error":{"code":500}}', 'error'], ['two', '']] },
  { name: 'a bare JSON error over several lines', text: 'data: one\r\n\r\n{\r\n  "error": {\r\n    "code": 503\r\n  }\r\n}\r\n', events: [['one', ''], ['{\n  "error": {\n    "code": 503\n  }\n}', 'error']] },
  { name: 'the same in an array, and data behind it', text: '[{\n  "error": {\n    "code": 503\n  }\n}\n]\ndata: two\n\n', events: [['[{\n  "error": {\n    "code": 503\n  }\n}\n]', 'error'], ['two', '']] },
  { name: 'an array with its bracket in a line of its own', text: '[\n  {\n    "error": {}\n  }\n]', events: [['[\n  {\n    "error": {}\n  }\n]', 'error']] },
  { name: 'a bare JSON error that is cut', text: 'data: one\n\n{\n  "error": {\n    "code": 5', events: [['one', ''], ['{\n  "error": {\n    "code": 5', 'error']] },
  { name: 'a bare JSON error that data cut off', text: '{\n  "error": {\ndata: one\n\n', events: [['{\n  "error": {', 'error'], ['one', '']] },
  { name: 'bare JSON that is no error', text: 'data: one\n{\n  "candidates": []\n}\ndata: two\n\n{"a":1}\n[1]\n[\n\n', events: [['one\ntwo', '']] },
  { name: 'nothing', text: '', events: [] },
  { name: 'blank lines only', text: '\n\r\n\n', events: [] }
]

t.test('whole', async t => {
  for (const { name, text, events } of streams) t.strictSame(whole(text), events, name)
})

t.test('one byte at a time', async t => {
  for (const { name, text, events } of streams) t.strictSame(parse(bytewise(Buffer.from(text))), events, name)
})

t.test('cut in two at every place, inside characters and line ends too', async t => {
  for (const { name, text, events } of streams) {
    const bytes = Buffer.from(text)
    const wrong: number[] = []
    for (let at = 0; at <= bytes.length; at++) {
      if (JSON.stringify(parse(cutAt(bytes, [at]))) !== JSON.stringify(events)) wrong.push(at)
    }
    t.strictSame(wrong, [], `${name}: offsets with another result`)
  }
})

t.test('empty reads change nothing', async t => {
  const empty = Buffer.alloc(0)
  t.strictSame(parse([empty, Buffer.from('data: o'), empty, Buffer.from('ne\r'), empty, Buffer.from('\n\r\n'), empty]), [['one', '']])
})

t.test('an event is handed over as soon as its blank line is there', async t => {
  const events: Event[] = []
  const parser = new SseParser((data, event) => events.push([data, event]))
  parser.push(Buffer.from('data: one\n'))
  t.strictSame(events, [], 'the line alone is no event yet')
  parser.push(Buffer.from('\ndata: two\r\n\r'))
  t.strictSame(events, [['one', ''], ['two', '']], 'a CR alone may be the whole line end')
  parser.push(Buffer.from('\ndata: three\n\n'))
  t.strictSame(events.length, 3, 'and the LF behind it is no second one')
})

t.test('a long line in many pieces stays one line', async t => {
  const data = 'x€'.repeat(50_000)
  const bytes = Buffer.from(`data: ${data}\n\n`)
  const pieces = Array.from({ length: Math.ceil(bytes.length / 1000) }, (_, i) => bytes.subarray(i * 1000, (i + 1) * 1000))
  t.strictSame(parse(pieces), [[data, '']])
})

t.test('what never ends as a bare JSON error does not pile up', async t => {
  const [[error], ...rest] = whole(`{\n${'"error": 1,\n'.repeat(20_000)}data: one\n\n`) as [Event, ...Event[]]
  t.ok(error.length < 100_000)
  t.strictSame(rest, [['one', '']])
})

t.test('any events, with any line ends, cut anywhere', async t => {
  const text = fc.string({ unit: 'grapheme' }).filter(value => !/[\r\n]/.test(value))
  const event = fc.record({
    name: fc.constantFrom('', 'error', 'ping'),
    // A leading byte order mark would be one only at the start of the stream.
    lines: fc.array(text, { minLength: 1, maxLength: 3 }),
    end: fc.constantFrom('\n', '\r', '\r\n'),
    comment: fc.boolean()
  })
  const property = fc.property(fc.array(event, { maxLength: 8 }), fc.array(fc.nat(), { maxLength: 12 }), (events, cuts) => {
    const stream = events.map(({ name, lines, end, comment }) => [
      ...(comment ? [': x'] : []), ...(name === '' ? [] : [`event: ${name}`]), ...lines.map(line => `data: ${line}`), '', ''
    ].join(end)).join('')
    const bytes = Buffer.from(stream)
    const offsets = cuts.map(cut => cut % (bytes.length + 1)).sort((a, b) => a - b)
    const expected = events.map(({ name, lines }) => [lines.join('\n'), name])
    return JSON.stringify(parse(cutAt(bytes, offsets))) === JSON.stringify(expected)
  })
  t.doesNotThrow(() => fc.assert(property))
})
