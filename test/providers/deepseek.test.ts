import t from 'tap'
import { readBody } from '../../src/upstream/body-reader.ts'
import { MessageCollector } from '../../src/message/collector.ts'
import { MessageWriter } from '../../src/message/writer.ts'
import type { ContentBlock, MessagesRequest } from '../../src/wire/anthropic.ts'
import { type TargetOptions, chunk, decode, encode, pairNamed, targetOf } from '../helper/pairs.ts'

/** DeepSeek's own ways, through its pair (shared ways of the wire: openai-compatible/). */

type Thinking = MessagesRequest['thinking']
const adaptive: Thinking = { type: 'adaptive' }
const tool = { name: 'Read', input_schema: { type: 'object', properties: { path: { type: 'string' } } } }
const send = (request: object, options: TargetOptions = {}): ReturnType<typeof encode> => encode('deepseek', request, { model: 'deepseek-v4-pro', ...options })
const beta: TargetOptions = { rest: { url: new URL('https://api.deepseek.com/beta/chat/completions') } }

t.test('DeepSeek: thinking is told either way, since it is on by default', async t => {
  const cases: [string, Thinking, string | undefined, string, string | undefined, string[], string?][] = [
    ['absent', undefined, undefined, 'disabled', undefined, []],
    ['disabled', { type: 'disabled' }, undefined, 'disabled', undefined, []],
    ['disabled, with effort', { type: 'disabled' }, 'high', 'disabled', undefined, ['output_config.effort']],
    ['adaptive', adaptive, undefined, 'enabled', undefined, []],
    ['between tools', { type: 'between_tools' }, undefined, 'enabled', undefined, []],
    ['adaptive at low', adaptive, 'low', 'enabled', 'low', []],
    ['adaptive at medium', adaptive, 'medium', 'enabled', 'high', []],
    ['adaptive at high', adaptive, 'high', 'enabled', 'high', []],
    ['adaptive at xhigh', adaptive, 'xhigh', 'enabled', 'high', []],
    ['adaptive at max', adaptive, 'max', 'enabled', 'max', []],
    ['a small budget', { type: 'enabled', budget_tokens: 4000 }, undefined, 'enabled', 'low', []],
    ['a budget', { type: 'enabled', budget_tokens: 24_000 }, undefined, 'enabled', 'high', []],
    ['a large budget', { type: 'enabled', budget_tokens: 31_999 }, undefined, 'enabled', 'max', []],
    ['the old name that never thinks', adaptive, undefined, 'disabled', undefined, ['thinking'], 'deepseek-chat'],
    ['the old name that thinks', undefined, undefined, 'enabled', undefined, [], 'deepseek-reasoner'],
    ['the old name that thinks, told not to', { type: 'disabled' }, undefined, 'disabled', undefined, [], 'deepseek-reasoner']
  ]
  for (const [name, thinking, effort, type, sent, lost, model = 'deepseek-v4-pro'] of cases) {
    const { body, dropped } = send({ ...(thinking && { thinking }), ...(effort !== undefined && { output_config: { effort } }) }, { model })
    t.strictSame(body['thinking'], { type }, name)
    t.equal(body.reasoning_effort, sent, name)
    t.strictSame(dropped, lost, name)
  }
})

t.test('DeepSeek: sampling has no effect while it thinks, and is named', async t => {
  const sampling = { temperature: 0.5, top_p: 0.9, top_k: 40 }
  const thinks = send({ ...sampling, thinking: adaptive })
  t.match(thinks.body, { temperature: undefined, top_p: undefined, top_k: undefined })
  t.strictSame(thinks.dropped.sort(), ['temperature', 'top_k', 'top_p'])
  const plain = send(sampling)
  t.match(plain.body, { temperature: 0.5, top_p: 0.9, top_k: undefined })
  t.strictSame(plain.dropped, ['top_k'])
})

t.test('DeepSeek: a forced call is not thought over, and that is named', async t => {
  for (const choice of [{ type: 'any' }, { type: 'tool', name: 'Read' }]) {
    const { body, messages, dropped } = send({ thinking: adaptive, tools: [tool], tool_choice: choice, messages: [{ role: 'user', content: 'a' }, { role: 'assistant', content: 'b' }, { role: 'user', content: 'c' }] })
    t.strictSame(body['thinking'], { type: 'disabled' }, choice.type)
    t.ok(body.tool_choice === 'required' || typeof body.tool_choice === 'object', 'the choice stays')
    t.strictSame(dropped, ['thinking'])
    t.strictSame(messages[1], { role: 'assistant', content: 'b' })
  }
  for (const choice of [{ type: 'auto' }, { type: 'none' }]) {
    const { body, dropped } = send({ thinking: adaptive, tools: [tool], tool_choice: choice })
    t.strictSame(body['thinking'], { type: 'enabled' })
    t.equal(body.tool_choice, choice.type)
    t.strictSame(dropped, [])
  }
})

t.test('DeepSeek: every answer is replayed with its reasoning while it thinks', async t => {
  const call = chunk({ tool_calls: [{ index: 0, id: 'call_00_x', function: { name: 'Read', arguments: '{}' } }] })
  const { message } = decode([chunk({ role: 'assistant', content: null, reasoning_content: '' }), chunk({ content: null, reasoning_content: 'Let me see.' }), call, chunk({}, 'tool_calls')], { pair: 'deepseek' })
  const foreign: ContentBlock[] = [{ type: 'thinking', thinking: 'of another', signature: 'ErcB' }, { type: 'text', text: 'b' }]
  const messages = [
    { role: 'user', content: 'a' },
    { role: 'assistant', content: foreign },
    { role: 'user', content: 'c' },
    { role: 'assistant', content: message?.content },
    { role: 'user', content: [{ type: 'tool_result', tool_use_id: 'call_00_x', content: 'd' }] }
  ]
  for (const tools of [[tool], []]) {
    const thinks = send({ thinking: adaptive, tools, messages }).messages
    t.match([thinks[1], thinks[3]], [{ role: 'assistant', reasoning_content: '' }, { role: 'assistant', reasoning_content: 'Let me see.' }])
  }
  t.notMatch(JSON.stringify(send({ thinking: adaptive, messages }).body), /of another|ErcB/)
  t.equal(send({ messages }).messages[1] && 'reasoning_content' in (send({ messages }).messages[1] ?? {}), false, 'nothing is made up where it does not think')
})

t.test('DeepSeek: results are strings, pictures follow all of them, a PDF is refused', async t => {
  const png: ContentBlock = { type: 'image', source: { type: 'base64', media_type: 'image/png', data: 'iVBORw0KGgo=' } }
  const calls: ContentBlock[] = ['a', 'b'].map(id => ({ type: 'tool_use', id, name: 'Read', input: {} }))
  const { messages } = send({ messages: [{ role: 'user', content: 'Hi' }, { role: 'assistant', content: calls }, { role: 'user', content: [{ type: 'tool_result', tool_use_id: 'a', content: [{ type: 'text', text: 'seen' }, png] }, { type: 'tool_result', tool_use_id: 'b', content: 'ok' }] }] })
  t.match(messages.slice(2), [{ role: 'tool', content: 'seen' }, { role: 'tool', content: 'ok' }, { role: 'user', content: [{ type: 'text' }, { type: 'image_url' }] }])
  t.throws(() => send({ messages: [{ role: 'user', content: [{ type: 'document', source: { type: 'base64', media_type: 'application/pdf', data: 'JVBERi0=' } }] }] }), { name: 'ApiError', status: 400, message: /deepseek/ })
})

t.test('DeepSeek: limits', async t => {
  t.equal(send({ max_tokens: 1_000_000 }).body.max_tokens, 384_000)
  t.equal(send({ max_tokens: 32_000 }).body.max_tokens, 32_000)
  const stops = Array.from({ length: 17 }, (_, i) => `stop ${i}`)
  t.equal(send({ stop_sequences: stops.slice(1) }).dropped.length, 0)
  const { body, dropped } = send({ stop_sequences: stops })
  t.equal(body.stop?.length, 16)
  t.strictSame(dropped, ['stop_sequences'])
})

t.test('DeepSeek: a format goes into the prompt, with the word that it asks for', async t => {
  const schema = { type: 'object', properties: { title: { type: 'string' } }, required: ['title'] }
  const format = { output_config: { format: { type: 'json_schema', schema } } }
  for (const [system, expected] of [['You are.', /^You are\.\n\n[^]*json[^]*"title"/i], [undefined, /json[^]*"title"/i]] as const) {
    const { body, messages, dropped } = send({ ...format, ...(system !== undefined && { system }) })
    t.strictSame(body.response_format, { type: 'json_object' })
    t.match(messages[0], { role: 'system', content: expected })
    t.equal(messages.length, 2)
    t.strictSame(dropped, [])
  }
})

t.test('DeepSeek: who asks, as a digest', async t => {
  const { body, dropped } = send({ metadata: { user_id: 'alice@example.com' } })
  t.match(body['user_id'], /^[a-zA-Z0-9_-]{8,512}$/)
  t.notMatch(String(body['user_id']), /alice/)
  t.strictSame(dropped, [])
  t.equal(send({}).body['user_id'], undefined)
})

t.test('DeepSeek: what it does not document is not sent', async t => {
  const { body, dropped } = send({ tools: [{ ...tool, strict: true }], tool_choice: { type: 'auto', disable_parallel_tool_use: true } })
  t.equal(body.parallel_tool_calls, undefined)
  t.equal(body.tools?.[0]?.function.strict, undefined)
  t.strictSame(dropped.sort(), ['tool_choice.disable_parallel_tool_use', 'tools.strict'])
})

t.test('DeepSeek: strict tools and the beginning of an answer, at the beta address only', async t => {
  const strict = { ...tool, strict: true }
  t.equal(send({ tools: [strict, strict] }, beta).body.tools?.[0]?.function.strict, true)
  const mixed = send({ tools: [strict, tool] }, beta)
  t.equal(mixed.body.tools?.[0]?.function.strict, undefined, 'all or none')
  t.strictSame(mixed.dropped, ['tools.strict'])
  const messages = [{ role: 'user', content: 'a' }, { role: 'assistant', content: '{"a":' }]
  t.strictSame(send({ messages }, beta).messages.at(-1), { role: 'assistant', content: '{"a":', prefix: true })
  const other = send({ messages })
  t.strictSame(other.messages, [{ role: 'user', content: 'a' }])
  t.strictSame(other.dropped, ['messages.prefill'])
  for (const [base, expected] of [['https://api.deepseek.com', '/chat/completions'], ['https://api.deepseek.com/v1/', '/v1/chat/completions'], ['https://api.deepseek.com/beta', '/beta/chat/completions']]) {
    t.equal(pairNamed('deepseek').endpoint?.(new URL(base as string)).pathname, expected)
  }
})

t.test('DeepSeek: blank lines before a plain reply', async t => {
  const collector = new MessageCollector('msg_1', 'claude-x')
  const writer = new MessageWriter(collector)
  const reader = readBody(pairNamed('deepseek').decodeReply(writer, targetOf('deepseek'), { model: 'claude-x', stream: false, conversation: () => '', maxCalls: Infinity }), 'deepseek')
  for (const piece of ['\n', '\n\n', '\n{"choices":[{"message":{"content":"So."},"finish_reason":"stop"}],', '"usage":{"prompt_tokens":10,"prompt_cache_hit_tokens":8,"prompt_cache_miss_tokens":2,"completion_tokens":3}}']) reader.push(Buffer.from(piece))
  reader.end()
  writer.end()
  t.match(collector.take(), { content: [{ type: 'text', text: 'So.' }], usage: { input_tokens: 2, cache_read_input_tokens: 8, output_tokens: 3 } })
})

t.test('DeepSeek: errors', async t => {
  for (const before of [[], [chunk({ content: 'x' })]]) {
    t.match(decode([...before, chunk({}, 'insufficient_system_resource')], { pair: 'deepseek' }).error, { type: 'overloaded_error', status: 529, retryable: true })
  }
  const cases: [number, number, string, boolean][] = [[402, 402, 'billing_error', false], [422, 400, 'invalid_request_error', false], [429, 429, 'rate_limit_error', true], [503, 529, 'overloaded_error', true]]
  for (const [status, expected, type, retryable] of cases) {
    const error = pairNamed('deepseek').decodeError(status, {}, JSON.stringify({ error: { message: 'Insufficient Balance', type: 'unknown_error', param: null, code: 'invalid_request_error' } }), targetOf('deepseek', { provider: 'deepseek' }))
    t.match(error, { status: expected, type, retryable, message: 'deepseek: Insufficient Balance' })
  }
})
