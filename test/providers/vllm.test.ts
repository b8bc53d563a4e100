import t from 'tap'
import type { ContentBlock, MessagesRequest } from '../../src/wire/anthropic.ts'
import { chunk, decode, encode, pairNamed, targetOf } from '../helper/pairs.ts'
import { type DecodeOptions, type Decoded, type TargetOptions } from '../helper/pairs.ts'
import { joined, types } from '../helper/grammar.ts'

/** vLLM's own ways, through its pair (shared ways of the wire: openai-compatible/). */

const stop = chunk({}, 'stop')
const read = (chunks: readonly unknown[], options: DecodeOptions = {}): Decoded => decode(chunks, { pair: 'vllm', ...options })
const send = (request: object, options: TargetOptions = {}): ReturnType<typeof encode> => encode('vllm', request, options)
const result = (id: string, content: string | ContentBlock[]): ContentBlock => ({ type: 'tool_result', tool_use_id: id, content })

t.test('vLLM: reasoning, by its newer and its older name, returns in the field it came in', async t => {
  for (const field of ['reasoning', 'reasoning_content']) {
    const { reply, message } = read([chunk({ role: 'assistant', content: '' }), chunk({ [field]: 'Let me ' }), chunk({ [field]: 'see.' }), chunk({ content: 'So.' }), stop])
    t.match(reply.content, [{ type: 'thinking', thinking: 'Let me see.', signature: /^sy1\./ }, { type: 'text', text: 'So.' }], field)
    const next = { messages: [{ role: 'user', content: 'a' }, { role: 'assistant', content: message?.content }, { role: 'user', content: 'b' }] }
    t.strictSame(send(next).messages[1], { role: 'assistant', content: 'So.', [field]: 'Let me see.' })
    t.strictSame(send(next, { provider: 'another' }).messages[1], { role: 'assistant', content: 'So.' }, 'a second server is another family')
    t.strictSame(encode('openai', next).messages[1], { role: 'assistant', content: 'So.' })
  }
})

t.test('vLLM: thinking tags in the content, however they are cut', async t => {
  const cases: [string, string, string, string][] = [
    ['at the head', '<think>Let me see.</think>So.', 'Let me see.', 'So.'],
    ['blanks and lines around', '\n <think>\nLet me see.</think>\n\nSo.\n', 'Let me see.', 'So.\n'],
    ['nothing thought', '<think>\n\n</think>\n\nSo.', '', 'So.'],
    ['no answer', '<think>Let me', 'Let me', ''],
    ['what looks like the end', '<think>a </thin b</think>So.', 'a </thin b', 'So.'],
    ['no tags', 'So.', '', 'So.'],
    ['blanks alone', ' \n', '', ' \n'],
    ['a tag later', 'So. <think>x</think>', '', 'So. <think>x</think>'],
    ['a second tag', '<think>a</think>b<think>c</think>', 'a', 'b<think>c</think>'],
    ['half a tag', '<thin', '', '<thin'],
    ['another tag', '<thinking>x', '', '<thinking>x']
  ]
  for (const [name, content, thinking, text] of cases) {
    for (const size of [1, 3, 1000]) {
      const deltas = content.match(new RegExp(`[^]{1,${size}}`, 'g')) ?? []
      const { reply, message } = read([...deltas.map(content => chunk({ content })), stop])
      t.equal(joined(reply.content, 'thinking'), thinking, `${name}, ${size} at a time`)
      t.equal(joined(reply.content, 'text'), text, `${name}, ${size} at a time`)
      t.strictSame(message?.content, reply.content)
      if (thinking !== '') t.match(reply.content[0], { type: 'thinking', signature: /^sy1\./ })
    }
    const whole = read([{ choices: [{ message: { content }, finish_reason: 'stop' }] }])
    t.equal(joined(whole.reply.content, 'thinking'), thinking, `${name}, plain`)
    t.equal(joined(whole.reply.content, 'text'), text)
  }
})

t.test('vLLM: thinking that no tag opens, where the configuration says so', async t => {
  const options = { think_tags: 'implied' }
  const unopened = [chunk({ content: 'Let me see.</th' }), chunk({ content: 'ink>\n\nSo.' }), stop]
  t.match(read(unopened, { options }).reply.content, [{ type: 'thinking', thinking: 'Let me see.' }, { type: 'text', text: 'So.' }])
  t.match(read([chunk({ content: '<think>Let me see.</think>So.' }), stop], { options }).reply.content, [{ type: 'thinking', thinking: 'Let me see.' }, { type: 'text', text: 'So.' }], 'a tag that opens it all the same')
  t.match(read([chunk({ content: 'So.' }), stop], { options, request: { thinking: { type: 'disabled' } } }).reply.content, [{ type: 'text', text: 'So.' }], 'not where none was asked for')
  t.match(read([chunk({ reasoning: 'Let me see.' }), chunk({ content: 'So.' }), stop], { options }).reply.content, [{ type: 'thinking', thinking: 'Let me see.' }, { type: 'text', text: 'So.' }], 'not where the server tells them apart')
  t.match(read(unopened).reply.content, [{ type: 'text', text: 'Let me see.</think>\n\nSo.' }])
  t.match(read([chunk({ content: '<think>x</think>y' }), stop], { options: { think_tags: 'off' } }).reply.content, [{ type: 'text', text: '<think>x</think>y' }])
})

t.test('vLLM: a call behind tagged thinking', async t => {
  const call = chunk({ tool_calls: [{ index: 0, id: 'a', function: { name: 'Read', arguments: '{}' } }] }, 'tool_calls')
  t.strictSame(types(read([chunk({ content: '<think>Let me see.</think>' }), call]).reply.content), ['thinking', 'tool_use'])
  t.match(read([chunk({ content: '<think>Let me see.</thi' }), call]).reply.content, [{ type: 'thinking', thinking: 'Let me see.</thi' }, { type: 'tool_use' }], 'nothing of it is lost')
})

t.test('vLLM: calls', async t => {
  const parts = (...deltas: object[]): unknown[] => [...deltas.map(call => chunk({ tool_calls: [call] })), chunk({}, 'tool_calls')]
  const cases: [string, unknown[], unknown[]][] = [
    ['whole arguments in one delta', parts({ index: 0, id: 'chatcmpl-tool-1', type: 'function', function: { name: 'Read', arguments: '{"path":"a"}' } }), [{ path: 'a' }]],
    ['a name, then the arguments at once', parts({ index: 0, id: 'chatcmpl-tool-1', function: { name: 'Read', arguments: '' } }, { index: 0, function: { arguments: '{"path":"a"}' } }), [{ path: 'a' }]],
    ['a name and no arguments', parts({ index: 0, id: 'chatcmpl-tool-1', function: { name: 'Read' } }), [{}]],
    ['arguments with the reason to stop', [chunk({ tool_calls: [{ index: 0, id: 'x', function: { name: 'Read' } }] }), chunk({ tool_calls: [{ index: 0, function: { arguments: '{"path":"a"}' } }] }, 'tool_calls')], [{ path: 'a' }]]
  ]
  for (const [name, chunks, inputs] of cases) {
    const { reply } = read(chunks)
    t.strictSame(reply.content.map(({ input }) => input), inputs, name)
    t.equal(reply.stopReason, 'tool_use')
  }
})

t.test('vLLM: the ids of Kimi find the way back', async t => {
  const { message } = read([chunk({ tool_calls: [{ index: 0, id: 'functions.Bash:0', function: { name: 'Bash', arguments: '{}' } }] }), chunk({}, 'tool_calls')], { model: 'moonshotai/Kimi-K2' })
  const [block] = message?.content ?? []
  const id = block?.type === 'tool_use' ? block.id : ''
  t.match(id, /^[a-zA-Z0-9_-]+$/)
  const { messages } = send({ messages: [{ role: 'user', content: 'a' }, { role: 'assistant', content: message?.content }, { role: 'user', content: [result(id, 'x')] }] })
  t.match(messages.slice(1), [{ tool_calls: [{ id: 'functions.Bash:0' }] }, { tool_call_id: 'functions.Bash:0' }])
})

t.test('vLLM: results in the order of the calls, pictures behind all of them', async t => {
  const call = (id: string): ContentBlock => ({ type: 'tool_use', id, name: 'Read', input: {} })
  const png: ContentBlock = { type: 'image', source: { type: 'base64', media_type: 'image/png', data: 'iVBORw0KGgo=' } }
  const { messages } = send({ messages: [{ role: 'user', content: 'Hi' }, { role: 'assistant', content: [call('a'), call('b'), call('c')] }, { role: 'user', content: [result('c', 'third'), { type: 'text', text: 'hurry' }, result('a', [png]), result('b', 'second')] }] })
  t.match(messages.slice(2), [{ role: 'tool', tool_call_id: 'a' }, { role: 'tool', tool_call_id: 'b' }, { role: 'tool', tool_call_id: 'c' }, { role: 'user', content: [{ type: 'text' }, { type: 'image_url' }, { type: 'text', text: 'hurry' }] }])
  t.equal(messages.length, 6)
  t.throws(() => send({ messages: [{ role: 'user', content: [{ type: 'document', source: { type: 'base64', media_type: 'application/pdf', data: 'JVBERi0=' } }] }] }), { name: 'ApiError', status: 400 })
})

t.test('vLLM: why it stopped', async t => {
  const end = (rest: object): object => ({ choices: [{ index: 0, delta: {}, finish_reason: 'stop', ...rest }] })
  const request = { stop_sequences: ['END'] }
  t.match(read([chunk({ content: 'x' }), end({ stop_reason: 'END' })], { request }).reply, { stopReason: 'stop_sequence', stopSequence: 'END' })
  for (const met of [154829, null, 'of the server\'s own']) t.match(read([chunk({ content: 'x' }), end({ stop_reason: met })], { request }).reply, { stopReason: 'end_turn' }, JSON.stringify(met))
  t.match(read([chunk({ content: 'x' }), chunk({}, 'abort')]).error, { type: 'overloaded_error', status: 529 })
  t.match(read([chunk({ content: 'x' }), chunk({}, 'repetition')]).reply, { stopReason: 'end_turn' })
})

t.test('vLLM: counts that come with every chunk, or last and alone', async t => {
  const counts = { prompt_tokens: 20, completion_tokens: 5, total_tokens: 25, prompt_tokens_details: { cached_tokens: 16, multimodal_tokens: 0 } }
  t.equal(send({ stream: true }).body.stream_options?.include_usage, true)
  for (const chunks of [[stop, { choices: [], usage: counts }], [chunk({}, null, { usage: { prompt_tokens: 20, completion_tokens: 1 } }), { choices: [{ delta: {}, finish_reason: 'stop' }], usage: counts }]]) {
    t.match(read([chunk({ content: 'x' }), ...chunks]).reply.usage, { input_tokens: 4, cache_read_input_tokens: 16, output_tokens: 5 })
  }
})

t.test('vLLM: errors', async t => {
  const failing = { error: { message: 'The model crashed', type: 'InternalServerError', param: null, code: 500 } }
  t.match(read([chunk({ content: 'x' }), failing, stop]).error, { type: 'api_error', message: /The model crashed/ }, 'in mid-stream')
  const refused = pairNamed('vllm').decodeError(401, {}, '{"error":"Unauthorized"}', targetOf('vllm'))
  t.match(refused, { status: 401, type: 'authentication_error', message: 'scripted rejected the gateway\'s API key: Unauthorized' })
  const long = pairNamed('vllm').decodeError(400, {}, JSON.stringify({ error: { message: 'This model\'s maximum context length is 8192 tokens. However, you requested 9000 tokens (8500 in the messages, 500 in the completion).', type: 'BadRequestError', code: 400 } }), targetOf('vllm'))
  t.match(long, { status: 400, message: 'prompt is too long: 8500 tokens > 8192 maximum' })
})

type Thinking = MessagesRequest['thinking']

t.test('vLLM: thinking and effort', async t => {
  const enabled: Thinking = { type: 'enabled', budget_tokens: 10_000 }
  const on = { enable_thinking: true }
  const off = { enable_thinking: false }
  const cases: [string, Thinking, string | undefined, object, TargetOptions?][] = [
    ['nothing asked', undefined, undefined, {}],
    ['absent, with effort', undefined, 'low', { reasoning_effort: 'low' }],
    ['adaptive', { type: 'adaptive' }, undefined, {}],
    ['adaptive, with effort', { type: 'adaptive' }, 'xhigh', { reasoning_effort: 'xhigh' }],
    ['enabled', enabled, undefined, { thinking_token_budget: 10_000, chat_template_kwargs: on }],
    ['enabled, with effort', enabled, 'max', { thinking_token_budget: 10_000, reasoning_effort: 'max', chat_template_kwargs: on }],
    ['disabled', { type: 'disabled' }, undefined, { reasoning_effort: 'none', chat_template_kwargs: off }],
    ['DeepSeek', { type: 'disabled' }, undefined, { reasoning_effort: 'none', chat_template_kwargs: { enable_thinking: false, thinking: false } }, { model: 'deepseek-ai/DeepSeek-V3.1' }],
    ['gpt-oss cannot be told not to think', { type: 'disabled' }, undefined, { reasoning_effort: 'low' }, { model: 'openai/gpt-oss-120b' }],
    ['gpt-oss knows three efforts', { type: 'adaptive' }, 'max', { reasoning_effort: 'high' }, { model: 'openai/gpt-oss-120b' }],
    ['gpt-oss has no budget', enabled, undefined, { reasoning_effort: 'medium' }, { model: 'openai/gpt-oss-120b' }],
    ['a server without a reasoning parser', { type: 'enabled', budget_tokens: 31_999 }, undefined, { reasoning_effort: 'high', chat_template_kwargs: on }, { options: { thinking_token_budget: false } }],
    ['an old server', { type: 'disabled' }, undefined, { chat_template_kwargs: off }, { options: { reasoning_effort: false } }],
    ['variables of the configuration', { type: 'adaptive' }, undefined, { chat_template_kwargs: { preserve_thinking: true } }, { options: { chat_template_kwargs: { preserve_thinking: true } } }],
    ['which stand above ours', enabled, undefined, { thinking_token_budget: 10_000, chat_template_kwargs: off }, { options: { chat_template_kwargs: off } }]
  ]
  for (const [name, thinking, effort, expected, options = {}] of cases) {
    const { body, dropped } = send({ ...(thinking && { thinking }), ...(effort !== undefined && { output_config: { effort } }) }, { model: 'Qwen/Qwen3-32B', ...options })
    const sent = Object.fromEntries(['reasoning_effort', 'thinking_token_budget', 'chat_template_kwargs'].filter(field => body[field] !== undefined).map(field => [field, body[field]]))
    t.strictSame(sent, expected, name)
    t.strictSame(dropped, [])
  }
  t.strictSame(send({ thinking: { type: 'disabled' }, output_config: { effort: 'high' } }).dropped, ['output_config.effort'])
})

t.test('vLLM: a thinking budget is lowered with max_tokens, and leaves room for the answer', async t => {
  const options: TargetOptions = { rest: { facts: { contextWindows: new Map([['test-model', 32_768]]) } } }
  const ask = (characters: number, budget: number): { budget: number, limit: number } => {
    const { body } = send({ max_tokens: 32_000, thinking: { type: 'enabled', budget_tokens: budget }, messages: [{ role: 'user', content: 'word '.repeat(characters / 5) }] }, options)
    return { budget: Number(body['thinking_token_budget']), limit: body.max_tokens ?? 0 }
  }
  const long = ask(70_000, 31_999)
  t.ok(long.limit < 20_000 && long.budget <= long.limit - 4096 && long.budget > 1000, JSON.stringify(long))
  const least = ask(350_000, 31_999)
  t.strictSame(least, { budget: 512, limit: 1024 })
  t.equal(ask(70_000, 2000).budget, 2000, 'a budget that fits stays')
  const { body } = send({ max_tokens: 32_000, thinking: { type: 'enabled', budget_tokens: 31_999 } }, options)
  t.match(body, { max_tokens: 32_000, thinking_token_budget: 31_999 }, 'a limit that stays leaves the budget to the client')
})

t.test('vLLM: sampling and limits that others do not take', async t => {
  const { body, dropped } = send({ temperature: 0, top_p: 0.9, top_k: 40, stop_sequences: ['1', '2', '3', '4', '5', '6'] })
  t.match(body, { temperature: 0, top_p: 0.9, top_k: 40, stop: ['1', '2', '3', '4', '5', '6'] })
  t.strictSame(dropped, [])
  t.match(send({ output_config: { format: { type: 'json_schema', schema: { type: 'object', properties: {} } } } }).body.response_format, { type: 'json_schema' })
})

t.test('vLLM: max_tokens is at most what the window leaves', async t => {
  const withWindow = (size: number): TargetOptions => ({ rest: { facts: { contextWindows: new Map([['test-model', size]]) } } })
  const ask = (characters: number, rest: object = {}): object => ({ max_tokens: 32_000, messages: [{ role: 'user', content: 'word '.repeat(characters / 5) }], ...rest })
  t.equal(send(ask(70_000)).body.max_tokens, 32_000, 'nothing is known')
  t.equal(send(ask(70_000), withWindow(131_072)).body.max_tokens, 32_000, 'there is room')
  const clamped = send(ask(35_000), withWindow(32_768))
  t.ok((clamped.body.max_tokens ?? 0) < 32_768 - 7000 && (clamped.body.max_tokens ?? 0) > 32_768 - 9000, `${clamped.body.max_tokens} beside about 7,000`)
  t.strictSame(clamped.dropped, [], 'a limit is no loss')
  t.equal(send(ask(350_000), withWindow(32_768)).body.max_tokens, 1024, 'a prompt that is too long itself is for the server to judge')
  t.equal(send(ask(350_000, { max_tokens: 10 }), withWindow(32_768)).body.max_tokens, 10)
  const limit = (rest: object): number => send(ask(5, rest), withWindow(32_768)).body.max_tokens ?? 0
  const bare = limit({})
  const image = { type: 'image', source: { type: 'base64', media_type: 'image/png', data: 'A'.repeat(1_000_000) } }
  t.ok(bare - limit({ messages: [{ role: 'user', content: [image] }] }) < 2500, 'a picture counts as one, not as its bytes')
  t.ok(bare - limit({ messages: [{ role: 'user', content: 'Hi' }, { role: 'assistant', content: [{ type: 'thinking', thinking: 'x', signature: 's'.repeat(100_000) }, { type: 'text', text: 'a' }] }, { role: 'user', content: 'b' }] }) < 100, 'nor does a signature')
  const long = 'word '.repeat(9000)
  const parts: [string, object][] = [
    ['system', { system: [{ type: 'text', text: long }] }],
    ['tools', { tools: [{ name: 'Read', description: long, input_schema: { type: 'object', properties: {} } }] }],
    ['schemas', { tools: [{ name: 'Read', input_schema: { type: 'object', properties: { a: { enum: [long] } } } }] }],
    ['calls', { messages: [{ role: 'user', content: 'a' }, { role: 'assistant', content: [{ type: 'tool_use', id: 'a', name: 'Write', input: { content: long } }] }, { role: 'user', content: [result('a', 'ok')] }] }],
    ['results', { messages: [{ role: 'user', content: 'a' }, { role: 'assistant', content: [{ type: 'tool_use', id: 'a', name: 'Read', input: {} }] }, { role: 'user', content: [result('a', [{ type: 'text', text: long }])] }] }]
  ]
  for (const [name, rest] of parts) t.ok(bare - limit(rest) > 9000, `${name} count`)
})

t.test('vLLM: the beginning of an answer is continued', async t => {
  t.match(send({ messages: [{ role: 'user', content: 'a' }, { role: 'assistant', content: '{"a":' }] }).body, { add_generation_prompt: false, continue_final_message: true, messages: [{}, { role: 'assistant', content: '{"a":' }] })
  t.match(send({}).body, { add_generation_prompt: undefined, continue_final_message: undefined })
})

t.test('vLLM: a look at the server', async t => {
  const target = targetOf('vllm', { model: 'qwen' })
  const look = async (status: number, body: string, models = ['qwen']): Promise<{ result: unknown, url: URL, headers: Record<string, string> }> => {
    let asked: { url: URL, headers: Record<string, string> } | undefined
    const result = await pairNamed('vllm').probe?.({ ...target.provider, models }, async (url, headers) => {
      asked = { url, headers }
      return { status, body }
    })
    if (asked === undefined) throw new Error('nothing was asked')
    return { result, ...asked }
  }
  const list = (...models: object[]): string => JSON.stringify({ object: 'list', data: models })
  const good = await look(200, list({ id: 'qwen', max_model_len: 32_768 }, { id: 'lora', parent: 'qwen' }))
  t.equal(good.url.href, 'http://127.0.0.1/v1/models')
  t.match(good.headers, { authorization: 'Bearer upstream-secret' })
  t.strictSame(good.result, { facts: { contextWindows: new Map([['qwen', 32_768]]) } })
  const cases: [string, number, string, RegExp][] = [
    ['another model', 200, list({ id: 'llama' }), /does not serve qwen; it serves llama/],
    ['no model', 200, list(), /does not serve qwen; it serves nothing/],
    ['a wrong key', 401, '{"error":"Unauthorized"}', /api_key.*401/],
    ['a broken server', 502, 'bad gateway', /502/],
    ['a page', 200, '<html></html>', /api_base_url/],
    ['another document', 200, '{"status":"ok"}', /api_base_url/]
  ]
  for (const [name, status, body, expected] of cases) {
    const { result } = await look(status, body)
    t.match(result, { problem: expected, facts: undefined }, name)
  }
  const partly = await look(200, list({ id: 'qwen', max_model_len: 8192 }), ['qwen', 'llama'])
  t.match(partly.result, { facts: { contextWindows: new Map([['qwen', 8192]]) }, problem: /does not serve llama/ }, 'what it does serve can be used')
})
