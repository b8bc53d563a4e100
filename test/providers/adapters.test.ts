import fc from 'fast-check'
import t from 'tap'
import { cleancache } from '../../providers/adapters/cleancache.ts'
import { customparams } from '../../providers/adapters/customparams.ts'
import { enhancetool } from '../../providers/adapters/enhancetool.ts'
import { forcereasoning } from '../../providers/adapters/forcereasoning.ts'
import { maxcompletiontokens, maxtoken } from '../../providers/adapters/output-limit.ts'
import { reasoning } from '../../providers/adapters/reasoning.ts'
import { sampling } from '../../providers/adapters/sampling.ts'
import { streamoptions } from '../../providers/adapters/streamoptions.ts'
import { cerebras, groq } from '../../providers/adapters/strict-servers.ts'
import { tooluse } from '../../providers/adapters/tooluse.ts'
import { adaptDecoder } from '../../src/adapt.ts'
import type { AdapterFactory, TransformerPair, Wire } from '../../src/provider.ts'
import type { MessagesRequest } from '../../src/wire/anthropic.ts'
import type { JsonObject } from '../../src/wire/json.ts'
import { startApp } from '../helper/app.ts'
import { ask } from '../helper/ask.ts'
import { answer, startUpstream } from '../helper/upstream.ts'
import { type DecodeOptions, type Decoded, type PairName, chunk, decode, pairNamed, targetOf } from '../helper/pairs.ts'

interface RequestOptions { options?: JsonObject, wire?: Wire, original?: object, pair?: PairName, model?: string }

/** A body as the adapter leaves it; what it was given is frozen as far as it could be the client's own. */
function request (factory: AdapterFactory, body: JsonObject, { options = {}, wire = 'openai', original = {}, pair = 'openai', model = 'test-model' }: RequestOptions = {}): JsonObject {
  const target = targetOf(pair, { model, rest: { pair: { ...pairNamed(pair), wire } as TransformerPair } })
  factory.create(options).request?.(body, target, original as MessagesRequest)
  return body
}

/** A reply of the chat-completions wire as the client gets it through the adapter. */
function reply (factory: AdapterFactory, chunks: object[], rest: DecodeOptions = {}): Decoded {
  const target = targetOf('openai', { rest: { adapters: [factory.create({})] } })
  const passed: unknown[] = []
  const recorder = adaptDecoder({ finished: false, push (each) { passed.push(each) }, end () {} }, target)
  for (const each of structuredClone(chunks)) recorder.push(each)
  return decode(passed, rest)
}

function call (id: string | undefined, name: string | undefined, input: unknown, index?: number): object {
  return { ...(index !== undefined && { index }), ...(id !== undefined && { id }), function: { ...(name !== undefined && { name }), arguments: input } }
}

const calls = (...fragments: object[]): object => chunk({ tool_calls: fragments })

t.test('what each adapter makes of a request', async t => {
  const table: [string, AdapterFactory, JsonObject, RequestOptions, JsonObject][] = [
    ['a limit is lowered', maxtoken, { max_tokens: 9000 }, { options: { max_tokens: 4000 } }, { max_tokens: 4000 }],
    ['and never raised', maxtoken, { max_completion_tokens: 90 }, { options: { max_tokens: 4000 } }, { max_completion_tokens: 90 }],
    ['by the field that is there', maxtoken, { max_completion_tokens: 9000 }, { options: { max_tokens: 4000 } }, { max_completion_tokens: 4000 }],
    ['on the wire of Gemini', maxtoken, { generationConfig: { maxOutputTokens: 9000 } }, { wire: 'gemini', options: { max_tokens: 4000 } }, { generationConfig: { maxOutputTokens: 4000 } }],
    ['with a budget that fits', maxtoken, { max_tokens: 32000, thinking: { type: 'enabled', budget_tokens: 31999 } }, { wire: 'anthropic', options: { max_tokens: 8000 } }, { max_tokens: 8000, thinking: { type: 'enabled', budget_tokens: 4000 } }],
    ['OpenRouter\'s as well', maxtoken, { max_tokens: 32000, reasoning: { max_tokens: 2000 } }, { options: { max_tokens: 8000 } }, { max_tokens: 8000, reasoning: { max_tokens: 2000 } }],
    ['another name of the limit', maxcompletiontokens, { max_tokens: 9 }, {}, { max_completion_tokens: 9 }],
    ['which may be there already', maxcompletiontokens, { max_completion_tokens: 9 }, {}, { max_completion_tokens: 9 }],
    ['sampling', sampling, { max_tokens: 9, temperature: 1 }, { options: { max_tokens: 5, temperature: 0.2, top_k: 4, repetition_penalty: 1.1 } }, { max_tokens: 5, temperature: 0.2, top_k: 4, repetition_penalty: 1.1 }],
    ['sampling of Claude', sampling, {}, { wire: 'anthropic', options: { top_p: 0.5, repetition_penalty: 1.1 } }, { top_p: 0.5 }],
    ['sampling of Gemini', sampling, { generationConfig: { topK: 1, seed: 2 } }, { wire: 'gemini', options: { top_p: 0.5, top_k: 4, repetition_penalty: 1.1 } }, { generationConfig: { topK: 4, seed: 2, topP: 0.5 } }],
    ['own fields', customparams, { a: 1, b: { c: 1, d: { e: 1 } }, l: [1] }, { options: { a: 2, b: { c: 2, d: { f: 2 } }, l: [2], n: null } }, { a: 1, b: { c: 2, d: { e: 1, f: 2 } }, l: [1], n: null }],
    ['caching marks', cleancache, { cache_control: {}, messages: [{ role: 'user', cache_control: {}, content: [{ type: 'tool_result', cache_control: {}, content: [{ text: 'a', cache_control: {} }] }, { text: 'b' }] }, { role: 'user', content: 'c' }], tools: [{ name: 'x', cache_control: {}, input_schema: { properties: { cache_control: {} } } }], system: [{ text: 's', cache_control: {} }] }, { wire: 'anthropic' }, { messages: [{ role: 'user', content: [{ type: 'tool_result', content: [{ text: 'a' }] }, { text: 'b' }] }, { role: 'user', content: 'c' }], tools: [{ name: 'x', input_schema: { properties: { cache_control: {} } } }], system: [{ text: 's' }] }],
    ['usage in streams', streamoptions, { stream: true, stream_options: { a: 1 } }, {}, { stream: true, stream_options: { a: 1, include_usage: true } }],
    ['and in no plain reply', streamoptions, { stream: false }, {}, { stream: false }],
    ['thinking as the client wishes', reasoning, {}, { original: { thinking: { type: 'enabled', budget_tokens: 4000 } } }, { thinking: { type: 'enabled', budget_tokens: 4000 }, enable_thinking: true }],
    ['without a budget', reasoning, {}, { original: { thinking: { type: 'adaptive' } } }, { thinking: { type: 'enabled' }, enable_thinking: true }],
    ['not at all', reasoning, {}, { original: { thinking: { type: 'disabled' } } }, { thinking: { type: 'disabled' }, enable_thinking: false }],
    ['where it is switched off', reasoning, {}, { options: { enable: false }, original: { thinking: { type: 'enabled' } } }, { thinking: { type: 'disabled' }, enable_thinking: false }],
    ['unasked', reasoning, {}, {}, {}],
    ['Groq', groq, { messages: [{ role: 'user', content: [{ text: 'a', cache_control: {} }] }, { role: 'assistant', content: '', reasoning_content: 'r' }], tools: [{ function: { name: 'x', parameters: { $schema: 's', type: 'object' } } }, { function: { name: 'y' } }] }, {}, { messages: [{ role: 'user', content: [{ text: 'a' }] }, { role: 'assistant', content: '', reasoning: 'r' }], tools: [{ function: { name: 'x', parameters: { type: 'object' } } }, { function: { name: 'y' } }] }],
    ['Cerebras', cerebras, { reasoning: { effort: 'low' }, thinking: {}, enable_thinking: true, messages: [{ role: 'assistant', content: '', reasoning_content: 'r' }] }, {}, { messages: [{ role: 'assistant', content: '', reasoning: 'r' }] }]
  ]
  for (const [what, factory, body, options, expected] of table) t.same(request(factory, body, options), expected, `${factory.name}: ${what}`)
})

t.test('what belongs to the client stays as it is', async t => {
  const parameters = Object.freeze({ $schema: 's', type: 'object' })
  const block = Object.freeze({ text: 'a', cache_control: Object.freeze({}) })
  const body = (): JsonObject => ({ messages: [Object.freeze({ role: 'user', content: Object.freeze([block]) as unknown as JsonObject[] })], tools: [{ function: { name: 'x', parameters } }], thinking: Object.freeze({ budget_tokens: 9000 }), max_tokens: 9000 })
  for (const [factory, options] of [[groq, {}], [cleancache, {}], [cerebras, {}], [maxtoken, { max_tokens: 5000 }], [customparams, { thinking: { more: 1 } }]] as const) t.doesNotThrow(() => request(factory, body(), { options }), factory.name)
  t.same([parameters, block], [{ $schema: 's', type: 'object' }, { text: 'a', cache_control: {} }])
})

t.test('adapters make nothing of bodies that have another form', async t => {
  for (const factory of [maxtoken, sampling, cleancache, streamoptions, groq, cerebras, tooluse, forcereasoning, maxcompletiontokens]) {
    for (const body of [{}, { messages: null, tools: 'x', generationConfig: [], thinking: 7 }, { messages: [null, 'x'], tools: [null, { function: null }], stream: true }] as JsonObject[]) {
      for (const wire of ['openai', 'gemini'] as const) t.doesNotThrow(() => request(factory, structuredClone(body), { wire, options: factory === maxtoken ? { max_tokens: 1 } : { max_tokens: 1, top_p: 1 } }), `${factory.name} ${JSON.stringify(body)}`)
    }
  }
})

t.test('enhancetool', async t => {
  const broken = '{cmd: \'ls -l\', "n": [1,2,],'
  const whole = { cmd: 'ls -l', n: [1, 2] }
  const table: [string, object[], unknown[]][] = [
    ['in pieces', [calls(call('a', 'Bash', '', 0)), calls(call(undefined, undefined, broken.slice(0, 9), 0)), calls(call(undefined, undefined, broken.slice(9), 0)), chunk({}, 'tool_calls')], [whole]],
    ['with the reason', [chunk({ tool_calls: [call('a', 'Bash', broken, 0)] }, 'tool_calls')], [whole]],
    ['two beside one another', [calls(call('a', 'A', '{a:', 0), call('b', 'B', '{b:', 1)), calls(call(undefined, undefined, '1}', 0), call(undefined, undefined, '2}', 1)), chunk({}, 'tool_calls')], [{ a: 1 }, { b: 2 }]],
    ['without an index or an id', [calls(call(undefined, 'A', '{a:')), calls(call(undefined, undefined, '1')), calls(call(undefined, 'B', '{b:2')), chunk({}, 'tool_calls')], [{ a: 1 }, { b: 2 }]],
    ['all of the index 0', [calls(call('a', 'A', '{a:1}', 0)), calls(call('b', 'B', '{b:2}', 0)), chunk({}, 'stop')], [{ a: 1 }, { b: 2 }]],
    ['all of the index 0, and without ids', [calls(call('', 'A', '{"a":1}', 0), call('', 'B', '{"b":2}', 0)), chunk({}, 'stop')], [{ a: 1 }, { b: 2 }]],
    ['as a plain reply', [{ choices: [{ message: { content: null, tool_calls: [call('a', 'A', '```json\n{"a":1}\n```')] }, finish_reason: 'tool_calls' }] }], [{ a: 1 }]],
    ['parsed already', [calls(call('a', 'A', { a: 1 }, 0)), chunk({}, 'tool_calls')], [{ a: 1 }]],
    ['none', [calls(call('a', 'A', '', 0)), chunk({}, 'tool_calls')], [{}]]
  ]
  for (const [what, chunks, inputs] of table) {
    const { message } = reply(enhancetool, chunks)
    t.same(message?.content.map(block => block.type === 'tool_use' && block.input), inputs, what)
    t.equal(message?.stop_reason, 'tool_use', what)
  }
})

t.test('enhancetool never makes a whole call of half a one', async t => {
  for (const [input, finish] of [['{"command": "rm -rf /tmp', 'tool_calls'], ['{"a": 1', 'length']] as const) {
    const { reply: streamed } = reply(enhancetool, [calls(call('a', 'Bash', input, 0)), chunk({}, finish)], { anyInput: true })
    t.equal(streamed.stopReason, 'max_tokens', input)
  }
  const cut = reply(enhancetool, [calls(call('a', 'Bash', '{"a": 1}', 0))])
  t.equal(cut.error?.type, 'api_error', 'a stream that ends early is an error')
})

t.test('tooluse asks for a call and offers a way out', async t => {
  const tools = [{ type: 'function', function: { name: 'Bash' } }]
  const body = request(tooluse, { messages: [{ role: 'user', content: 'Hi' }], tools, tool_choice: 'auto' })
  t.match(body, { tool_choice: 'required', tools: [{ function: { name: 'Bash' } }, { function: { name: 'ExitToolMode', parameters: { required: ['response'] } } }], messages: [{ role: 'user', content: /^Hi\n\n<system-reminder>.*ExitToolMode/ }] })
  t.match(request(tooluse, { messages: [{ role: 'tool', content: 'x' }], tools }), { messages: [{ role: 'tool' }, { role: 'user', content: /tool mode/ }] })
  t.match(request(tooluse, { messages: [{ role: 'user', content: [{ type: 'text', text: 'Hi' }] }], tools }), { messages: [{ content: [{ text: 'Hi' }, { text: /tool mode/ }] }] })
  for (const [what, rest] of Object.entries({
    'no tools': { tools: [] },
    'the client chose one': { tools, tool_choice: { type: 'function', function: { name: 'Bash' } } },
    'the client wants none': { tools, tool_choice: 'none' },
    'an answer that has begun': { tools, messages: [{ role: 'assistant', content: 'It' }] }
  })) {
    const given = { messages: [{ role: 'user', content: 'Hi' }], ...rest }
    t.same(request(tooluse, structuredClone(given)), given, what)
  }
  for (const thinks of [{ thinking: { type: 'enabled' } }, { reasoning: { max_tokens: 2000 } }]) t.equal(request(tooluse, { messages: [{ role: 'user', content: 'Hi' }], tools, ...thinks })['tool_choice'], undefined, 'thinking models refuse to be forced')
  for (const off of [{ thinking: { type: 'disabled' }, reasoning_effort: 'high' }, { reasoning: { effort: 'none' } }, { reasoning: { enabled: false } }, { reasoning_effort: 'none' }]) t.equal(request(tooluse, { messages: [{ role: 'user', content: 'Hi' }], tools, ...off })['tool_choice'], 'required', JSON.stringify(off))
  const asked = (more: JsonObject, options: RequestOptions): unknown => request(tooluse, { messages: [{ role: 'user', content: 'Hi' }], tools, ...more }, options)['tool_choice']
  t.equal(asked({ reasoning_effort: 'high' }, { pair: 'vllm' }), 'required', 'servers that take an effort take a forced call beside it')
  t.equal(asked({ reasoning_effort: 'high' }, { pair: 'deepseek' }), undefined, 'but DeepSeek')
  t.equal(asked({}, { pair: 'openrouter', model: 'anthropic/claude-opus-5' }), undefined, 'Claude 5 thinks unasked')
  t.equal(asked({ reasoning: { enabled: false } }, { pair: 'openrouter', model: 'anthropic/claude-opus-5' }), 'required')
  t.equal(asked({ reasoning: { enabled: false } }, { pair: 'openrouter', model: 'anthropic/claude-sonnet-5.5' }), undefined, 'Claude 5.5 is never forced')
})

t.test('tooluse turns the way out into text', async t => {
  const exit = JSON.stringify({ response: 'All "done".\nReally.' })
  const pieces = [...exit].map(letter => calls(call(undefined, undefined, letter, 0)))
  const streamed = reply(tooluse, [calls(call('x', 'ExitToolMode', '', 0)), ...pieces, chunk({}, 'tool_calls')])
  t.match(streamed.message, { content: [{ type: 'text', text: 'All "done".\nReally.' }], stop_reason: 'end_turn' })
  const plain = reply(tooluse, [{ choices: [{ message: { content: '', tool_calls: [call('x', 'ExitToolMode', exit)] }, finish_reason: 'tool_calls' }] }])
  t.match(plain.message, { content: [{ type: 'text', text: 'All "done".\nReally.' }], stop_reason: 'end_turn' })
  const parsed = reply(tooluse, [calls(call('', 'ExitToolMode', { response: 'Done.' })), chunk({}, 'tool_calls')])
  t.match(parsed.message, { content: [{ type: 'text', text: 'Done.' }], stop_reason: 'end_turn' }, 'also where its arguments come as an object')
  const both = reply(tooluse, [calls(call('a', 'Bash', '{"a":1}', 0), call('x', 'ExitToolMode', exit, 1)), chunk({}, 'tool_calls')])
  t.match(both.message, { content: [{ type: 'tool_use', name: 'Bash', input: { a: 1 } }, { type: 'text' }], stop_reason: 'tool_use' })
  const cut = reply(tooluse, [calls(call('x', 'ExitToolMode', '{"response": "Half of i', 0)), chunk({}, 'length')])
  t.match(cut.message, { content: [{ type: 'text', text: 'Half of i' }], stop_reason: 'max_tokens' })
  const bare = reply(tooluse, [chunk({ tool_calls: [call('x', 'ExitToolMode', 'Just words.', 0)] }, 'tool_calls')])
  t.match(bare.message, { content: [{ type: 'text', text: 'Just words.' }] })
  const broken = reply(tooluse, [calls(call('x', 'ExitToolMode', exit, 0))])
  t.equal(broken.error?.type, 'api_error', 'a stream that ends early is an error')
})

t.test('forcereasoning asks for thoughts, and puts earlier ones back where they stood', async t => {
  const body = request(forcereasoning, { messages: [{ role: 'assistant', content: 'A', reasoning_content: 'why' }, { role: 'assistant', content: null, reasoning: 'call', tool_calls: [] }, { role: 'tool', content: 'x' }] })
  t.match(body['messages'], [{ content: '<reasoning_content>\nwhy\n</reasoning_content>\nA' }, { content: '<reasoning_content>\ncall\n</reasoning_content>\n' }, { role: 'tool' }, { role: 'user', content: /think/ }])
  t.notMatch(JSON.stringify(body), /"reasoning(_content)?":/)
  for (const [what, rest, original] of [['thinking is off', {}, { thinking: { type: 'disabled' } }], ['JSON is asked for', { response_format: {} }, {}]] as const) {
    t.same(request(forcereasoning, { messages: [{ role: 'user', content: 'Hi' }], ...rest }, { original })['messages'], [{ role: 'user', content: 'Hi' }], what)
  }
})

t.test('forcereasoning reads the thoughts, cut anywhere', async t => {
  const text = '<reasoning_content>\nHm, <b>.\n</reasoning_content>\n\nYes. <reasoning_content> is a tag.'
  for (const size of [1, 3, 7, 1000]) {
    const pieces = text.match(new RegExp(`[^]{1,${size}}`, 'g')) ?? []
    const { message } = reply(forcereasoning, [...pieces.map(content => chunk({ content })), chunk({}, 'stop')])
    t.match(message?.content, [{ type: 'thinking', thinking: /^\s*Hm, <b>\.\n$/ }, { type: 'text', text: 'Yes. <reasoning_content> is a tag.' }], `pieces of ${size}`)
  }
  const plain = reply(forcereasoning, [{ choices: [{ message: { content: text }, finish_reason: 'stop' }] }])
  t.match(plain.message?.content, [{ type: 'thinking' }, { type: 'text', text: /^Yes/ }])
  const then = reply(forcereasoning, [chunk({ content: '<reasoning_content>Call it.</reasoning_' }), chunk({ content: 'content>' }), calls(call('a', 'Bash', '{}', 0)), chunk({}, 'tool_calls')])
  t.match(then.message?.content, [{ type: 'thinking', thinking: 'Call it.' }, { type: 'tool_use' }])
  const none = reply(forcereasoning, [chunk({ content: 'No <' }), chunk({ content: 'b>' }), chunk({}, 'stop')])
  t.match(none.message?.content, [{ type: 'text', text: 'No <b>' }])
  const held = reply(forcereasoning, [chunk({ content: '<reason' }), chunk({}, 'stop')])
  t.match(held.message?.content, [{ type: 'text', text: '<reason' }], 'what is held back comes out')
})

t.test('odd chunks go through, and leave as a message that is legal', async t => {
  const json = fc.jsonValue()
  const fragment = fc.record({ index: fc.oneof(fc.nat(2), json), id: fc.oneof(fc.constantFrom('a', 'b', ''), json), function: fc.oneof(fc.record({ name: fc.oneof(fc.constantFrom('ExitToolMode', 'X', ''), json), arguments: fc.oneof(fc.string(), fc.constantFrom('{"response": "', '{"a"', '}', '"', '\\'), json) }, { requiredKeys: [] }), json) }, { requiredKeys: [] })
  const said = fc.record({ content: fc.oneof(fc.string(), fc.constantFrom('<reasoning_', 'content>', '</reasoning_content>'), json), tool_calls: fc.oneof(fc.array(fragment), json), reasoning_content: json }, { requiredKeys: [] })
  const choice = fc.oneof(fc.record({ delta: said, message: fc.oneof(said, json), finish_reason: fc.constantFrom(null, 'stop', 'length', 'tool_calls') }, { requiredKeys: [] }), json)
  const odd = fc.record({ choices: fc.oneof(fc.array(choice, { maxLength: 1 }), json), error: fc.constantFrom(undefined, null) }, { requiredKeys: [] })
  for (const factory of [enhancetool, tooluse, forcereasoning]) {
    t.doesNotThrow(() => fc.assert(fc.property(fc.array(odd), chunks => { reply(factory, chunks, { anyInput: true }) }), { numRuns: 100 }), factory.name)
  }
})

t.test('maxtoken without its option says so', async t => {
  t.throws(() => maxtoken.create({}), /max_tokens/)
})

t.test('what an adapter carries is not dropped, and adapters of a model follow those of its provider', async t => {
  const upstream = await startUpstream(t, (response, request) => answer(response, request, 'Hello.'))
  const { url } = await startApp(t, {
    config: {
      Providers: [{ name: 'p', api_base_url: `${upstream.url}/v1`, strict: true, models: ['a', 'b'], transformer: { use: ['openai', ['maxtoken', { max_tokens: 500 }]], b: { use: ['reasoning', 'maxcompletiontokens'] } } }],
      Router: { default: 'p,a' }
    }
  })
  const thinking = { type: 'enabled', budget_tokens: 2000 }
  const refused = await ask(url, { thinking })
  t.equal(refused.status, 400)
  t.match(refused.json, { error: { message: /^thinking: cannot be carried to p/ } })
  const carried = await ask(url, { model: 'p,b', thinking })
  t.equal(carried.status, 200, carried.text)
  t.equal(carried.headers.get('x-router-dropped'), null)
  t.match(upstream.requests, [{ body: { thinking, enable_thinking: true, max_completion_tokens: 500, max_tokens: undefined } }])
})
