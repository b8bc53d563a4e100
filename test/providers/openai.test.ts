import t from 'tap'
import type { ContentBlock, MessagesRequest } from '../../src/wire/anthropic.ts'
import { readBody } from '../../src/upstream/body-reader.ts'
import { MessageCollector } from '../../src/message/collector.ts'
import { MessageWriter } from '../../src/message/writer.ts'
import { type TargetOptions, chunk, decode, encode, pairNamed, targetOf } from '../helper/pairs.ts'
import { ask } from '../helper/ask.ts'
import { types } from '../helper/grammar.ts'
import { openStage } from '../helper/stage.ts'
import { delta, json, stream } from '../helper/upstream.ts'
import { readyApp } from '../helper/app.ts'

/** Servers of the chat-completions wire by name, each with what is its own. docs/providers.md refers to these tests. */

const stop = chunk({}, 'stop')
const tool = { name: 'Read', input_schema: { type: 'object', properties: { path: { type: 'string' } } } }
const call = (id: string, path: string, rest: object = {}): object => ({ id, type: 'function', function: { name: 'Read', arguments: `{"path":"${path}"}` }, ...rest })
const at = (url: string, rest: TargetOptions = {}): TargetOptions => ({ ...rest, rest: { url: new URL(url) } })

t.test('OpenAI: efforts by model', async t => {
  const here = 'https://api.openai.com/v1/chat/completions'
  const off: MessagesRequest['thinking'] = { type: 'disabled' }
  const adaptive: MessagesRequest['thinking'] = { type: 'adaptive' }
  const cases: [string, MessagesRequest['thinking'], string | undefined, string | undefined, string[]][] = [
    ['gpt-5', off, undefined, undefined, ['thinking']],
    ['gpt-5', adaptive, 'max', 'high', []],
    ['gpt-5.1', off, undefined, 'none', []],
    ['gpt-5.1', off, 'high', 'none', ['output_config.effort']],
    ['gpt-5.1', adaptive, 'xhigh', 'high', []],
    ['gpt-5.1-codex', off, undefined, undefined, ['thinking']],
    ['gpt-5.1-codex-max', adaptive, 'max', 'xhigh', []],
    ['gpt-5.2', adaptive, 'max', 'xhigh', []],
    ['gpt-5-chat-latest', adaptive, 'high', undefined, ['output_config.effort', 'thinking']],
    ['o4-mini', adaptive, 'xhigh', 'high', []],
    ['o4-mini', off, undefined, undefined, ['thinking']],
    ['gpt-4o', adaptive, 'high', undefined, ['output_config.effort', 'thinking']],
    ['gpt-35-turbo', off, undefined, undefined, []]
  ]
  for (const [model, thinking, effort, sent, lost] of cases) {
    const { body, dropped } = encode('openai', { thinking, ...(effort !== undefined && { output_config: { effort } }) }, at(here, { model }))
    t.equal(body.reasoning_effort, sent, `${model}, ${thinking?.type}, ${effort}`)
    t.strictSame(dropped.sort(), lost, `${model}, ${thinking?.type}, ${effort}`)
  }
})

t.test('OpenAI: models that take tools without reasoning only', async t => {
  const request = { thinking: { type: 'adaptive' }, output_config: { effort: 'high' }, tools: [tool] }
  for (const model of ['gpt-5.4', 'gpt-5.6-luna', 'gpt-6-luna']) {
    const { body, dropped } = encode('openai', request, at('https://api.openai.com/v1/chat/completions', { model }))
    t.equal(body.reasoning_effort, 'none', model)
    t.strictSame(dropped.sort(), ['output_config.effort', 'thinking'])
    t.equal(encode('openai', { ...request, tools: [] }, at('https://api.openai.com/v1/chat/completions', { model })).body.reasoning_effort, 'high', 'without tools it may think')
    t.equal(encode('openai', request, at('https://gateway.example/v1/chat/completions', { model })).body.reasoning_effort, 'high', 'another server may do better')
  }
  t.equal(encode('openai', request, at('https://api.openai.com/v1/chat/completions', { model: 'gpt-5.2' })).body.reasoning_effort, 'high')
  t.equal(encode('openai', request, at('https://api.openai.com/v1/chat/completions', { model: 'gpt-5.6', options: { reasoning_effort: true } })).body.reasoning_effort, 'high', 'the option stands above')
})

t.test('OpenAI: tool names of more than 64 characters', async t => {
  const { url, scene } = await openStage(t, ['openai'])
  const long = `mcp__${'some_very_long_server_name_'.repeat(3)}__search`
  const other = `${long}_again`
  const tools = [long, other, 'Read'].map(name => ({ ...tool, name }))
  const { model, requests } = scene((response, { body }) => {
    const names = body.tools?.map(({ function: { name } }) => name) ?? []
    const calls = names.map((name, index) => ({ index, id: `call_${index}`, function: { name, arguments: '{}' } }))
    stream(response, delta({ tool_calls: calls }), delta({}, 'tool_calls'), '[DONE]')
  })
  const { json: message } = await ask(url, { model, tools, tool_choice: { type: 'tool', name: other } })
  const called = (message['content'] as { name: string }[]).map(({ name }) => name)
  t.strictSame(called, [long, other, 'Read'], 'the client gets the names that it knows')
  const sent = requests[0]?.body.tools?.map(({ function: { name } }) => name) ?? []
  t.ok(sent.every(name => /^[\w-]{1,64}$/.test(name)), 'the server gets names that it takes')
  t.equal(new Set(sent).size, 3)
  t.match(requests[0]?.body.tool_choice, { function: { name: sent[1] } })
  await ask(url, { model, tools, messages: [{ role: 'user', content: 'Hi' }, { role: 'assistant', content: message['content'] }, { role: 'user', content: called.map((_, i) => ({ type: 'tool_result', tool_use_id: `call_${i}`, content: 'x' })) }] })
  t.match(requests[1]?.body.messages[1], { tool_calls: sent.map(name => ({ function: { name } })) }, 'and the same in the next turn')
})

t.test('Azure: the query stays, the key goes into its header', async t => {
  const endpoints: [string, string][] = [
    ['https://x.openai.azure.com/openai/deployments/gpt-4o/chat/completions?api-version=2024-10-21', 'https://x.openai.azure.com/openai/deployments/gpt-4o/chat/completions?api-version=2024-10-21'],
    ['https://x.openai.azure.com/openai/deployments/gpt-4o?api-version=2024-10-21', 'https://x.openai.azure.com/openai/deployments/gpt-4o/chat/completions?api-version=2024-10-21'],
    ['https://x.openai.azure.com/openai/v1/?api-version=preview', 'https://x.openai.azure.com/openai/v1/chat/completions?api-version=preview']
  ]
  for (const [base, expected] of endpoints) {
    const url = pairNamed('openai').endpoint?.(new URL(base))
    t.equal(url?.href, expected)
    const { headers, url: sent } = encode('openai', {}, at(expected))
    t.match(headers, { 'api-key': 'upstream-secret', authorization: undefined })
    t.equal(sent.href, expected)
  }
  t.match(encode('openai', {}, at(endpoints[0]?.[1] as string, { options: { auth: 'bearer' } })).headers, { authorization: 'Bearer upstream-secret', 'api-key': undefined })
  t.match(encode('openai', {}, { options: { auth: 'api-key' } }).headers, { 'api-key': 'upstream-secret', authorization: undefined }, 'at any host, where it is configured')
})

t.test('Any server: headers of the configuration, and options that are checked', async t => {
  t.match(encode('openai', {}, { options: { headers: { 'X-Team': 'core' } } }).headers, { 'x-team': 'core', authorization: 'Bearer upstream-secret' })
  t.match(encode('openai', {}, { options: { headers: { Authorization: 'Basic abc' } } }).headers, { authorization: 'Basic abc' }, 'a credential of another form')
  const withOptions = (options: object): object => ({ Providers: [{ name: 'a', api_base_url: 'http://127.0.0.1:1/v1', api_key: 'k', models: ['m'], transformer: { use: [['openai', options]] } }], Router: { default: 'a,m' } })
  for (const options of [{ auth: 'basic' }, { headers: { 'x y': 'a' } }, { headers: { x: 'a\nb' } }, { headers: { x: 1 } }, { think_tags: true }, { reasoning_effort: 'high' }, { unknown: 1 }]) {
    await t.rejects(readyApp(t, { config: withOptions(options) }), { message: new RegExp(Object.keys(options)[0] as string) }, JSON.stringify(options))
  }
})

t.test('Groq: counts in x_groq, errors as named events', async t => {
  t.match(decode([chunk({ content: 'x' }), chunk({}, 'stop', { x_groq: { id: 'req_1', usage: { prompt_tokens: 10, completion_tokens: 5, prompt_tokens_details: { cached_tokens: 4 } } } })]).reply.usage, { input_tokens: 6, cache_read_input_tokens: 4, output_tokens: 5 })
  const collector = new MessageCollector('msg_1', 'claude-x')
  const writer = new MessageWriter(collector)
  const reader = readBody(pairNamed('openai').decodeReply(writer, targetOf('openai'), { model: 'claude-x', stream: true, conversation: () => '', maxCalls: Infinity }), 'groq')
  reader.push(Buffer.from(`data: ${JSON.stringify(chunk({ content: 'x' }))}\n\nevent: error\ndata: {"error":{"message":"Failed to call a function.","type":"invalid_request_error","code":"tool_use_failed","status_code":400}}\n\n`))
  t.match(writer.failure, { type: 'invalid_request_error', status: 400, message: 'scripted: Failed to call a function.' })
})

t.test('Ollama, LM Studio: calls without an index, objects that need properties', async t => {
  const { reply } = decode([chunk({ tool_calls: [call('call_a', 'a'), call('call_b', 'b')] }), chunk({}, 'tool_calls')])
  t.match(reply.content, [{ type: 'tool_use', input: { path: 'a' } }, { type: 'tool_use', input: { path: 'b' } }])
  const apart = decode([chunk({ tool_calls: [call('call_a', 'a')] }), chunk({ tool_calls: [call('call_b', 'b')] }), stop])
  t.match(apart.reply.content, [{ input: { path: 'a' } }, { input: { path: 'b' } }])
  t.equal(apart.reply.stopReason, 'tool_use', 'whatever it calls the end')
  const schemas: [object | undefined, object][] = [
    [{ type: 'object' }, { type: 'object', properties: {} }],
    [{ $schema: 'x', type: 'object', additionalProperties: false }, { $schema: 'x', type: 'object', additionalProperties: false, properties: {} }],
    [{}, { type: 'object', properties: {} }],
    [undefined, { type: 'object', properties: {} }],
    [{ properties: { a: {} } }, { type: 'object', properties: { a: {} } }],
    [tool.input_schema, tool.input_schema]
  ]
  for (const [schema, expected] of schemas) t.strictSame(encode('openai', { tools: [{ name: 'Read', ...(schema && { input_schema: schema }) }] }).body.tools?.[0]?.function.parameters, expected, JSON.stringify(schema))
})

t.test('Ollama, LM Studio, llama.cpp: thinking tags, where the configuration says so', async t => {
  const chunks = [chunk({ content: '<think>Let me see.</think>So.' }), stop]
  t.strictSame(types(decode(chunks).reply.content), ['text'], 'not by default: they may be what was asked for')
  t.strictSame(types(decode(chunks, { options: { think_tags: 'head' } }).reply.content), ['thinking', 'text'])
})

t.test('Mistral: thinking returns as the part of the content that it was', async t => {
  const thinking = { type: 'thinking', thinking: [{ type: 'text', text: 'Let me see.' }] }
  const magistral: TargetOptions = { model: 'magistral-medium' }
  const answers: [string, object[], object][] = [
    ['before words', [chunk({ content: [thinking] }), chunk({ content: [{ type: 'text', text: 'So.' }] }), stop], { role: 'assistant', content: [thinking, { type: 'text', text: 'So.' }] }],
    ['before a call', [chunk({ content: [thinking] }), chunk({ tool_calls: [call('abcDEF123', 'a', { index: 0 })] }), chunk({}, 'tool_calls')], { role: 'assistant', content: [thinking], tool_calls: [call('abcDEF123', 'a')] }]
  ]
  for (const [name, chunks, expected] of answers) {
    const { message } = decode(chunks, magistral)
    const messages = [{ role: 'user', content: 'a' }, { role: 'assistant', content: message?.content }, { role: 'user', content: message?.stop_reason === 'tool_use' ? [{ type: 'tool_result', tool_use_id: 'abcDEF123', content: 'x' }] : 'b' }]
    t.strictSame(encode('openai', { messages }, magistral).messages[1], expected, name)
    t.notMatch(JSON.stringify(encode('openai', { messages }, { model: 'mistral-small' }).body), /Let me see/, 'to no other model')
  }
})

t.test('Mistral: content as parts, ids of nine characters', async t => {
  const parts = [{ type: 'thinking', thinking: [{ type: 'text', text: 'Let me see.' }] }, { type: 'text', text: 'So.' }]
  t.match(decode([chunk({ content: parts }), stop]).reply.content, [{ type: 'thinking', thinking: 'Let me see.' }, { type: 'text', text: 'So.' }])
  const calls: ContentBlock[] = ['toolu_01', 'abcDEF123'].map(id => ({ type: 'tool_use', id, name: 'Read', input: {} }))
  const request = { messages: [{ role: 'user', content: 'a' }, { role: 'assistant', content: calls }, { role: 'user', content: calls.map(block => ({ type: 'tool_result', tool_use_id: (block as { id: string }).id, content: 'x' })) }] }
  const targets: [string, TargetOptions, 'openai' | 'vllm'][] = [
    ['a model of theirs', { model: 'devstral-medium-2512' }, 'openai'],
    ['served by vLLM', { model: 'mistralai/Mistral-Large-3' }, 'vllm'],
    ['their API', at('https://api.mistral.ai/v1/chat/completions', { model: 'labs-x' }), 'openai']
  ]
  for (const [name, target, pair] of targets) {
    const { messages } = encode(pair, request, target)
    const ids = (messages[1] as { tool_calls: { id: string }[] }).tool_calls.map(({ id }) => id)
    t.ok(ids.every(id => /^[a-zA-Z0-9]{9}$/.test(id)), `${name}: ${ids.join()}`)
    t.equal(ids[1], 'abcDEF123', 'their own stay')
    t.match(messages.slice(2), ids.map(id => ({ role: 'tool', tool_call_id: id })), 'and belong together')
    t.strictSame(encode(pair, request, target).messages, messages, 'the same in every turn')
  }
  t.match(encode('openai', request).messages[1], { tool_calls: [{ id: 'toolu_01' }, {}] })
})

t.test('Together: a plain error text, and reasoning beside the content', async t => {
  t.match(decode([{ choices: [{ message: { content: 'So.', reasoning: 'Let me see.', tool_calls: [] }, finish_reason: 'eos' }] }]).message, { stop_reason: 'end_turn', content: [{ type: 'thinking', thinking: 'Let me see.' }, { type: 'text', text: 'So.' }] })
  t.match(pairNamed('openai').decodeError(503, {}, 'The server is overloaded', targetOf('openai')), { status: 529, message: 'scripted: The server is overloaded' })
})

t.test('xAI: efforts by model, a whole call in one chunk, reasoning that is not in completion_tokens', async t => {
  const efforts: [string, string | undefined][] = [['grok-3-mini', 'high'], ['grok-4', undefined], ['grok-4-fast-reasoning', undefined], ['grok-4.3', 'high'], ['grok-4.5', 'high'], ['grok-4.20-0309-reasoning', undefined], ['x-ai/grok-4.20-multi-agent', 'high']]
  for (const [model, expected] of efforts) t.equal(encode('openai', { thinking: { type: 'adaptive' }, output_config: { effort: 'high' } }, { model }).body.reasoning_effort, expected, model)
  t.equal(encode('openai', { thinking: { type: 'disabled' } }, { model: 'grok-4.3' }).body.reasoning_effort, 'none')
  const { reply } = decode([chunk({ role: 'assistant', reasoning_content: 'Hm.' }), chunk({ tool_calls: [call('call_1', 'a', { index: 0 })] }), chunk({}, 'tool_calls', { usage: { prompt_tokens: 10, completion_tokens: 5, total_tokens: 35, completion_tokens_details: { reasoning_tokens: 20 } } })])
  t.match(reply, { stopReason: 'tool_use', content: [{ type: 'thinking', thinking: 'Hm.' }, { type: 'tool_use', input: { path: 'a' } }], usage: { output_tokens: 25, output_tokens_details: { thinking_tokens: 20 } } })
})

t.test('Moonshot: cached tokens beside the counts, in the choice, ids with dots', async t => {
  const usage = { prompt_tokens: 10, completion_tokens: 5, total_tokens: 15, cached_tokens: 8 }
  for (const chunks of [[chunk({}, 'stop', { usage })], [{ choices: [{ index: 0, delta: {}, finish_reason: 'stop', usage }] }]]) t.match(decode([chunk({ content: 'x' }), ...chunks]).reply.usage, { input_tokens: 2, cache_read_input_tokens: 8, output_tokens: 5 })
  t.match(decode([chunk({ tool_calls: [call('functions.Read:0', 'a', { index: 0 })] }), chunk({}, 'tool_calls')]).reply.content, [{ id: /^[a-zA-Z0-9_-]+$/ }])
})

t.test('Z.ai: reasoning_content, an address with its own version', async t => {
  t.match(decode([chunk({ role: 'assistant', reasoning_content: 'Let me see.' }), chunk({ role: 'assistant', content: 'So.' }), chunk({ role: 'assistant', content: '' }, 'stop')]).reply.content, [{ type: 'thinking', thinking: 'Let me see.' }, { type: 'text', text: 'So.' }])
  t.equal(pairNamed('openai').endpoint?.(new URL('https://api.z.ai/api/paas/v4')).href, 'https://api.z.ai/api/paas/v4/chat/completions')
})

t.test('Gemini\'s compatible server: its address, calls that are all of index 0', async t => {
  t.equal(pairNamed('openai').endpoint?.(new URL('https://generativelanguage.googleapis.com/v1beta/openai/')).href, 'https://generativelanguage.googleapis.com/v1beta/openai/chat/completions')
  const { reply } = decode([chunk({ tool_calls: [call('a', 'a', { index: 0 })] }), chunk({ tool_calls: [call('b', 'b', { index: 0 })] }), chunk({}, 'tool_calls')])
  t.match(reply.content, [{ input: { path: 'a' } }, { input: { path: 'b' } }])
})

t.test('SGLang: reasoning tokens beside the counts', async t => {
  t.match(decode([chunk({ reasoning_content: 'Hm.' }), chunk({ content: 'x' }), stop, { choices: [], usage: { prompt_tokens: 10, completion_tokens: 5, total_tokens: 15, reasoning_tokens: 3 } }]).reply.usage, { output_tokens: 5, output_tokens_details: { thinking_tokens: 3 } })
})

t.test('A server that fails: its status and words', async t => {
  const { url, scene } = await openStage(t, ['openai'])
  const { model } = scene(response => json(response, { error: { message: 'no such deployment', code: 'DeploymentNotFound' } }, 404))
  t.match(await ask(url, { model }), { status: 404, json: { error: { type: 'not_found_error', message: 'openai: no such deployment' } } })
})
