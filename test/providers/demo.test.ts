import Anthropic from '@anthropic-ai/sdk'
import OpenAI from 'openai'
import t from 'tap'
import { startApp } from '../helper/app.ts'

/** The built-in demo, asked by the official clients: they read its replies as they read any server's. */

const { url } = await startApp(t)
const openai = new OpenAI({ baseURL: `${url}/v1`, apiKey: 'any', maxRetries: 0 })
const anthropic = new Anthropic({ baseURL: url, apiKey: 'any', maxRetries: 0 })
const INTRODUCTION = /^This is the Switchyard demo: no model answers here/
const HELLO: OpenAI.ChatCompletionMessageParam[] = [{ role: 'user', content: 'Please think: hello' }]
const TOOL: OpenAI.ChatCompletionFunctionTool = { type: 'function', function: { name: 'get_weather', parameters: { type: 'object', properties: { location: { type: 'string' } }, required: ['location'] } } }
const CALL: OpenAI.ChatCompletionMessageParam[] = [{ role: 'user', content: 'use get_weather for `Tokyo`' }]
const HEAD = { id: /^chatcmpl-/, created: Number, model: 'gpt-5' }
const COUNTS = { prompt_tokens: Number, completion_tokens: Number, total_tokens: Number }

t.test('OpenAI\'s client gets a whole completion', async t => {
  t.match(await openai.chat.completions.create({ model: 'gpt-5', messages: HELLO }), {
    ...HEAD,
    object: 'chat.completion',
    choices: [{ index: 0, message: { role: 'assistant', content: INTRODUCTION, refusal: null }, logprobs: null, finish_reason: 'stop' }],
    usage: COUNTS
  })
  const { choices: [choice] } = await openai.chat.completions.create({ model: 'gpt-5', messages: CALL, tools: [TOOL] })
  t.match(choice, { message: { tool_calls: [{ id: String, type: 'function', function: { name: 'get_weather', arguments: '{"location":"Tokyo"}' } }] }, finish_reason: 'tool_calls' })
  t.notOk('index' in (choice?.message.tool_calls?.[0] ?? {}), 'which only pieces of a stream have')
})

t.test('its stream is put together by that client', async t => {
  const stream = openai.chat.completions.stream({ model: 'gpt-5', messages: HELLO, stream_options: { include_usage: true } })
  t.match(await stream.finalChatCompletion(), { ...HEAD, choices: [{ message: { role: 'assistant', content: INTRODUCTION }, finish_reason: 'stop' }], usage: COUNTS })
  const called = await openai.chat.completions.stream({ model: 'gpt-5', messages: CALL, tools: [TOOL] }).finalChatCompletion()
  t.match(called, { choices: [{ message: { tool_calls: [{ type: 'function', function: { name: 'get_weather', arguments: '{"location":"Tokyo"}' } }] }, finish_reason: 'tool_calls' }] })
})

t.test('each piece of the stream is complete, and counts come where they were asked for, last', async t => {
  const chunksOf = async (rest: object): Promise<OpenAI.ChatCompletionChunk[]> => {
    const chunks: OpenAI.ChatCompletionChunk[] = []
    for await (const chunk of await openai.chat.completions.create({ model: 'gpt-5', messages: HELLO, stream: true, ...rest })) chunks.push(chunk)
    return chunks
  }
  const chunks = await chunksOf({})
  for (const chunk of chunks) t.match(chunk, { ...HEAD, id: chunks[0]?.id, object: 'chat.completion.chunk', choices: [{ index: 0, delta: Object }] })
  t.match(chunks[0]?.choices[0]?.delta, { role: 'assistant' })
  t.equal(chunks.filter(({ choices: [choice] }) => choice?.finish_reason === 'stop').length, 1)
  t.match((await chunksOf({ stream_options: { include_usage: true } })).at(-1), { ...HEAD, choices: [], usage: COUNTS })
})

t.test('Anthropic\'s client gets the same', async t => {
  const tools: Anthropic.Tool[] = [{ name: 'get_weather', input_schema: { type: 'object', properties: { location: { type: 'string' } }, required: ['location'] } }]
  const request = { model: 'claude-sonnet-5', max_tokens: 2000, messages: [{ role: 'user' as const, content: 'use get_weather for `Tokyo`' }], tools, thinking: { type: 'enabled' as const, budget_tokens: 1024 } }
  const reply = { type: 'message', model: 'claude-sonnet-5', content: [{ type: 'thinking' }, { type: 'text', text: INTRODUCTION }, { type: 'tool_use', name: 'get_weather', input: { location: 'Tokyo' } }], stop_reason: 'tool_use', usage: { input_tokens: Number, output_tokens: Number } }
  t.match(await anthropic.messages.create(request), reply)
  t.match(await anthropic.messages.stream(request).finalMessage(), reply)
})
