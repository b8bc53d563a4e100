import t from 'tap'
import { sealReasoning } from '../../../src/message/envelope.ts'
import { conversationKey } from '../../../src/message/conversation-key.ts'
import { ReasoningMemory } from '../../../src/message/reasoning-memory.ts'
import type { ContentBlock, MessageParam } from '../../../src/wire/anthropic.ts'
import type { GeminiContent, GeminiPart, GeminiRequest } from '../../../src/wire/gemini.ts'
import type { JsonObject } from '../../../src/wire/json.ts'
import { schemaProblems } from '../../helper/kinds/gemini-schema.ts'
import { type TargetOptions, encode, pairNamed, targetOf } from '../../helper/pairs.ts'

const NEW = { model: 'gemini-3.6-flash' }
const OLD = { model: 'gemini-2.5-pro' }
const SENTINEL = 'c2tpcF90aG91Z2h0X3NpZ25hdHVyZV92YWxpZGF0b3I='
const png = { type: 'image', source: { type: 'base64', media_type: 'image/png', data: 'iVBORw0KGgo=' } } as const
const pdf = { type: 'document', title: 'a.pdf', source: { type: 'base64', media_type: 'application/pdf', data: 'JVBERi0=' } } as const
const pngPart = { inlineData: { mimeType: 'image/png', data: 'iVBORw0KGgo=' } }
const pdfPart = { inlineData: { mimeType: 'application/pdf', data: 'JVBERi0=' } }
const search = { type: 'web_search_20250305', name: 'web_search' }
const tool = { name: 'Read', description: 'Reads.', input_schema: { type: 'object', properties: { path: { type: 'string' } }, required: ['path'] } }
const call = (id: string, name = 'Read'): ContentBlock => ({ type: 'tool_use', id, name, input: { path: id } })
const result = (id: string, content: string | ContentBlock[], rest: object = {}): ContentBlock => ({ type: 'tool_result', tool_use_id: id, content, ...rest })
const redacted = (...details: JsonObject[]): ContentBlock => ({ type: 'redacted_thinking', data: sealReasoning({ family: 'gemini', field: 'thoughtSignature', details }, '') })

interface Sent { body: GeminiRequest, contents: GeminiContent[], dropped: string[], url: URL, headers: Record<string, string> }

function send (request: object, options: TargetOptions = NEW): Sent {
  const { body, ...rest } = encode('gemini', request, options)
  const sent = body as unknown as GeminiRequest
  return { ...rest, body: sent, contents: sent.contents }
}

/** The parts of a turn of the model's that holds these blocks. */
function model (blocks: ContentBlock[], options: TargetOptions = NEW): GeminiPart[] {
  return send({ messages: [{ role: 'user', content: 'a' }, { role: 'assistant', content: blocks }, { role: 'user', content: 'b' }] }, options).contents[1]?.parts ?? []
}

/** The parts of the user's turn behind two calls. */
function results (options: TargetOptions, ...content: ContentBlock[]): GeminiPart[] {
  const messages = [{ role: 'user', content: 'a' }, { role: 'assistant', content: [call('toolu_1'), call('toolu_2', 'Grep')] }, { role: 'user', content }]
  return send({ messages }, options).contents[2]?.parts ?? []
}

t.test('where it goes', async t => {
  const bases: [string, string][] = [
    ['https://generativelanguage.googleapis.com', '/v1beta'],
    ['https://generativelanguage.googleapis.com/', '/v1beta'],
    ['https://generativelanguage.googleapis.com/v1beta', '/v1beta'],
    ['https://generativelanguage.googleapis.com/v1beta/', '/v1beta'],
    ['https://generativelanguage.googleapis.com/v1beta/models', '/v1beta'],
    ['https://generativelanguage.googleapis.com/v1beta/models/', '/v1beta'],
    ['https://generativelanguage.googleapis.com/v1beta/models/gemini-2.5-pro:generateContent', '/v1beta'],
    ['https://generativelanguage.googleapis.com/v1beta/openai/chat/completions', '/v1beta'],
    ['https://proxy.example/google/v1alpha?tenant=a', '/google/v1alpha']
  ]
  for (const [base, path] of bases) t.equal(pairNamed('gemini').endpoint?.(new URL(base)).pathname, path, base)

  const rest = { url: new URL('https://proxy.example/v1beta?tenant=a') }
  t.equal(send({}, { ...NEW, rest }).url.href, 'https://proxy.example/v1beta/models/gemini-3.6-flash:generateContent?tenant=a')
  t.equal(send({ stream: true }, { ...NEW, rest }).url.href, 'https://proxy.example/v1beta/models/gemini-3.6-flash:streamGenerateContent?tenant=a&alt=sse')
  t.equal(send({}, { model: 'tunedModels/a b', rest }).url.pathname, '/v1beta/tunedModels/a%20b:generateContent')
  const { headers, url } = send({ stream: true })
  t.strictSame(headers, { 'content-type': 'application/json', accept: 'text/event-stream', 'x-goog-api-key': 'upstream-secret' })
  t.notMatch(url.href, /upstream-secret/)

  const target = targetOf('gemini', NEW)
  const urlOf = (stream: boolean): URL => pairNamed('gemini').encodeRequest({ model: 'x', max_tokens: 1, messages: [{ role: 'user', content: 'a' }], stream }, target, { headers: {}, search: '' }).url
  t.equal(urlOf(true), urlOf(true), 'the same object every time')
  t.not(urlOf(true), urlOf(false))
})

t.test('system and turns', async t => {
  const request = {
    system: [{ type: 'text', text: 'x-anthropic-billing-header: cc_version=2;' }, { type: 'text', text: 'You are.' }, { type: 'text', text: '' }],
    messages: [
      { role: 'system', content: 'First of all.' },
      { role: 'user', content: 'a' },
      { role: 'assistant', content: [{ type: 'thinking', thinking: 'of another', signature: 'x' }] },
      { role: 'user', content: [{ type: 'text', text: 'b' }, { type: 'text', text: '' }] },
      { role: 'system', content: 'By the way.' },
      { role: 'assistant', content: [{ type: 'text', text: 'c' }, { type: 'text', text: 'd' }] }
    ]
  }
  const { body, dropped } = send(request, OLD)
  t.strictSame(body.systemInstruction, { parts: [{ text: 'You are.' }, { text: 'First of all.' }] })
  t.strictSame(body.contents, [
    { role: 'user', parts: [{ text: 'a' }, { text: 'b' }, { text: '<system-reminder>\nBy the way.\n</system-reminder>' }] },
    { role: 'model', parts: [{ text: 'c' }, { text: 'd' }] }
  ], 'roles alternate, nothing is empty')
  t.strictSame(dropped, [])
  const { contents, dropped: lost } = send(request)
  t.strictSame([contents, lost], [body.contents.slice(0, 1), ['messages.prefill']], 'Gemini 3 goes on with no beginning of an answer')
  t.equal(send({}).body.systemInstruction, undefined)
})

t.test('what the user shows', async t => {
  const parts = (block: object): GeminiPart[] | undefined => send({ messages: [{ role: 'user', content: [block] }] }).contents[0]?.parts
  t.strictSame(parts(png), [pngPart])
  t.strictSame(parts(pdf), [{ text: 'a.pdf' }, pdfPart])
  t.strictSame(parts({ type: 'document', title: 'Notes', context: 'of May', source: { type: 'text', data: 'Buy milk.' } }), [{ text: 'Notes\nof May' }, { text: 'Buy milk.' }])
  t.strictSame(parts({ type: 'document', source: { type: 'content', content: [{ type: 'text', text: 'Page 1' }, png] } }), [{ text: 'Page 1' }, pngPart])
  t.match(parts({ type: 'search_result', source: 'https://a.example', title: 'A', content: [{ type: 'text', text: 'found' }] }), [{ text: /A.*https:\/\/a\.example[^]*found/ }])
  for (const type of ['image', 'document']) {
    t.throws(() => parts({ type, source: { type: 'url', url: 'https://a.example/a' } }), { name: 'ApiError', status: 400, message: /URL/ }, 'the core should have loaded it')
    t.throws(() => parts({ type, source: { type: 'file', file_id: 'file_1' } }), { name: 'ApiError', status: 400, message: /file_id/ })
  }
})

t.test('results of calls', async t => {
  const fine = { functionResponse: { id: 'toolu_2', name: 'Grep', response: { output: 'fine' } } }
  const cases: [string, ContentBlock, object][] = [
    ['a string', result('toolu_1', 'found'), { output: 'found' }],
    ['texts', result('toolu_1', [{ type: 'text', text: 'one' }, { type: 'text', text: 'two' }]), { output: 'one\ntwo' }],
    ['nothing', result('toolu_1', ''), { output: '' }],
    ['an error', result('toolu_1', 'exit code 1', { is_error: true }), { error: 'exit code 1' }],
    ['an error without a word', result('toolu_1', [], { is_error: true }), { error: 'The tool failed without a message.' }],
    ['a reference', result('toolu_1', [{ type: 'tool_reference', tool_name: 'Edit' }]), { output: 'Edit' }],
    ['a text document', result('toolu_1', [{ type: 'document', source: { type: 'text', data: 'Buy milk.' } }]), { output: 'Buy milk.' }]
  ]
  for (const [what, block, response] of cases) {
    const own = { functionResponse: { id: 'toolu_1', name: 'Read', response } }
    t.strictSame(results(NEW, result('toolu_2', 'fine'), { type: 'text', text: 'and hurry' }, block), [own, fine, { text: 'and hurry' }], `${what}: in the order of the calls, and first`)
  }
  t.match(results(NEW, result('toolu_2', 'fine')), [{ functionResponse: { id: 'toolu_1', name: 'Read', response: { error: /interrupted/ } } }, fine], 'each call has a result')

  const shown = [result('toolu_1', [{ type: 'text', text: 'the screen' }, png, { ...png, source: { ...png.source, media_type: 'image/gif' } }]), result('toolu_2', [pdf]), { type: 'text', text: 'See?' }] as ContentBlock[]
  t.strictSame(results(NEW, ...shown), [
    { functionResponse: { id: 'toolu_1', name: 'Read', response: { output: 'the screen' }, parts: [pngPart] } },
    { functionResponse: { id: 'toolu_2', name: 'Grep', response: { output: 'a.pdf' }, parts: [pdfPart] } },
    { text: 'Attached to the result of the function call toolu_1:' },
    { inlineData: { mimeType: 'image/gif', data: 'iVBORw0KGgo=' } },
    { text: 'See?' }
  ], 'Gemini 3 takes some types in the result')
  t.strictSame(results(OLD, ...shown.slice(1)).slice(1), [
    { functionResponse: { id: 'toolu_2', name: 'Grep', response: { output: 'a.pdf' } } },
    { text: 'Attached to the result of the function call toolu_2:' },
    pdfPart,
    { text: 'See?' }
  ], 'before, all stand beside it')
  t.match(results(OLD, result('toolu_1', [png]))[0], { functionResponse: { response: { output: 'See the attachment.' } } })
})

t.test('ids and names of calls find their way', async t => {
  const id = 'toolu_sy_ZnVuY3Rpb25zLlJlYWQ6MA'
  const messages: MessageParam[] = [{ role: 'user', content: 'a' }, { role: 'assistant', content: [{ type: 'tool_use', id, name: '3d view', input: 'odd' }] }, { role: 'user', content: [result(id, 'x')] }]
  const { contents, body } = send({ messages, tools: [{ name: '3d view' }, { name: 'mcp__a-b__c' }, { name: '_:3d:' }], tool_choice: { type: 'tool', name: '3d view' } })
  t.match(contents[1]?.parts, [{ functionCall: { id: 'functions.Read:0', name: '_:3d:20:view', args: { input: 'odd' } } }])
  t.match(contents[2]?.parts, [{ functionResponse: { id: 'functions.Read:0', name: '_:3d:20:view' } }])
  t.match(body.tools, [{ functionDeclarations: [{ name: '_:3d:20:view' }, { name: 'mcp__a-b__c' }, { name: '_:_:3a:3d:3a:' }] }])
  t.match(body.toolConfig, { functionCallingConfig: { mode: 'ANY', allowedFunctionNames: ['_:3d:20:view'] } })
  const longest = 'x'.repeat(128)
  const long = [`1${longest.slice(1)}`, `${longest}y`, `${longest}z`, '\u{1f6e0}'.repeat(20)]
  const { tools } = send({ tools: [longest, ...long].map(name => ({ name })), tool_choice: { type: 'tool', name: long[0] } }).body
  const names = (tools as { functionDeclarations: { name: string }[] }[])[0]?.functionDeclarations.map(({ name }) => name) ?? []
  t.strictSame(names.map(({ length }) => length), [128, 128, 128, 128, 128])
  t.ok(names.every(name => /^[A-Za-z_][\w.:-]*$/.test(name)))
  t.equal(names[0], longest)
  t.equal(new Set(names).size, 5)
  t.strictSame(long.map(name => (model([call('a', name)])[0] as { functionCall?: { name: string } }).functionCall?.name), names.slice(1), 'the same in a call')
})

t.test('signatures stand in the parts that they came in', async t => {
  const sign = (thoughtSignature: string): { thoughtSignature: string } => ({ thoughtSignature })
  const part = (id: string, signature?: string): object => ({ functionCall: { id, name: 'Read', args: { path: id } }, ...(signature !== undefined && sign(signature)) })
  const thinking = (...details: JsonObject[]): ContentBlock => ({ type: 'thinking', thinking: 'Hm.', signature: sealReasoning({ family: 'gemini', field: 'thoughtSignature', ...(details.length > 0 && { details }) }, 'Hm.') })
  const cases: [string, ContentBlock[], object[]][] = [
    ['the first of parallel calls', [thinking({ call: 'a', ...sign('A') }), call('a'), call('b')], [part('a', 'A'), part('b')]],
    ['without a thought', [redacted({ call: 'a', ...sign('A') }), call('a')], [part('a', 'A')]],
    ['each of two', [redacted({ call: 'a', ...sign('A') }), call('a'), redacted({ call: 'b', ...sign('B') }), call('b')], [part('a', 'A'), part('b', 'B')]],
    ['the beginning of a text', [thinking({ next: 3, ...sign('T') }), { type: 'text', text: 'Yes, indeed.' }], [{ text: 'Yes', ...sign('T') }, { text: ', indeed.' }]],
    ['a whole text', [redacted({ next: 4, ...sign('T') }), { type: 'text', text: 'Yes.' }], [{ text: 'Yes.', ...sign('T') }]],
    ['pieces of a text before a call', [{ type: 'text', text: 'One two three' }, redacted({ from: 4, length: 3, ...sign('T') }, { from: 1, length: 5, ...sign('U') }, { call: 'a', ...sign('A') }), call('a')], [{ text: 'One ' }, { text: 'two', ...sign('T') }, { text: ' ' }, { text: 'three', ...sign('U') }, part('a', 'A')]],
    ['an empty part behind a text', [{ type: 'text', text: 'One' }, redacted({ from: 3, length: 0, ...sign('T') }), call('a')], [{ text: 'One' }, { text: '', ...sign('T') }, part('a', SENTINEL)]],
    ['an empty part of its own', [redacted({ text: '', ...sign('T') })], [{ text: '', ...sign('T') }]],
    ['parts of a server tool', [redacted({ toolCall: { id: '1' }, ...sign('S') }, { toolResponse: { id: '1' } }), { type: 'text', text: 'So.' }], [{ toolCall: { id: '1' }, ...sign('S') }, { toolResponse: { id: '1' } }, { text: 'So.' }]],
    ['a text that was shortened since', [redacted({ next: 9, ...sign('T') }), { type: 'text', text: 'Yes.' }, redacted({ from: 2, length: 9, ...sign('T') })], [{ text: 'Yes.' }]],
    ['thoughts themselves are not sent', [thinking(), { type: 'text', text: 'Yes.' }], [{ text: 'Yes.' }]],
    ['a signed thought is', [thinking({ thought: true, text: 'Hm.', ...sign('H') }), { type: 'text', text: 'Yes.' }], [{ thought: true, text: 'Hm.', ...sign('H') }, { text: 'Yes.' }]],
    ['no signature at all', [call('a'), call('b')], [part('a', SENTINEL), part('b')]],
    ['one of another family', [{ type: 'redacted_thinking', data: sealReasoning({ family: 'openrouter', field: 'reasoning', details: [{ call: 'a', ...sign('X') }] }, '') }, call('a')], [part('a', SENTINEL)]]
  ]
  for (const [what, blocks, parts] of cases) t.strictSame(model(blocks), parts, what)
  t.strictSame(model([call('a'), call('b')], OLD), [part('a'), part('b')], 'before Gemini 3 none is needed')
  t.strictSame(model([call('a')], { model: 'test-model' }), [part('a')], 'and a model that is no Gemini would not know it')
  t.strictSame(model([call('a')], { model: 'test-model', options: { generation: 3 } }), [part('a', SENTINEL)], 'unless it is said to be one')

  const memory = new ReasoningMemory()
  memory.of(conversationKey({ messages: [{ role: 'user', content: 'a' }] })).remember('a', { envelope: { family: 'gemini', field: 'thoughtSignature', details: [{ call: 'a', ...sign('A') }] }, text: '' })
  t.strictSame(model([call('a'), call('b')], { ...NEW, rest: { memory } }), [part('a', 'A'), part('b')], 'what the client left out is remembered')
})

t.test('a search that Google ran is told as text', async t => {
  const found: ContentBlock[] = [
    { type: 'text', text: 'It rains.' },
    { type: 'server_tool_use', id: 'srvtoolu_1', name: 'web_search', input: { query: 'x' } },
    { type: 'web_search_tool_result', tool_use_id: 'srvtoolu_1', content: [{ type: 'web_search_result', url: 'https://a.example', title: 'A', encrypted_content: '', page_age: null }] }
  ]
  t.match(model(found), [{ text: 'It rains.' }, { text: /A: https:\/\/a\.example/ }])
})

const own = { own: { type: 'string' } }
const base = { base: { type: 'string' } }
const to = (name: string): object => ({ $ref: `#/$defs/${name}` })
const list = (items: object): object => ({ type: 'array', items })

/** Schemas with references: what came, and what Gemini gets. */
const REFERENCES: [string, object, object][] = [
  ['of definitions those in use, from either place and of one name',
    { properties: { a: to('A'), b: { $ref: '#/definitions/A' }, c: { $ref: '#/definitions/B' } }, $defs: { A: { type: 'string' }, C: {} }, definitions: { A: { type: 'number' }, B: { type: 'boolean' } } },
    { properties: { a: to('A'), b: to('A_2'), c: to('B') }, $defs: { A: { type: 'string' }, A_2: { type: 'number' }, B: { type: 'boolean' } } }],
  ['definitions deep inside, of odd names, and what is none',
    { properties: { a: { type: 'object', definitions: { X: { type: 'string' } }, properties: { x: { $ref: '#/properties/a/definitions/X' } } }, b: { $ref: '#/$defs/List%3CA~1B%3E' }, c: { $ref: '#/%zz', description: 'x' }, d: { $ref: 'https://x.example/y' }, e: { $ref: '#anchor' }, f: { $ref: '#/$defs/yes' } }, $defs: { 'List<A/B>': { type: 'number' }, yes: true } },
    { properties: { a: { type: 'object', properties: { x: to('X') } }, b: to('List_A_B_'), c: { description: 'x' }, d: {}, e: {}, f: {} }, $defs: { X: { type: 'string' }, List_A_B_: { type: 'number' } } }],
  ['a lone reference, also in an allOf',
    { properties: { a: { allOf: [to('A')], description: 'x', default: 'y' } }, $defs: { A: { type: 'string' } } },
    { properties: { a: to('A') }, $defs: { A: { type: 'string' } } }],
  ['a reference beside something else',
    { properties: { a: { allOf: [to('A'), { properties: own, required: ['own'] }] }, b: { ...to('A'), properties: own }, c: { allOf: [to('A'), to('B')] }, d: { allOf: [to('C'), { properties: own }] } }, $defs: { A: { type: 'object', properties: base, required: ['base'] }, B: { properties: own }, C: { allOf: [to('A'), to('B')] } } },
    { properties: { a: { properties: { ...base, ...own }, type: 'object', required: ['base', 'own'] }, b: { properties: { ...own, ...base }, type: 'object', required: ['base'] }, c: { properties: { ...base, ...own }, type: 'object', required: ['base'] }, d: { properties: { ...base, ...own }, type: 'object', required: ['base'] } } }],
  ['the whole is never a mere reference',
    { type: 'object', allOf: [to('A')], $defs: { A: { type: 'object', properties: base } } },
    { type: 'object', properties: base }],
  ['nor a circle of them',
    { $ref: '#', type: 'object', properties: { a: { $ref: '#/$defs/B' } }, $defs: { B: { $ref: '#/$defs/C' }, C: { $ref: '#/$defs/B' } } },
    { type: 'object', properties: { a: to('B') }, $defs: { B: to('C'), C: {} } }],
  ['properties that lead back to their definition are not required',
    { type: 'object', properties: { root: to('node') }, required: ['root'], $defs: { node: { type: 'object', properties: { name: { type: 'string' }, children: list(to('node')), next: to('node') }, required: ['name', 'children', 'next'] } } },
    { type: 'object', properties: { root: to('node') }, required: ['root'], $defs: { node: { type: 'object', properties: { name: { type: 'string' }, children: list(to('node')), next: to('node') }, required: ['name'] } } }],
  ['nor those that lead back to the whole, of several on the way the innermost',
    { type: 'object', properties: { a: { type: 'object', properties: { self: { $ref: '#' } }, required: ['self'] } }, required: ['a'] },
    { type: 'object', properties: { a: { type: 'object', properties: { self: { $ref: '#' } } } }, required: ['a'] }],
  ['by way of another definition too',
    { properties: { a: to('A') }, required: ['a'], $defs: { A: { type: 'object', properties: { b: to('Bs'), more: to('Bs') }, required: ['b', 'more'] }, Bs: list(to('A')) } },
    { properties: { a: to('A') }, required: ['a'], $defs: { A: { type: 'object', properties: { b: to('Bs'), more: to('Bs') } }, Bs: list(to('A')) } }],
  ['what leads back without a property may be anything',
    { properties: { a: to('Json') }, $defs: { Json: { anyOf: [{ type: 'string' }, list(to('Json')), { type: 'object', additionalProperties: to('Json') }] } } },
    { properties: { a: to('Json') }, $defs: { Json: { anyOf: [{ type: 'string' }, list({}), { type: 'object', additionalProperties: {} }] } } }],
  ['a copy never holds itself',
    { properties: { a: to('A'), b: to('B') }, $defs: { A: { allOf: [to('Base'), { properties: { next: { ...to('A'), required: ['own'] }, up: { allOf: [to('Base'), { properties: own }] } } }] }, B: { ...to('Base'), properties: { up: { ...to('Base'), properties: own } } }, Base: { type: 'object', properties: base } } },
    { properties: { a: to('A'), b: to('B') }, $defs: { A: { properties: { ...base, next: to('A'), up: { properties: { ...base, ...own }, type: 'object' } }, type: 'object' }, B: { properties: { up: { properties: { ...own, ...base }, type: 'object' }, ...base }, type: 'object' } } }]
]

t.test('the tests\' Gemini refuses what the real one would', async t => {
  const cases: [object, RegExp][] = [
    [{ properties: { a: to('A') } }, /a \$ref to nothing: #\/\$defs\/A/],
    [{ properties: { a: { $ref: '#/properties/b' }, b: {} } }, /a \$ref to nothing/],
    [{ ...to('A'), $defs: { A: {} } }, /a mere \$ref/],
    [{ properties: { a: { $ref: '#' } }, required: ['a'] }, /cyclic/],
    [{ properties: { a: to('A') }, $defs: { A: { properties: { b: to('B') }, required: ['b'] }, B: list(to('A')) } }, /cyclic/],
    [{ properties: { a: { type: ['string', 'null'], format: 'uri' } } }, /format: uri/],
    [{ properties: {}, required: ['a'] }, /not all defined/]
  ]
  for (const [schema, expected] of cases) t.match(schemaProblems(schema).join(), expected, JSON.stringify(schema))
})

t.test('a few definitions do not make a schema of any size', async t => {
  const $defs = Object.fromEntries(Array.from({ length: 30 }, (_, i) => [`d${i}`, { properties: { a: { ...to(`d${i + 1}`), minProperties: 1 }, b: { ...to(`d${i + 1}`), minProperties: 1 } } }]))
  const { tools } = send({ tools: [{ name: 'a', input_schema: { type: 'object', properties: { a: to('d0') }, $defs } }] }).body
  t.ok(JSON.stringify(tools).length < 50_000)
})

t.test('schemas in the keywords that Gemini knows', async t => {
  const integer = (rest: object): object => ({ type: 'integer', ...rest })
  const cases: [string, object, object][] = [
    ['what it knows stays', tool.input_schema, tool.input_schema],
    ['what it does not is left out', { $schema: 'x', type: 'object', properties: { a: { type: 'string', default: 'x', minLength: 1, maxLength: 9, pattern: '^a' } }, propertyNames: { type: 'string' }, additionalProperties: {}, not: {}, if: {}, constructor: {} }, { type: 'object', properties: { a: { type: 'string' } }, additionalProperties: {} }],
    ['const', { anyOf: [{ type: 'string', const: 'a' }, { const: 2 }, { const: true }] }, { anyOf: [{ type: 'string', enum: ['a'] }, { enum: [2] }, {}] }],
    ['enum', { properties: { a: { enum: ['x', null, 1] }, b: { enum: [true] }, c: { enum: [] } } }, { properties: { a: { enum: ['x', 1] }, b: {}, c: {} } }],
    ['bounds of integers', integer({ exclusiveMinimum: 0, exclusiveMaximum: 10 }), integer({ minimum: 1, maximum: 9 })],
    ['bounds of numbers', { type: 'number', exclusiveMinimum: 0, exclusiveMaximum: true }, { type: 'number', minimum: 0 }],
    ['formats of strings', { properties: { a: { type: 'string', format: 'uri', description: 'Where.' }, b: { description: '', format: 'email', type: 'string' }, c: { type: 'string', format: 'date-time' }, d: integer({ format: 'int32' }), e: { type: ['string', 'null'], format: 'uri' }, f: { format: 'uri' }, g: { type: 'string', format: 'int64' }, h: integer({ format: 'uint8' }) } }, { properties: { a: { type: 'string', description: 'Where. (format: uri)' }, b: { description: 'Format: email', type: 'string' }, c: { type: 'string', format: 'date-time' }, d: integer({ format: 'int32' }), e: { type: ['string', 'null'], description: 'Format: uri' }, f: { description: 'Format: uri' }, g: { type: 'string', description: 'Format: int64' }, h: integer({ description: 'Format: uint8' }) } }],
    ['references stand alone', { $ref: '#/definitions/a', description: 'x', definitions: { a: { type: 'object', $comment: 'x', properties: { self: { $ref: '#/definitions/a', title: 'x' } } } } }, { description: 'x', properties: { self: { $ref: '#/$defs/a' } }, type: 'object', $defs: { a: { type: 'object', properties: { self: { $ref: '#/$defs/a' } } } } }],
    ['tuples and anything', { items: [{ type: 'string', default: '' }, true], prefixItems: 'odd' }, { prefixItems: [{ type: 'string' }, {}] }],
    ['nullable', { nullable: true, type: 'string' }, { type: ['string', 'null'] }],
    ['type lists', { type: ['string', 'null'] }, { type: ['string', 'null'] }],
    ['required without a definition', { properties: { a: {} }, required: ['a', 'b'], anyOf: [{ required: ['a'] }] }, { properties: { a: {} }, anyOf: [{}], required: ['a'] }],
    ['names by a pattern', { type: 'object', patternProperties: { '^x': {} }, additionalProperties: false }, { type: 'object' }],
    ['allOf', { description: 'x', allOf: [{ properties: { a: { const: 'x' } }, required: ['a'], description: 'y' }, { allOf: [{ type: 'object', properties: { b: {} }, required: ['b'] }] }] }, { description: 'x', properties: { a: { enum: ['x'] }, b: {} }, type: 'object', required: ['a', 'b'] }],
    ...REFERENCES,
    ['a property of an odd name', JSON.parse('{"properties":{"__proto__":{"const":"x"}}}') as object, JSON.parse('{"properties":{"__proto__":{"enum":["x"]}}}') as object]
  ]
  for (const [what, schema, expected] of cases) {
    const { tools } = send({ tools: [{ name: 'a', input_schema: schema }] }).body
    t.equal(JSON.stringify(tools), JSON.stringify([{ functionDeclarations: [{ name: 'a', parametersJsonSchema: expected }] }]), what)
    t.strictSame(schemaProblems(expected), [], `${what}: legal`)
  }
  const format = { type: 'json_schema', schema: { $schema: 'x', ...tool.input_schema } }
  const asked = { output_config: { format } }
  const sent = { responseMimeType: 'application/json', responseJsonSchema: tool.input_schema }
  t.match(send(asked).body.generationConfig, sent)
  t.match(send({ ...asked, tools: [tool] }).body.generationConfig, sent)
  t.match(send({ ...asked, tools: [] }, OLD).body.generationConfig, sent)
  const both = send({ ...asked, tools: [tool] }, OLD)
  t.notOk('responseMimeType' in both.body.generationConfig, 'before Gemini 3, JSON and tools exclude one another')
  t.strictSame(both.dropped, ['output_config.format'])
})

t.test('tools, and how to choose among them', async t => {
  const functions = { functionDeclarations: [{ name: 'Read', description: 'Reads.', parametersJsonSchema: tool.input_schema }] }
  const google = { googleSearch: {} }
  const together = { includeServerSideToolInvocations: true }
  const mode = (mode: string, ...allowed: string[]): object => ({ functionCallingConfig: { mode, ...(allowed.length > 0 && { allowedFunctionNames: allowed }) } })
  const cases: [string, object, TargetOptions, object[] | undefined, object | undefined, string[]][] = [
    ['none', { tools: [] }, NEW, undefined, undefined, []],
    ['one', { tools: [tool] }, NEW, [functions], undefined, []],
    ['auto', { tools: [tool], tool_choice: { type: 'auto' } }, NEW, [functions], mode('AUTO'), []],
    ['any', { tools: [tool], tool_choice: { type: 'any' } }, NEW, [functions], mode('ANY'), []],
    ['no call', { tools: [tool], tool_choice: { type: 'none' } }, NEW, [functions], mode('NONE'), []],
    ['one by name', { tools: [tool], tool_choice: { type: 'tool', name: 'Read' } }, NEW, [functions], mode('ANY', 'Read'), []],
    ['one that is not there', { tools: [tool], tool_choice: { type: 'tool', name: 'Edit' } }, NEW, [functions], undefined, ['tool_choice']],
    ['a choice of nothing', { tool_choice: { type: 'any' } }, NEW, undefined, undefined, ['tool_choice']],
    ['one call at a time', { tools: [tool], tool_choice: { type: 'auto', disable_parallel_tool_use: true } }, NEW, [functions], mode('AUTO'), ['tool_choice.disable_parallel_tool_use']],
    ['a search', { tools: [search] }, OLD, [google], undefined, []],
    ['a search by name', { tools: [search], tool_choice: { type: 'tool', name: 'web_search' } }, OLD, [google], undefined, []],
    ['a search that is not wanted', { tools: [search, tool], tool_choice: { type: 'none' } }, NEW, [functions], mode('NONE'), []],
    ['a search beside functions', { tools: [tool, search] }, NEW, [functions, google], together, []],
    ['the same, before Gemini 3', { tools: [tool, search] }, OLD, [functions], undefined, ['tools.web_search_20250305']],
    ['a search by name, beside functions', { tools: [tool, search], tool_choice: { type: 'tool', name: 'web_search' } }, NEW, [google], undefined, ['tools']],
    ['another type', { tools: [{ type: 'bash_20250124', name: 'bash' }] }, NEW, undefined, undefined, ['tools.bash_20250124']]
  ]
  for (const [what, request, options, tools, config, lost] of cases) {
    const { body, dropped } = send(request, options)
    t.strictSame({ tools: body.tools, config: body.toolConfig, dropped }, { tools, config, dropped: lost }, what)
  }
})

t.test('thinking, by model', async t => {
  const shown = { includeThoughts: true }
  const budget = (tokens: number): object => ({ type: 'enabled', budget_tokens: tokens })
  const adaptive = { type: 'adaptive' }
  const off = { type: 'disabled' }
  const cases: [string, object | undefined, string | undefined, object | undefined, string[]][] = [
    ['gemini-2.5-flash', undefined, undefined, undefined, []],
    ['gemini-2.5-flash', off, undefined, { thinkingBudget: 0 }, []],
    ['gemini-2.5-pro', off, undefined, { thinkingBudget: 128 }, []],
    ['gemini-2.5-flash', budget(31_999), undefined, { thinkingBudget: 24_576, ...shown }, []],
    ['gemini-2.5-pro', budget(31_999), undefined, { thinkingBudget: 31_999, ...shown }, []],
    ['gemini-2.5-pro', budget(64), undefined, { thinkingBudget: 128, ...shown }, []],
    ['gemini-2.5-flash-lite', adaptive, 'high', { thinkingBudget: -1, ...shown }, ['output_config.effort']],
    ['gemini-2.5-pro', { type: 'between_tools' }, undefined, { thinkingBudget: -1, ...shown }, []],
    ['gemini-3.6-flash', undefined, undefined, undefined, []],
    ['gemini-3.6-flash', undefined, 'low', { thinkingLevel: 'LOW' }, []],
    ['gemini-3.6-flash', adaptive, undefined, { ...shown }, []],
    ['gemini-3.6-flash', adaptive, 'low', { thinkingLevel: 'LOW', ...shown }, []],
    ['gemini-3.6-flash', adaptive, 'medium', { thinkingLevel: 'MEDIUM', ...shown }, []],
    ['gemini-3-pro-preview', adaptive, 'medium', { thinkingLevel: 'HIGH', ...shown }, []],
    ['gemini-3.1-pro-preview', adaptive, 'medium', { thinkingLevel: 'MEDIUM', ...shown }, []],
    ['gemini-3.6-flash', adaptive, 'max', { thinkingLevel: 'HIGH', ...shown }, []],
    ['gemini-3.6-flash', budget(1024), undefined, { thinkingLevel: 'MINIMAL', ...shown }, []],
    ['gemini-3.6-flash', budget(4000), undefined, { thinkingLevel: 'LOW', ...shown }, []],
    ['gemini-3.6-flash', budget(16_000), 'low', { thinkingLevel: 'MEDIUM', ...shown }, ['output_config.effort']],
    ['gemini-3.6-flash', budget(31_999), undefined, { thinkingLevel: 'HIGH', ...shown }, []],
    ['gemini-3.6-flash', off, undefined, { thinkingLevel: 'MINIMAL' }, []],
    ['gemini-3.5-flash-lite', off, 'high', { thinkingLevel: 'MINIMAL' }, ['output_config.effort']],
    ['gemini-3.7-flash', off, undefined, { thinkingLevel: 'LOW' }, []],
    ['gemini-3.1-pro-preview', off, undefined, { thinkingLevel: 'LOW' }, []],
    ['gemini-flash-latest', off, undefined, { thinkingLevel: 'LOW' }, []],
    ['gemini-4-argon', adaptive, 'high', { thinkingLevel: 'HIGH', ...shown }, []],
    ['gemini-2.0-flash', adaptive, 'high', undefined, ['thinking', 'output_config.effort']],
    ['gemini-1.5-pro', off, undefined, undefined, []],
    ['gemma-3-27b-it', budget(2000), undefined, undefined, ['thinking']]
  ]
  for (const [model, thinking, effort, expected, lost] of cases) {
    const { body, dropped } = send({ ...(thinking !== undefined && { thinking }), ...(effort !== undefined && { output_config: { effort } }) }, { model })
    t.strictSame(body.generationConfig.thinkingConfig, expected, `${model}: ${JSON.stringify(thinking)} ${effort}`)
    t.strictSame(dropped, lost)
  }
})

t.test('the rest of what is asked', async t => {
  const stops = ['1', '2', '3', '4', '5', '6']
  const { body, dropped } = send({ max_tokens: 64_000, temperature: 0.5, top_p: 0.9, top_k: 40, stop_sequences: stops, metadata: { user_id: 'u' }, service_tier: 'scale', context_management: {} })
  t.strictSame(body.generationConfig, { maxOutputTokens: 64_000, temperature: 0.5, topP: 0.9, topK: 40, stopSequences: stops.slice(0, 5) })
  t.strictSame(dropped.sort(), ['context_management', 'metadata', 'service_tier', 'stop_sequences'])
  for (const [tier, expected] of [['standard_only', 'standard'], ['flex', 'flex'], ['auto', undefined]]) t.strictSame([send({ service_tier: tier }).body.serviceTier, send({ service_tier: tier }).dropped], [expected, []])
  t.equal(send({ max_tokens: 128_000 }).body.generationConfig.maxOutputTokens, 65_536)
  t.equal(send({ max_tokens: 32_000 }, { model: 'gemini-2.0-flash' }).body.generationConfig.maxOutputTokens, 8192)
  const safety = [{ category: 'HARM_CATEGORY_HARASSMENT', threshold: 'OFF' }]
  t.strictSame(send({}, { ...NEW, options: { safety_settings: safety } }).body.safetySettings, safety)
})
