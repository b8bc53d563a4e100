import fc from 'fast-check'
import t from 'tap'
import type { StopReason } from '../../../src/wire/anthropic.ts'
import { joined, types } from '../../helper/grammar.ts'
import { type DecodeOptions, chunk, decode } from '../../helper/pairs.ts'

const stop = chunk({}, 'stop')
const toolCalls = chunk({}, 'tool_calls')

/** A chunk of fragments of calls. */
function calls (...fragments: object[]): object {
  return chunk({ tool_calls: fragments })
}

/** Name and input of each call, as a streamed and as a plain client have them. */
function callsOf (chunks: readonly unknown[]): { streamed: unknown[], plain: unknown[] } {
  const { reply, message } = decode(chunks)
  return {
    streamed: reply.content.filter(({ type }) => type === 'tool_use').map(({ name, input }) => [name, input]),
    plain: (message?.content ?? []).flatMap(block => block.type === 'tool_use' ? [[block.name, block.input]] : [])
  }
}

t.test('text, streamed or whole', async t => {
  const streamed = decode([chunk({ role: 'assistant', content: '' }), chunk({ content: 'Hel' }), chunk({ content: 'lo' }), stop])
  const whole = decode([{ choices: [{ index: 0, message: { role: 'assistant', content: 'Hello', refusal: null }, finish_reason: 'stop' }] }])
  for (const { reply, message } of [streamed, whole]) {
    t.strictSame(reply.content, [{ type: 'text', text: 'Hello' }])
    t.equal(reply.stopReason, 'end_turn')
    t.match(message, { content: [{ type: 'text', text: 'Hello' }], stop_reason: 'end_turn' })
  }
})

t.test('content as parts', async t => {
  const parts = [{ type: 'thinking', thinking: [{ type: 'text', text: 'hm' }] }, { type: 'text', text: 'Hel' }, { type: 'text', text: 'lo' }]
  for (const chunks of [[chunk({ content: parts }), stop], [{ choices: [{ message: { content: parts }, finish_reason: 'stop' }] }]]) {
    const { reply } = decode(chunks)
    t.match(reply.content, [{ type: 'thinking', thinking: 'hm', signature: /^sy1\./ }, { type: 'text', text: 'Hello' }])
  }
})

t.test('calls', async t => {
  const cases: [string, object[], unknown[]][] = [
    ['in fragments', [calls({ index: 0, id: 'a', function: { name: 'Read', arguments: '' } }), calls({ index: 0, function: { arguments: '{"p":' } }), calls({ index: 0, function: { arguments: '"x"}' } })],
      [['Read', { p: 'x' }]]],
    ['whole at once', [calls({ index: 0, id: 'a', type: 'function', function: { name: 'Read', arguments: '{"p":"x"}' } })], [['Read', { p: 'x' }]]],
    ['two in one chunk', [calls({ index: 0, id: 'a', function: { name: 'Read', arguments: '{"p":1}' } }, { index: 1, id: 'b', function: { name: 'Grep', arguments: '{"p":2}' } })],
      [['Read', { p: 1 }], ['Grep', { p: 2 }]]],
    ['interleaved', [calls({ index: 0, id: 'a', function: { name: 'Read', arguments: '{"p"' } }, { index: 1, id: 'b', function: { name: 'Grep', arguments: '{"q"' } }), calls({ index: 1, function: { arguments: ':2}' } }), calls({ index: 0, function: { arguments: ':1}' } })],
      [['Read', { p: 1 }], ['Grep', { q: 2 }]]],
    ['without an index, whole', [calls({ id: 'a', function: { name: 'Read', arguments: '{"p":1}' } }), calls({ id: 'b', function: { name: 'Read', arguments: '{"p":2}' } })], [['Read', { p: 1 }], ['Read', { p: 2 }]]],
    ['without an index, two in one chunk', [calls({ id: 'a', function: { name: 'Read', arguments: '{"p":1}' } }, { id: 'b', function: { name: 'Read', arguments: '{"p":2}' } })], [['Read', { p: 1 }], ['Read', { p: 2 }]]],
    ['without an index, in fragments under one id', [calls({ id: 'a', function: { name: 'Read', arguments: '{"p"' } }), calls({ id: 'a', function: { arguments: ':1}' } }), calls({ id: 'b', function: { name: 'Grep', arguments: '{}' } })], [['Read', { p: 1 }], ['Grep', {}]]],
    ['without index and id', [calls({ function: { name: 'Read', arguments: '{"p"' } }), calls({ function: { arguments: ':1}' } }), calls({ function: { name: 'Grep', arguments: '{}' } })], [['Read', { p: 1 }], ['Grep', {}]]],
    ['index always 0, with new ids', [calls({ index: 0, id: 'a', function: { name: 'Read', arguments: '{"p":1}' } }), calls({ index: 0, id: 'b', function: { name: 'Grep', arguments: '{"p":2}' } })], [['Read', { p: 1 }], ['Grep', { p: 2 }]]],
    ['index always 0, in one chunk', [calls({ index: 0, id: 'a', function: { name: 'Read', arguments: '{"p":1}' } }, { index: 0, id: 'b', function: { name: 'Read', arguments: '{"p":2}' } })], [['Read', { p: 1 }], ['Read', { p: 2 }]]],
    ['index null', [calls({ index: null, id: 'a', function: { name: 'Read', arguments: '{"p":1}' } })], [['Read', { p: 1 }]]],
    ['the index begins at 1', [calls({ index: 1, id: 'a', function: { name: 'Read', arguments: '{' } }), calls({ index: 1, function: { arguments: '}' } })], [['Read', {}]]],
    ['the id repeated', [calls({ index: 0, id: 'a', function: { name: 'Read', arguments: '{"p"' } }), calls({ index: 0, id: 'a', function: { arguments: ':1}' } })], [['Read', { p: 1 }]]],
    ['id and name repeated', [calls({ index: 0, id: 'a', function: { name: 'Read', arguments: '{"p"' } }), calls({ index: 0, id: 'a', function: { name: 'Read', arguments: ':1}' } })], [['Read', { p: 1 }]]],
    ['the id empty in later fragments', [calls({ index: 0, id: 'a', function: { name: 'Read', arguments: '' } }), calls({ index: 0, id: '', function: { arguments: '{"p":' } }), calls({ index: 0, id: '', function: { name: '', arguments: '1}' } })], [['Read', { p: 1 }]]],
    ['the id late', [calls({ index: 0, function: { name: 'Read', arguments: '{"p"' } }), calls({ index: 0, id: 'a', function: { arguments: ':1}' } })], [['Read', { p: 1 }]]],
    ['the name late', [calls({ index: 0, id: 'a' }), calls({ index: 0, function: { arguments: '{"p":' } }), calls({ index: 0, function: { name: 'Read', arguments: '1}' } })], [['Read', { p: 1 }]]],
    ['the name late, fields null', [calls({ index: 0, id: 'a', function: { name: null, arguments: null } }), calls({ index: 0, id: null, function: { name: 'Read', arguments: null } }), calls({ index: 0, function: null })], [['Read', {}]]],
    ['empty arguments', [calls({ index: 0, id: 'a', function: { name: 'List', arguments: '' } })], [['List', {}]]],
    ['no arguments', [calls({ index: 0, id: 'a', function: { name: 'List' } })], [['List', {}]]],
    ['arguments "null"', [calls({ index: 0, id: 'a', function: { name: 'List', arguments: 'null' } })], [['List', {}]]],
    ['arguments "null" after an empty start', [calls({ index: 0, id: 'a', function: { name: 'List', arguments: '' } }), calls({ index: 0, function: { arguments: 'null' } })], [['List', {}]]],
    ['arguments as an object', [calls({ index: 0, id: 'a', function: { name: 'Read', arguments: { p: [1] } } })], [['Read', { p: [1] }]]],
    ['arguments as an empty object', [calls({ index: 0, id: 'a', function: { name: 'Read', arguments: {} } })], [['Read', {}]]],
    ['white space around arguments', [calls({ index: 0, id: 'a', function: { name: 'Read', arguments: ' \n{"p":1' } }), calls({ index: 0, function: { arguments: '}\n ' } }), chunk({ content: 'x' })], [['Read', { p: 1 }]]],
    ['all of index 0, without ids, in one chunk', [calls({ index: 0, function: { name: 'A', arguments: '{"x":1}' } }, { index: 0, id: '', function: { name: 'B', arguments: '{"y":2}' } })], [['A', { x: 1 }], ['B', { y: 2 }]]],
    ['all of index 0, without ids, one after the other', [calls({ index: 0, function: { name: 'A', arguments: '{"x":' } }), calls({ index: 0, function: { arguments: '1}' } }), calls({ index: 0, function: { name: 'A', arguments: '{"x"' } }), calls({ index: 0, function: { arguments: ':2}' } })], [['A', { x: 1 }], ['A', { x: 2 }]]],
    ['all of index 0, without ids, the arguments encoded twice', [calls({ index: 0, function: { name: 'A', arguments: '"{\\"x\\":1}"' } }), calls({ index: 0, function: { name: 'B', arguments: '{}' } })], [['A', { x: 1 }], ['B', {}]]],
    ['the name repeated to the end, without ids', [calls({ index: 0, function: { name: 'A', arguments: '{"x":' } }), calls({ index: 0, function: { name: 'A', arguments: '1}' } }), calls({ index: 0, function: { name: 'A', arguments: '' } })], [['A', { x: 1 }]]],
    ['the old form', [chunk({ function_call: { name: 'Read', arguments: '{"p"' } }), chunk({ function_call: { arguments: ':1}' } })], [['Read', { p: 1 }]]]
  ]
  for (const [name, chunks, expected] of cases) t.strictSame(callsOf([...chunks, toolCalls]), { streamed: expected, plain: expected }, name)
})

t.test('a value null within arguments is no sign that there are none', async t => {
  const chunks = ['', '{"limit":', 'null', ',"offset":', 'null', '}'].map((piece, i) => calls({ index: 0, ...(i === 0 && { id: 'a' }), function: { ...(i === 0 && { name: 'Read' }), arguments: piece } }))
  const expected = [['Read', { limit: null, offset: null }]]
  t.strictSame(callsOf([...chunks, toolCalls]), { streamed: expected, plain: expected })
})

t.test('ids of calls are legal and differ', async t => {
  const { reply } = decode([calls({ index: 0, id: 'a', function: { name: 'A', arguments: '{}' } }, { index: 1, id: 'a', function: { name: 'B', arguments: '{}' } }, { index: 2, function: { name: 'C', arguments: '{}' } }, { index: 3, id: 'functions.D:0', function: { name: 'D', arguments: '{}' } }), toolCalls])
  const ids = reply.content.map(({ id }) => id)
  t.equal(ids[0], 'a', 'an id that is legal stays')
  t.equal(new Set(ids).size, 4)
})

t.test('a call that never gets a name is an error', async t => {
  const { reply, error } = decode([calls({ index: 0, id: 'a', function: { arguments: '{}' } }), toolCalls])
  t.equal(reply.error?.type, 'api_error')
  t.match(error, { type: 'api_error' })
})

t.test('text after a call, and a second phase of thinking, have blocks of their own', async t => {
  const { reply } = decode([
    chunk({ reasoning: 'one' }), chunk({ content: 'text' }), chunk({ reasoning: 'two' }),
    calls({ index: 0, id: 'a', function: { name: 'Read', arguments: '{"p":1}' } }), chunk({ content: 'after' }), chunk({ reasoning: 'three' }), toolCalls
  ])
  t.match(reply.content, [
    { type: 'thinking', thinking: 'one', signature: /^sy1\./ }, { type: 'text', text: 'text' }, { type: 'thinking', thinking: 'two', signature: /^sy1\./ },
    { type: 'tool_use', input: { p: 1 } }, { type: 'text', text: 'after' }, { type: 'thinking', thinking: 'three', signature: /^sy1\./ }
  ])
})

t.test('why the model stopped', async t => {
  const withCall = calls({ index: 0, id: 'a', function: { name: 'Read', arguments: '{}' } })
  const text = chunk({ content: 'x' })
  const cases: [string, object[], StopReason, DecodeOptions?][] = [
    ['stop', [text, stop], 'end_turn'],
    ['stop, with calls', [withCall, stop], 'tool_use'],
    ['eos', [text, chunk({}, 'eos')], 'end_turn'],
    ['length', [text, chunk({}, 'length')], 'max_tokens'],
    ['length, with calls', [withCall, chunk({}, 'length')], 'max_tokens'],
    ['model_length', [text, chunk({}, 'model_length')], 'max_tokens'],
    ['tool_calls', [withCall, toolCalls], 'tool_use'],
    ['function_call', [chunk({ function_call: { name: 'Read', arguments: '{}' } }), chunk({}, 'function_call')], 'tool_use'],
    ['tool_calls without calls', [text, toolCalls], 'end_turn'],
    ['content_filter', [text, chunk({}, 'content_filter')], 'refusal'],
    ['content_filter with the filter\'s name', [text, chunk({}, 'content_filter: PROHIBITED_CONTENT')], 'refusal'],
    ['refusal', [text, chunk({}, 'refusal')], 'refusal'],
    ['the context window', [text, { choices: [{ delta: {}, finish_reason: 'length', native_finish_reason: 'model_context_window_exceeded' }] }], 'model_context_window_exceeded'],
    ['a stop text', [text, { choices: [{ delta: {}, finish_reason: 'stop', stop_reason: 'END' }] }], 'stop_sequence', { request: { stop_sequences: ['END', 'FIN'] } }],
    ['the number of a stop token', [text, { choices: [{ delta: {}, finish_reason: 'stop', stop_reason: 154829 }] }], 'end_turn', { request: { stop_sequences: ['END'] } }],
    ['a finish with the last text', [chunk({ content: 'x' }, 'stop')], 'end_turn'],
    ['empty reasons before it', [chunk({ content: 'x' }, ''), chunk({}, 'length')], 'max_tokens'],
    ['a null after it', [text, chunk({}, 'length'), chunk({ content: '' }, null)], 'max_tokens'],
    ['another after it', [text, chunk({}, 'length'), chunk({ content: '' }, 'stop')], 'max_tokens'],
    ['twice', [withCall, toolCalls, toolCalls], 'tool_use'],
    ['an answer without content', [stop], 'end_turn']
  ]
  for (const [name, chunks, expected, options] of cases) {
    const { reply, message } = decode(chunks, options)
    t.equal(reply.stopReason, expected, name)
    t.equal(message?.stop_reason, expected)
    if (expected === 'refusal') t.match(reply.stopDetails, { type: 'refusal', category: null, explanation: /\w/ })
  }
  t.equal(decode([text, { choices: [{ delta: {}, finish_reason: 'stop', stop_reason: 'END' }] }], { request: { stop_sequences: ['END'] } }).reply.stopSequence, 'END')
})

t.test('a reason that means failure is an error', async t => {
  for (const reason of ['error', 'abort', 'insufficient_system_resource']) {
    for (const first of [[], [chunk({ content: 'x' })]]) {
      const { reply, error } = decode([...first, chunk({}, reason)])
      t.match(reply.error?.type, /^(overloaded|api)_error$/, `${reason} ${first.length === 0 ? 'at once' : 'after text'}`)
      t.equal(reply.stopReason, null)
      t.ok((error?.status ?? 0) >= 500)
    }
  }
  const malformed = decode([chunk({}, 'function_call_filter: MALFORMED_FUNCTION_CALL')])
  t.equal(malformed.reply.error?.type, 'api_error', 'a call that the server could not read, and nothing else: ask again')
  t.equal(decode([chunk({ content: 'x' }), chunk({}, 'function_call_filter: MALFORMED_FUNCTION_CALL')]).reply.stopReason, 'end_turn', 'after output it is an end')
})

t.test('a reply without a reason to stop is cut', async t => {
  const cases: [string, unknown[]][] = [
    ['nothing', []],
    ['no choices', [{ choices: [] }]],
    ['choices null', [{ choices: null, usage: { prompt_tokens: 1, completion_tokens: 1 } }]],
    ['text only', [chunk({ content: 'x' })]],
    ['a call that looks complete', [calls({ index: 0, id: 'a', function: { name: 'Read', arguments: '{}' } })]],
    ['half a call', [calls({ index: 0, id: 'a', function: { name: 'Read', arguments: '{"p' } })]],
    ['usage without an end', [chunk({ content: 'x' }), { choices: [], usage: { prompt_tokens: 1, completion_tokens: 1 } }]]
  ]
  for (const [name, chunks] of cases) {
    const { reply, error } = decode(chunks)
    t.match(reply, { ended: 'error', stopReason: null, error: { type: 'api_error' } }, name)
    t.match(error, { type: 'api_error', status: 502 })
  }
})

t.test('token counts', async t => {
  const cases: [string, object, object][] = [
    ['plain', { prompt_tokens: 10, completion_tokens: 5, total_tokens: 15 }, { input_tokens: 10, output_tokens: 5, cache_read_input_tokens: 0, cache_creation_input_tokens: 0 }],
    ['OpenRouter: the prompt includes what was read from and written to the cache', { prompt_tokens: 3329, completion_tokens: 53, prompt_tokens_details: { cached_tokens: 3211, cache_write_tokens: 115 } }, { input_tokens: 3, cache_read_input_tokens: 3211, cache_creation_input_tokens: 115, output_tokens: 53 }],
    ['DeepSeek: hit and miss', { prompt_tokens: 563, completion_tokens: 116, total_tokens: 679, prompt_cache_hit_tokens: 512, prompt_cache_miss_tokens: 51, completion_tokens_details: { reasoning_tokens: 60 } }, { input_tokens: 51, cache_read_input_tokens: 512, output_tokens: 116, output_tokens_details: { thinking_tokens: 60 } }],
    ['vLLM: written to the cache', { prompt_tokens: 100, completion_tokens: 5, prompt_tokens_details: { cached_tokens: 64, created_cache_tokens: 6 } }, { input_tokens: 30, cache_read_input_tokens: 64, cache_creation_input_tokens: 6 }],
    ['Moonshot: cached tokens at the top', { prompt_tokens: 100, completion_tokens: 5, cached_tokens: 40 }, { input_tokens: 60, cache_read_input_tokens: 40 }],
    ['SGLang: reasoning at the top', { prompt_tokens: 100, completion_tokens: 50, reasoning_tokens: 20 }, { output_tokens: 50, output_tokens_details: { thinking_tokens: 20 } }],
    ['xAI: reasoning apart from the completion; the total tells', { prompt_tokens: 307, completion_tokens: 26, total_tokens: 560, completion_tokens_details: { reasoning_tokens: 227 } }, { output_tokens: 253, output_tokens_details: { thinking_tokens: 227 } }],
    ['reasoning within the completion', { prompt_tokens: 100, completion_tokens: 50, total_tokens: 150, completion_tokens_details: { reasoning_tokens: 20 } }, { output_tokens: 50 }],
    ['more cached than prompted', { prompt_tokens: 10, completion_tokens: 5, prompt_tokens_details: { cached_tokens: 20 } }, { input_tokens: 0 }],
    ['details null', { prompt_tokens: 10, completion_tokens: 5, prompt_tokens_details: null, completion_tokens_details: null }, { input_tokens: 10, output_tokens: 5 }],
    ['fields null', { prompt_tokens: 10, completion_tokens: null, prompt_tokens_details: { cached_tokens: null } }, { input_tokens: 10, output_tokens: 0 }],
    ['searches', { prompt_tokens: 10, completion_tokens: 5, server_tool_use_details: { web_search_requests: 2 } }, { server_tool_use: { web_search_requests: 2 } }]
  ]
  for (const [name, usage, expected] of cases) {
    t.match(decode([chunk({ content: 'x' }), stop, { choices: [], usage }]).reply.usage, expected, name)
    t.match(decode([{ choices: [{ message: { content: 'x' }, finish_reason: 'stop' }], usage }]).message?.usage, expected)
  }
  const counts = { prompt_tokens: 10, completion_tokens: 5 }
  const places: [string, object[]][] = [
    ['on the finish chunk', [chunk({}, 'stop', { usage: counts })]],
    ['behind it, with a choice', [stop, chunk({ content: '' }, null, { usage: counts })]],
    ['behind it, without choices', [stop, { choices: [], usage: counts }]],
    ['in x_groq', [chunk({}, 'stop', { x_groq: { id: 'req', usage: counts } })]],
    ['in the choice', [{ choices: [{ delta: {}, finish_reason: 'stop', usage: counts }] }]],
    ['on every chunk', [chunk({}, null, { usage: { prompt_tokens: 10, completion_tokens: 1 } }), chunk({}, 'stop', { usage: counts })]],
    ['null behind it', [chunk({}, 'stop', { usage: counts }), { choices: [], usage: null }]]
  ]
  for (const [name, chunks] of places) t.match(decode([chunk({ content: 'x' }), ...chunks]).reply.usage, { input_tokens: 10, output_tokens: 5 }, name)
})

t.test('reasoning, in each of its forms', async t => {
  const text = (value: string): object => ({ type: 'reasoning.text', text: value, index: 0, format: 'anthropic-claude-v1' })
  const cases: [string, object[]][] = [
    ['reasoning', [{ reasoning: 'Let me ' }, { reasoning: 'see.' }]],
    ['reasoning_content', [{ content: null, reasoning_content: '' }, { content: null, reasoning_content: 'Let me ' }, { reasoning_content: 'see.' }]],
    ['both, with one text', [{ reasoning: 'Let me ', reasoning_content: 'Let me ' }, { reasoning: 'see.', reasoning_content: 'see.' }]],
    ['one of both empty', [{ reasoning: '', reasoning_content: 'Let me ' }, { reasoning: 'see.', reasoning_content: null }]],
    ['details alone', [{ reasoning_details: [text('Let me ')] }, { reasoning_details: [text('see.')] }]],
    ['details of a summary', [{ reasoning_details: [{ type: 'reasoning.summary', summary: 'Let me see.', index: 0 }] }]],
    ['details that repeat the reasoning', [{ reasoning: 'Let me ', reasoning_details: [text('Let me ')] }, { reasoning: 'see.', reasoning_details: [text('see.')] }, { reasoning_details: [{ ...text(''), signature: 's' }] }]],
    ['empty content beside it', [{ role: 'assistant', content: '', reasoning: 'Let me see.', reasoning_details: [] }]],
    ['no calls beside it', [{ reasoning: 'Let me ', tool_calls: [] }, { reasoning: 'see.', tool_calls: [] }]],
    ['nulls beside it', [{ reasoning: 'Let me ', tool_calls: null, function_call: null, refusal: null, annotations: null }, { reasoning: 'see.' }]]
  ]
  for (const [name, deltas] of cases) {
    for (const after of [chunk({ content: 'So.' }), calls({ index: 0, id: 'a', function: { name: 'Read', arguments: '{}' } })]) {
      const { reply, message } = decode([...deltas.map(delta => chunk(delta)), after, stop], { pair: 'openrouter' })
      t.match(reply.content, [{ type: 'thinking', thinking: 'Let me see.', signature: /^sy1\./ }, {}], name)
      t.equal(reply.content.length, 2, 'one block of thinking')
      t.strictSame(message?.content, reply.content)
    }
    const whole = decode([{ choices: [{ message: { ...Object.assign({}, ...deltas) as object, content: 'So.' }, finish_reason: 'stop' }] }], { pair: 'openrouter' })
    t.strictSame(types(whole.reply.content), ['thinking', 'text'], 'thinking comes first in a plain reply too')
  }
})

t.test('reasoning to the end, and reasoning without a text', async t => {
  const cut = decode([chunk({ reasoning: 'Let me' }), chunk({}, 'length')])
  t.match(cut.reply.content, [{ type: 'thinking', thinking: 'Let me', signature: /^sy1\./ }])
  const encrypted = decode([chunk({ content: '', reasoning_details: [{ type: 'reasoning.encrypted', data: 'opaque', id: 'rs_1', index: 0 }] }), chunk({ content: 'So.' }), stop], { pair: 'openrouter' })
  t.match(encrypted.reply.content, [{ type: 'redacted_thinking', data: /^sy1\./ }, { type: 'text', text: 'So.' }])
  const announced = decode([chunk({ reasoning_details: [{ type: 'reasoning.text', text: '', signature: '', index: 0 }] }), chunk({ content: 'So.' }), stop], { pair: 'openrouter' })
  t.strictSame(types(announced.reply.content), ['text'], 'an announcement that nothing followed is no block')
})

t.test('a call of a custom tool: its input is text, and becomes an object', async t => {
  const text = 'print("[{\n👩🏽‍💻")'
  const call = { id: 'call_1', type: 'custom', custom: { name: 'py', input: text } }
  const other = { id: 'call_2', type: 'function', function: { name: 'f', arguments: '{"a":1}' } }
  const pieces = [...Array(text.length).keys()].map(i => chunk({ tool_calls: [{ index: 0, custom: { input: text.charAt(i) } }] }))
  const ways = [
    [{ choices: [{ message: { content: null, tool_calls: [call, other] }, finish_reason: 'tool_calls' }] }],
    [chunk({ tool_calls: [{ index: 0, ...call, custom: { name: 'py', input: '' } }] }), ...pieces, chunk({ tool_calls: [{ index: 1, ...other }] }), chunk({}, 'tool_calls')]
  ]
  for (const chunks of ways) {
    const { message } = decode(chunks)
    t.match(message, { stop_reason: 'tool_use', content: [{ type: 'tool_use', name: 'py', input: { input: text } }, { type: 'tool_use', name: 'f', input: { a: 1 } }] })
  }
})

t.test('a refusal', async t => {
  for (const chunks of [[chunk({ refusal: 'I can\'t ' }), chunk({ refusal: 'help.' }), stop], [{ choices: [{ message: { content: null, refusal: 'I can\'t help.' }, finish_reason: 'stop' }] }]]) {
    const { reply, message } = decode(chunks)
    t.match(reply, { stopReason: 'refusal', stopDetails: { type: 'refusal', explanation: 'I can\'t help.' } })
    t.equal(joined(reply.content, 'text'), 'I can\'t help.', 'what the model said is shown')
    t.match(message, { stop_reason: 'refusal', stop_details: { type: 'refusal' } })
  }
})

t.test('pages that the provider searched', async t => {
  const cite = (url: string, title?: string): object => ({ type: 'url_citation', url_citation: { url, title, start_index: 0, end_index: 0 } })
  const before = decode([chunk({ content: '', annotations: [cite('https://a.example', 'A')] }), chunk({ annotations: [cite('https://b.example')] }), chunk({ annotations: [cite('https://a.example', 'A')] }), chunk({ content: 'So.' }), stop], { pair: 'openrouter' })
  t.match(before.reply.content, [
    { type: 'server_tool_use', name: 'web_search', id: /^srvtoolu_/ },
    { type: 'web_search_tool_result', content: [{ type: 'web_search_result', url: 'https://a.example', title: 'A' }, { type: 'web_search_result', url: 'https://b.example' }] },
    { type: 'text', text: 'So.' }
  ])
  t.equal(before.reply.content[1]?.['tool_use_id'], before.reply.content[0]?.['id'], 'the result belongs to its search')
  t.equal((before.reply.content[1]?.['content'] as unknown[]).length, 2, 'each page once')
  t.match(before.message?.content[2], { type: 'text', text: 'So.', citations: [{ type: 'web_search_result_location', url: 'https://a.example', title: 'A', cited_text: '' }, { url: 'https://b.example', title: 'https://b.example' }] })
  t.match(before.reply.usage, { server_tool_use: { web_search_requests: 1 } }, 'a search that the provider did not count')
  const place = (start: number, content: string): object => ({ type: 'url_citation', url_citation: { url: 'https://a.example', title: 'A', content, start_index: start, end_index: start + 1 } })
  const twice = decode([chunk({ content: 'So. And so.', annotations: [place(0, 'one')] }), chunk({ annotations: [place(0, 'one'), place(5, 'two')] }), stop], { pair: 'openrouter' })
  const cited = twice.message?.content.find(({ type }) => type === 'text') as { citations?: { cited_text: string }[] }
  t.strictSame(cited.citations?.map(({ cited_text: text }) => text), ['one', 'two'], 'a page is cited wherever the text does so')
  t.equal((twice.reply.content.find(({ type }) => type === 'web_search_tool_result')?.['content'] as unknown[]).length, 1)
  const after = decode([chunk({ content: 'So.' }), chunk({ annotations: [cite('https://a.example', 'A')] }), stop], { pair: 'openrouter' })
  t.strictSame(types(after.reply.content), ['text', 'server_tool_use', 'web_search_tool_result'])
  t.equal(after.reply.stopReason, 'end_turn', 'a search of the provider is no call for the client')
  t.match(after.message?.content[0], { citations: [{ url: 'https://a.example' }] })
  t.strictSame(after.reply.content[0]?.['citations'], (after.message?.content[0] as { citations?: unknown }).citations, 'streamed as it is told at once')
  const counted = decode([chunk({ content: 'So.', annotations: [cite('https://a.example', 'A')] }), chunk({}, 'stop', { usage: { prompt_tokens: 1, completion_tokens: 1, server_tool_use_details: { web_search_requests: 3 } } })], { pair: 'openrouter' })
  t.match(counted.reply.usage, { server_tool_use: { web_search_requests: 3 } })
  const whole = decode([{ choices: [{ message: { content: 'So.', annotations: [cite('https://a.example', 'A')] }, finish_reason: 'stop' }] }])
  t.match(whole.message?.content, [{ type: 'server_tool_use' }, { type: 'web_search_tool_result' }, { type: 'text', citations: [{ url: 'https://a.example' }] }])
  const other = decode([chunk({ content: 'So.', annotations: [{ type: 'file', file: {} }, { type: 'url_citation' }] }), stop])
  t.strictSame(types(other.reply.content), ['text'])
})

t.test('an error inside a 200', async t => {
  const cases: [string, object, string, number][] = [
    ['OpenRouter', { error: { code: 429, message: 'slow down' }, choices: [{ delta: { content: '' }, finish_reason: 'error' }] }, 'rate_limit_error', 429],
    ['OpenRouter, by its type', { error: { message: 'busy', metadata: { error_type: 'provider_overloaded' } }, choices: [] }, 'overloaded_error', 529],
    ['OpenRouter, in the choice', { choices: [{ message: { content: '' }, finish_reason: 'error', error: { code: 502, message: 'gone' } }] }, 'api_error', 502],
    ['OpenAI', { error: { message: 'The server had an error', type: 'server_error', code: null, param: null } }, 'api_error', 500],
    ['vLLM', { error: { message: 'bad', type: 'BadRequestError', param: null, code: 400 } }, 'invalid_request_error', 400],
    ['older vLLM', { object: 'error', message: 'bad', type: 'BadRequestError', param: null, code: 400 }, 'invalid_request_error', 400],
    ['Groq', { error: { message: 'bad call', type: 'invalid_request_error', code: 'tool_use_failed', status_code: 400 } }, 'invalid_request_error', 400],
    ['a text', { error: 'went wrong' }, 'api_error', 502],
    ['no message', { error: {} }, 'api_error', 502]
  ]
  for (const [name, failing, type, status] of cases) {
    for (const before of [[], [chunk({ content: 'x' })]]) {
      const { reply, error } = decode([...before, failing, chunk({ content: 'later' }), stop])
      t.match(reply, { ended: 'error', error: { type }, openBlock: before.length > 0 }, `${name}${before.length > 0 ? ', after text' : ''}`)
      t.notMatch(JSON.stringify(reply.content), /later/)
      t.match(error, { type, status })
    }
  }
})

t.test('an error that says only that the limit was reached is no error', async t => {
  const limit = { error: { code: 400, message: 'Token limit reached' }, choices: [{ delta: { content: '' }, finish_reason: null }], usage: { prompt_tokens: 43, completion_tokens: 10 } }
  t.match(decode([chunk({ reasoning: 'We' }), chunk({}, 'length'), limit]).reply, { stopReason: 'max_tokens', usage: { input_tokens: 43, output_tokens: 10 } }, 'after the reason')
  const named = { error: { code: 400, message: 'x', metadata: { error_type: 'max_tokens_exceeded' } }, choices: [] }
  t.match(decode([chunk({ content: 'x' }), named]).reply, { stopReason: 'max_tokens' }, 'by its type, after output')
  t.match(decode([named]).reply, { ended: 'error' }, 'before any output it is one')
})

t.test('pictures that the model made leave a note', async t => {
  const { reply } = decode([chunk({ content: 'Here:', images: [{ type: 'image_url', image_url: { url: 'data:image/png;base64,AAAA' } }] }), stop])
  t.match(joined(reply.content, 'text'), /^Here:.*image/)
})

t.test('a chunk that is none changes nothing', async t => {
  for (const odd of [null, 1, 'x', [], {}, { choices: [null] }, { choices: [{}] }, { choices: [{ delta: null, finish_reason: null }] }, { id: 'x', prompt_token_ids: null, choices: [] }]) {
    t.strictSame(decode([chunk({ content: 'a' }), odd, chunk({ content: 'b' }), stop]).reply.content, [{ type: 'text', text: 'ab' }], JSON.stringify(odd))
  }
})

/** Paths to every value of a chunk that a server might send in another form. */
const FIELDS = [['choices'], ['choices', 0], ['choices', 0, 'delta'], ['choices', 0, 'finish_reason'], ['choices', 0, 'delta', 'content'], ['choices', 0, 'delta', 'reasoning'], ['choices', 0, 'delta', 'reasoning_content'],
  ['choices', 0, 'delta', 'reasoning_details'], ['choices', 0, 'delta', 'reasoning_details', 0], ['choices', 0, 'delta', 'refusal'], ['choices', 0, 'delta', 'annotations'], ['choices', 0, 'delta', 'annotations', 0], ['choices', 0, 'delta', 'images'],
  ['choices', 0, 'delta', 'tool_calls'], ['choices', 0, 'delta', 'tool_calls', 0], ['choices', 0, 'delta', 'tool_calls', 0, 'index'], ['choices', 0, 'delta', 'tool_calls', 0, 'id'], ['choices', 0, 'delta', 'tool_calls', 0, 'function'],
  ['choices', 0, 'delta', 'tool_calls', 0, 'function', 'name'], ['choices', 0, 'delta', 'tool_calls', 0, 'function', 'arguments'], ['usage'], ['usage', 'prompt_tokens'], ['usage', 'prompt_tokens_details'], ['x_groq'], ['error']] as const

function replaceAt (value: unknown, [step, ...rest]: readonly (string | number)[], other: unknown): unknown {
  if (step === undefined) return other
  const copy = structuredClone(value) as Record<string | number, unknown>
  copy[step] = replaceAt(copy[step] ?? {}, rest, other)
  return copy
}

function failureOf (chunks: readonly unknown[], what: string): string | undefined {
  try {
    decode(chunks, { anyInput: true })
    return undefined
  } catch (error) {
    return `${what}: ${String(error)}`
  }
}

t.test('a field of any other form does not bring the decoder down', async t => {
  const good = chunk({ content: 'x', reasoning: 'y', reasoning_details: [{ type: 'reasoning.text', text: 'y' }], tool_calls: [{ index: 0, id: 'a', function: { name: 'Read', arguments: '{}' } }], annotations: [{ type: 'url_citation', url_citation: { url: 'https://a.example' } }] }, null, { usage: { prompt_tokens: 1, completion_tokens: 1, prompt_tokens_details: {} } })
  const forms: unknown[] = [null, true, 0, 1.5, '', 'x', [], [null], ['x'], [1], [[]], {}, { x: 1 }, [{}], [{ x: null }]]
  for (const path of FIELDS) {
    const failures = forms.map(form => failureOf([replaceAt(good, path, form), stop], JSON.stringify(form)))
    t.strictSame(failures.filter(failure => failure !== undefined), [], path.join('.'))
  }
  const property = fc.property(fc.array(fc.tuple(fc.constantFrom(...FIELDS), fc.jsonValue({ maxDepth: 2 })), { maxLength: 4 }), changes => {
    decode([...changes.map(([path, value]) => replaceAt(good, path, value)), stop], { anyInput: true })
  })
  t.doesNotThrow(() => fc.assert(property))
})
