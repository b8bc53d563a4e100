import OpenAI from 'openai'
import t from 'tap'
import { startApp } from '../../helper/app.ts'
import { openStage } from '../../helper/stage.ts'
import { json } from '../../helper/upstream.ts'

/** The same API before providers of other wires: asked and answered anew, through OpenAI's own client. */

const stage = await openStage(t, ['openai', 'gemini', 'anthropic'])
const client = new OpenAI({ apiKey: 'any', baseURL: `${stage.url}/v1`, maxRetries: 0 })
const HI: OpenAI.ChatCompletionMessageParam[] = [{ role: 'user', content: 'Hi' }]

function post (body: object): Promise<Response> {
  return fetch(`${stage.url}/v1/chat/completions`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) })
}

const MESSAGE = {
  id: 'msg_1',
  type: 'message',
  role: 'assistant',
  model: 'claude-x',
  content: [{ type: 'thinking', thinking: 'Hm.', signature: 'sig' }, { type: 'text', text: 'Let me see.' }, { type: 'tool_use', id: 'toolu_1', name: 'look', input: { at: 'sky' } }],
  stop_reason: 'tool_use',
  stop_sequence: null,
  usage: { input_tokens: 7, cache_read_input_tokens: 100, cache_creation_input_tokens: 3, output_tokens: 12 }
}

function events (...list: { type: string }[]): string {
  return list.map(event => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`).join('')
}

const { content: BLOCKS, ...START } = MESSAGE
const STREAM = events(
  { type: 'message_start', message: { ...START, content: [], stop_reason: null } } as { type: string },
  ...BLOCKS.flatMap((block, index) => [
    { type: 'content_block_start', index, content_block: block.type === 'text' ? { type: 'text', text: '' } : block.type === 'thinking' ? { type: 'thinking', thinking: '', signature: '' } : { ...block, input: {} } },
    ...(block.type === 'text' ? ['Let me ', 'see.'].map(text => ({ type: 'content_block_delta', index, delta: { type: 'text_delta', text } })) : []),
    ...(block.type === 'thinking' ? [{ type: 'content_block_delta', index, delta: { type: 'thinking_delta', thinking: 'Hm.' } }, { type: 'content_block_delta', index, delta: { type: 'signature_delta', signature: 'sig' } }] : []),
    ...(block.type === 'tool_use' ? ['{"at":', '"sky"}'].map(partial => ({ type: 'content_block_delta', index, delta: { type: 'input_json_delta', partial_json: partial } })) : []),
    { type: 'content_block_stop', index }
  ]),
  { type: 'message_delta', delta: { stop_reason: 'tool_use', stop_sequence: null }, usage: { output_tokens: 12 } } as { type: string },
  { type: 'message_stop' }
)

const TOOLS: OpenAI.ChatCompletionTool[] = [{ type: 'function', function: { name: 'look', description: 'Looks', parameters: { type: 'object', properties: { at: { type: 'string' } } } } }]

t.test('an Anthropic-wire provider: a plain answer', async t => {
  const { model, requests } = stage.scene(response => { json(response, MESSAGE) }, 'anthropic')
  const { data, response } = await client.chat.completions.create({
    model, messages: [{ role: 'developer', content: 'Be brief.' }, ...HI], tools: TOOLS, tool_choice: 'auto', max_completion_tokens: 50, reasoning_effort: 'high', seed: 5
  }).withResponse()
  t.match(requests[0]?.path, '/anthropic/v1/messages')
  t.strictSame(requests[0]?.body as object, {
    model: model.split(',')[1],
    max_tokens: 50,
    stream: false,
    system: [{ type: 'text', text: 'Be brief.' }],
    messages: [{ role: 'user', content: [{ type: 'text', text: 'Hi' }] }],
    tools: [{ name: 'look', description: 'Looks', input_schema: { type: 'object', properties: { at: { type: 'string' } } } }],
    tool_choice: { type: 'auto' },
    thinking: { type: 'adaptive' },
    output_config: { effort: 'high' }
  })
  t.match(data, {
    id: /^chatcmpl-/,
    object: 'chat.completion',
    model,
    choices: [{
      index: 0,
      finish_reason: 'tool_calls',
      message: { role: 'assistant', content: 'Let me see.', refusal: null, reasoning_content: 'Hm.', tool_calls: [{ id: 'toolu_1', type: 'function', function: { name: 'look', arguments: '{"at":"sky"}' } }] }
    }],
    usage: { prompt_tokens: 110, completion_tokens: 12, total_tokens: 122, prompt_tokens_details: { cached_tokens: 100, cache_write_tokens: 3 } }
  })
  t.equal(response.headers.get('x-router-dropped'), 'seed')
  t.equal((data as { _request_id?: string })._request_id, response.headers.get('request-id'), 'the SDK finds the id of the request')
})

t.test('an Anthropic-wire provider: a stream, gathered by the SDK, is the same', async t => {
  const { model, requests } = stage.scene(response => { response.writeHead(200, { 'content-type': 'text/event-stream' }).end(STREAM) }, 'anthropic')
  const running = client.chat.completions.stream({ model, messages: HI, tools: TOOLS, stream_options: { include_usage: true } })
  const thoughts: string[] = []
  running.on('chunk', ({ choices }) => { thoughts.push((choices[0]?.delta as { reasoning_content?: string } | undefined)?.reasoning_content ?? '') })
  const completion = await running.finalChatCompletion()
  t.match(completion.choices[0], { finish_reason: 'tool_calls', message: { content: 'Let me see.', tool_calls: [{ id: 'toolu_1', function: { name: 'look', arguments: '{"at":"sky"}' } }] } })
  t.equal(thoughts.join(''), 'Hm.')
  t.match(completion.usage, { prompt_tokens: 110, completion_tokens: 12 })
  t.match(requests[0]?.body, { stream: true, max_tokens: 32_000 })
})

t.test('counts come only to who asks for them, in a chunk of their own before the end', async t => {
  const { model } = stage.scene(response => { response.writeHead(200, { 'content-type': 'text/event-stream' }).end(STREAM) }, 'anthropic')
  const without = await (await post({ model, messages: HI, stream: true })).text()
  t.notMatch(without, '"usage"')
  t.match(without, /"finish_reason":"tool_calls"\}\]\}\n\ndata: \[DONE\]\n\n$/)
  const all = await (await post({ model, messages: HI, stream: true, stream_options: { include_usage: true } })).text()
  t.match(all, /"choices":\[\],"usage":\{"prompt_tokens":110[^\n]*\n\ndata: \[DONE\]\n\n$/)
})

t.test('Gemini: text, a call, and what the client says next', async t => {
  const parts = [{ text: 'Looking.' }, { functionCall: { name: 'look', args: { at: 'sky' } }, thoughtSignature: 'c2ln' }]
  const { model, requests } = stage.scene(response => { json(response, { candidates: [{ content: { role: 'model', parts }, finishReason: 'STOP' }], usageMetadata: { promptTokenCount: 9, candidatesTokenCount: 4 } }) }, 'gemini')
  const first = await client.chat.completions.create({ model, messages: HI, tools: TOOLS, response_format: { type: 'json_schema', json_schema: { name: 'x', schema: { type: 'object', properties: {} } } } })
  const message = first.choices[0]?.message
  t.match(message, { content: 'Looking.', tool_calls: [{ type: 'function', function: { name: 'look', arguments: '{"at":"sky"}' } }] })
  if (message === undefined) return
  const id = message.tool_calls?.[0]?.id ?? ''
  await client.chat.completions.create({ model, messages: [...HI, message, { role: 'tool', tool_call_id: id, content: 'blue' }], tools: TOOLS })
  const contents = (requests[1]?.body as unknown as { contents: { role: string, parts: object[] }[] }).contents
  t.match(contents, [{ role: 'user' }, { role: 'model', parts: [{ text: 'Looking.' }, { functionCall: { name: 'look', args: { at: 'sky' } }, thoughtSignature: 'c2ln' }] }, { role: 'user', parts: [{ functionResponse: { name: 'look', response: { output: 'blue' } } }] }], 'signed as it was, though the client knows nothing of it')
})

t.test('errors are told as OpenAI tells them', async t => {
  const tooLong = stage.scene(response => { json(response, { type: 'error', error: { type: 'invalid_request_error', message: 'prompt is too long: 210000 tokens > 200000 maximum' } }, 400) }, 'anthropic')
  const error = await client.chat.completions.create({ model: tooLong.model, messages: HI }).catch((error: unknown) => error)
  t.ok(error instanceof OpenAI.BadRequestError)
  t.match(error, { status: 400, code: 'context_length_exceeded', type: 'invalid_request_error', message: /maximum context length is 200000 tokens.*210000/ })

  const busy = stage.scene(response => { json(response, { type: 'error', error: { type: 'overloaded_error', message: 'Overloaded' } }, 529) }, 'anthropic')
  t.match(await client.chat.completions.create({ model: busy.model, messages: HI }).catch((error: unknown) => error), { status: 503, code: 'overloaded' })

  const broken = stage.scene(response => { response.writeHead(200, { 'content-type': 'text/event-stream' }).end(STREAM.slice(0, STREAM.indexOf('event: message_delta'))) }, 'anthropic')
  await t.rejects(client.chat.completions.stream({ model: broken.model, messages: HI }).finalChatCompletion(), /before it was complete/)
  t.notMatch(await (await post({ model: broken.model, messages: HI, stream: true })).text(), '[DONE]')
})

t.test('what only a server of the wire could answer is refused before others, and names its place', async t => {
  const { model, requests } = stage.scene(response => { json(response, MESSAGE) }, 'anthropic')
  const refused = await post({ model, messages: HI, logprobs: true })
  t.equal(refused.status, 400)
  t.match(await refused.json(), { error: { type: 'invalid_request_error', param: 'logprobs', message: /^logprobs: / } })
  t.match(await (await post({ model, messages: HI, n: 2 })).json(), { error: { param: 'n', message: /^n: Input should be 1/ } })
  t.match(await (await post({ model, messages: [{ role: 'user' }] })).json(), { error: { param: 'messages.0.content', message: 'messages.0.content: Field required' } })
  t.match(await (await post({ messages: HI })).json(), { error: { param: 'model' } })
  t.equal(requests.length, 0)
})

t.test('a wrong key, an unknown path and a body that is none are told in OpenAI\'s form', async t => {
  const { url } = await startApp(t, { config: { APIKEY: 'right', Providers: [{ name: 'a', api_base_url: 'http://127.0.0.1:9/v1', api_key: 'k', models: ['m'] }], Router: { default: 'a,m' } } })
  const other = new OpenAI({ apiKey: 'wrong', baseURL: `${url}/v1`, maxRetries: 0 })
  const error = await other.chat.completions.create({ model: 'm', messages: HI }).catch((error: unknown) => error)
  t.ok(error instanceof OpenAI.AuthenticationError)
  t.match(error, { code: 'invalid_api_key' })
  const broken = await fetch(`${url}/v1/chat/completions`, { method: 'POST', headers: { authorization: 'Bearer right', 'content-type': 'application/json' }, body: '{' })
  t.equal(broken.status, 400)
  t.match(await broken.json(), { error: { type: 'invalid_request_error', message: /not valid JSON/ } })
})

t.test('what Claude signed before a call goes back with its result, though the client has no place for it', async t => {
  const { model, requests } = stage.scene(response => { json(response, MESSAGE) }, 'anthropic')
  const first = await client.chat.completions.create({ model, messages: HI, tools: TOOLS, reasoning_effort: 'low' })
  const message = first.choices[0]?.message as OpenAI.ChatCompletionMessage
  await client.chat.completions.create({ model, messages: [...HI, message, { role: 'tool', tool_call_id: 'toolu_1', content: 'blue' }], tools: TOOLS, reasoning_effort: 'low' })
  t.strictSame(requests[1]?.body.messages[1] as unknown, { role: 'assistant', content: [{ type: 'thinking', thinking: 'Hm.', signature: 'sig' }, { type: 'text', text: 'Let me see.' }, { type: 'tool_use', id: 'toolu_1', name: 'look', input: { at: 'sky' } }] })
  await client.chat.completions.create({ model, messages: [...HI, message, { role: 'tool', tool_call_id: 'toolu_1', content: 'blue' }], tools: TOOLS })
  t.notMatch(requests[2]?.raw.toString(), '"sig"', 'but not where nobody asks for thinking')
})

t.test('what was signed is found again, whatever had to be changed in the conversation', async t => {
  for (const begin of [[...HI, { role: 'user' as const, content: 'Are you there?' }], [...HI, { role: 'system' as const, content: 'Be brief.' }]]) {
    const { model, requests } = stage.scene(response => { json(response, MESSAGE) }, 'anthropic')
    const { choices: [choice] } = await client.chat.completions.create({ model, messages: begin, tools: TOOLS, reasoning_effort: 'low' })
    await client.chat.completions.create({ model, messages: [...begin, choice?.message as OpenAI.ChatCompletionMessage, { role: 'tool', tool_call_id: 'toolu_1', content: 'blue' }], tools: TOOLS, reasoning_effort: 'low' })
    t.match(requests[1]?.body.messages as unknown, [{ role: 'user' }, { role: 'assistant', content: [{ type: 'thinking', signature: 'sig' }, { type: 'text' }, { type: 'tool_use' }] }, { role: 'user' }])
  }
})

t.test('thinking before several calls goes back once, and what stood between two of them stands there again', async t => {
  const thought = (signature: string): object => ({ type: 'thinking', thinking: 'Hm.', signature })
  const call = (id: string): object => ({ type: 'tool_use', id, name: 'look', input: { at: id } })
  for (const [content, expected] of [
    [[thought('s1'), call('toolu_a'), call('toolu_b')], [thought('s1'), call('toolu_a'), call('toolu_b')]],
    [[thought('s1'), { type: 'text', text: 'Two.' }, call('toolu_a'), thought('s2'), call('toolu_b')], [thought('s1'), { type: 'text', text: 'Two.' }, call('toolu_a'), thought('s2'), call('toolu_b')]]
  ]) {
    const { model, requests } = stage.scene(response => { json(response, { ...MESSAGE, content }) }, 'anthropic')
    const { choices: [choice] } = await client.chat.completions.create({ model, messages: HI, tools: TOOLS, reasoning_effort: 'low' })
    const results = ['toolu_a', 'toolu_b'].map(id => ({ role: 'tool' as const, tool_call_id: id, content: 'blue' }))
    await client.chat.completions.create({ model, messages: [...HI, choice?.message as OpenAI.ChatCompletionMessage, ...results], tools: TOOLS, reasoning_effort: 'low' })
    t.strictSame(requests[1]?.body.messages[1] as unknown, { role: 'assistant', content: expected })
  }
})
