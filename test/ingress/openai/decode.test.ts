import t from 'tap'
import type { ChatBody } from '../../../src/ingress/openai/body.ts'
import { decodeChat } from '../../../src/ingress/openai/decode-request.ts'
import type { MessagesRequest } from '../../../src/wire/anthropic.ts'

const USER = { role: 'user', content: 'Hi' } as const
const FUNCTION = { type: 'function', function: { name: 'f' } }

function decoded (body: Partial<ChatBody>): MessagesRequest {
  return decodeChat({ model: 'm', messages: [USER], ...body }).request
}

t.test('a plain request', async t => {
  t.strictSame(decoded({}), { model: 'm', max_tokens: 32_000, messages: [{ role: 'user', content: [{ type: 'text', text: 'Hi' }] }], stream: false })
})

t.test('limits, sampling and stops', async t => {
  t.match(decoded({ max_tokens: 5, max_completion_tokens: 7, temperature: 0, top_p: 0.5, top_k: 3, stop: 'END', user: 'ann', stream: true }), { max_tokens: 7, temperature: 0, top_p: 0.5, top_k: 3, stop_sequences: ['END'], metadata: { user_id: 'ann' }, stream: true })
  t.match(decoded({ max_tokens: 5, stop: ['a', '', 'b'] }), { max_tokens: 5, stop_sequences: ['a', 'b'] })
  t.notOk(decoded({ stop: '' }).stop_sequences)
  t.strictSame(decoded({ temperature: null, stop: null, user: null, max_tokens: null, tools: null }), decoded({}))
})

t.test('what the system says first is the system prompt; later it stays in its place', async t => {
  const { system, messages } = decoded({
    messages: [{ role: 'system', content: 'A' }, { role: 'developer', content: [{ type: 'text', text: 'B', cache_control: { type: 'ephemeral' } }] }, USER, { role: 'developer', content: 'C' }, { role: 'user', content: 'Ho' }]
  })
  t.strictSame(system, [{ type: 'text', text: 'A' }, { type: 'text', text: 'B', cache_control: { type: 'ephemeral' } }])
  t.strictSame(messages.map(({ role }) => role), ['user', 'system', 'user'])
  t.strictSame(decoded({ messages: [{ role: 'system', content: 'Say hi' }] }).messages, [{ role: 'user', content: [{ type: 'text', text: 'Say hi' }] }], 'a prompt by the system alone is somebody speaking')
})

t.test('the user begins, and says something', async t => {
  const nothing = { role: 'user', content: [{ type: 'text', text: '(The user said nothing.)' }] }
  const greeting = { role: 'assistant', content: [{ type: 'text', text: 'Hello!' }] }
  const hi = { role: 'user', content: [{ type: 'text', text: 'Hi' }] }
  for (const content of ['', ' \n', [{ type: 'text', text: ' ' }]]) t.strictSame(decoded({ messages: [{ role: 'system', content: '\n' }, { role: 'user', content }] }), { ...decoded({}), messages: [nothing] })
  t.strictSame(decoded({ messages: [USER, { role: 'assistant', content: '\n\n', tool_calls: [{ id: 'a', function: { name: 'f', arguments: '{}' } }] }] }).messages[1]?.content, [{ type: 'tool_use', id: 'a', name: 'f', input: {} }])
  t.strictSame(decoded({ messages: [{ role: 'assistant', content: 'Hello!' }, USER] }).messages, [nothing, greeting, hi])
  t.strictSame(decoded({ messages: [USER, { role: 'assistant', content: 'Hello!' }, { role: 'user', content: [] }] }).messages, [hi, greeting])
  t.strictSame(decoded({ messages: [USER, { role: 'assistant', content: '', refusal: 'No.' }] }).messages[1]?.content, [{ type: 'text', text: 'No.' }])
})

t.test('parts', async t => {
  const [message] = decoded({
    messages: [{
      role: 'user',
      content: [
        { type: 'text', text: '' },
        { type: 'text', text: 'see' },
        { type: 'image_url', image_url: { url: 'data:image/png;base64,iVBO' } },
        { type: 'image_url', image_url: { url: 'data:image/jpg;base64,/9j/' } },
        { type: 'image_url', image_url: 'https://example.com/a.jpg' },
        { type: 'file', file: { filename: 'a.pdf', file_data: 'data:application/pdf;base64,JVBE' } },
        { type: 'file', file: { filename: 'a.txt', file_data: 'data:text/plain;charset=utf-8;base64,aGVsbG8=' } },
        { type: 'file', file: { file_id: 'file-1' } }
      ]
    }]
  }).messages
  t.strictSame(message?.content, [
    { type: 'text', text: 'see' },
    { type: 'image', source: { type: 'base64', media_type: 'image/png', data: 'iVBO' } },
    { type: 'image', source: { type: 'base64', media_type: 'image/jpeg', data: '/9j/' } },
    { type: 'image', source: { type: 'url', url: 'https://example.com/a.jpg' } },
    { type: 'document', source: { type: 'base64', media_type: 'application/pdf', data: 'JVBE' }, title: 'a.pdf' },
    { type: 'document', source: { type: 'text', data: 'hello' }, title: 'a.txt' },
    { type: 'document', source: { type: 'file', file_id: 'file-1' } }
  ])
})

t.test('calls and their results', async t => {
  const { messages } = decoded({
    messages: [
      USER,
      { role: 'assistant', content: null, tool_calls: [{ id: 'call_1', type: 'function', function: { name: 'a', arguments: '{"x":1}' } }, { id: 'functions.b:0', type: 'function', function: { name: 'b', arguments: '' } }, { id: 'call_3', function: { name: 'c', arguments: 'broken' } }] },
      { role: 'tool', tool_call_id: 'call_1', content: 'one' },
      { role: 'tool', tool_call_id: 'functions.b:0', content: [{ type: 'text', text: 'two' }, { type: 'image_url', image_url: { url: 'data:image/png;base64,AA' } }] },
      { role: 'user', content: 'and?' },
      { role: 'assistant', content: '' },
      { role: 'assistant', content: [{ type: 'refusal', refusal: 'no' }] }
    ]
  })
  const id = 'toolu_sy_ZnVuY3Rpb25zLmI6MA'
  t.strictSame(messages.slice(1), [
    { role: 'assistant', content: [{ type: 'tool_use', id: 'call_1', name: 'a', input: { x: 1 } }, { type: 'tool_use', id, name: 'b', input: {} }, { type: 'tool_use', id: 'call_3', name: 'c', input: { input: 'broken' } }] },
    { role: 'user', content: [{ type: 'tool_result', tool_use_id: 'call_1', content: 'one' }, { type: 'tool_result', tool_use_id: id, content: [{ type: 'text', text: 'two' }, { type: 'image', source: { type: 'base64', media_type: 'image/png', data: 'AA' } }] }, { type: 'text', text: 'and?' }] },
    { role: 'assistant', content: [{ type: 'text', text: 'no' }] }
  ])
})

t.test('tools and how they may be used', async t => {
  const tools = ['a', 'b'].map(name => ({ type: 'function', function: { name, description: 'does', parameters: { type: 'object', properties: {} }, strict: true } }))
  t.strictSame(decoded({ tools }).tools?.[0], { name: 'a', description: 'does', input_schema: { type: 'object', properties: {} }, strict: true })
  t.notOk(decoded({ tools }).tool_choice)
  t.strictSame(decoded({ tools, tool_choice: 'required', parallel_tool_calls: false }).tool_choice, { type: 'any', disable_parallel_tool_use: true })
  t.strictSame(decoded({ tools, parallel_tool_calls: false }).tool_choice, { type: 'auto', disable_parallel_tool_use: true })
  t.strictSame(decoded({ tools, tool_choice: 'none', parallel_tool_calls: false }).tool_choice, { type: 'none' })
  t.strictSame(decoded({ tools, tool_choice: { type: 'function', function: { name: 'b' } } }).tool_choice, { type: 'tool', name: 'b' })
  const only = decoded({ tools, tool_choice: { type: 'allowed_tools', allowed_tools: { mode: 'required', tools: [{ type: 'function', function: { name: 'b' } }] } } })
  t.strictSame([only.tools?.map(({ name }) => name), only.tool_choice], [['b'], { type: 'any' }])
  t.match(decoded({ web_search_options: { user_location: { type: 'approximate', approximate: { country: 'DE' } } } }).tools, [{ type: /^web_search/, user_location: { type: 'approximate', country: 'DE' } }])
})

t.test('structured output', async t => {
  const schema = { type: 'object', properties: { a: { type: 'number' } }, required: ['a'], additionalProperties: false }
  t.strictSame(decoded({ response_format: { type: 'json_schema', json_schema: { name: 'x', schema, strict: true } }, reasoning_effort: 'low' }).output_config, { effort: 'low', format: { type: 'json_schema', schema } })
  t.match(decoded({ response_format: { type: 'json_object' } }).system, [{ text: /one JSON object/ }])
  t.notOk(decoded({ response_format: { type: 'text' } }).system)
})

t.test('thinking', async t => {
  t.strictSame(decoded({ reasoning_effort: 'none' }).thinking, { type: 'disabled' })
  t.match(decoded({ reasoning_effort: 'minimal' }), { thinking: { type: 'adaptive' }, output_config: { effort: 'low' } })
  t.match(decoded({ reasoning: { effort: 'xhigh' } }), { thinking: { type: 'adaptive' }, output_config: { effort: 'xhigh' } })
  t.strictSame(decoded({ reasoning: { max_tokens: 2000 } }).thinking, { type: 'enabled', budget_tokens: 2000 })
  t.strictSame(decoded({ reasoning: { enabled: false } }).thinking, { type: 'disabled' })
})

t.test('what the Messages API has no form for is told', async t => {
  t.throws(() => decoded({ n: 2 }), { status: 400, message: /^n: Input should be 1/ })
  t.ok(decoded({ n: 1 }))
  const { untold } = decodeChat({ model: 'm', messages: [USER], seed: 1, presence_penalty: 0.5, store: null })
  t.strictSame([untold.dropped, untold.refusal], [['seed', 'presence_penalty'], null])
  const refusals: [Partial<ChatBody>, RegExp][] = [
    [{ logprobs: true }, /^logprobs: /],
    [{ modalities: ['text', 'audio'], audio: { voice: 'x' } }, /^modalities: /],
    [{ functions: [{ name: 'f' }] }, /^functions: /],
    // What one server of the wire or another knows: Groq, Mistral, TGI, vLLM, OpenAI's custom tools.
    [{ reasoning_effort: 'default' }, /^reasoning_effort: Input should be 'none', /],
    [{ reasoning: { effort: 'much' } }, /^reasoning\.effort: Input should be /],
    [{ tools: [FUNCTION], tool_choice: 'any' }, /^tool_choice: Input should be 'auto', 'required' or 'none'$/],
    [{ tools: [FUNCTION], tool_choice: { type: 'custom', custom: { name: 'c' } } }, /^tool_choice: Input should be /],
    [{ tools: [FUNCTION], tool_choice: { type: 'allowed_tools', allowed_tools: { mode: 'any', tools: [{ type: 'function', function: { name: 'f' } }] } } }, /^tool_choice\.allowed_tools\.mode: /],
    [{ response_format: { type: 'grammar' } }, /^response_format\.type: Input should be /],
    [{ messages: [{ role: 'user', content: [{ type: 'image_url', image_url: { url: 'file:///etc/passwd' } }] }] }, /^messages\.0\.content\.0\.image_url\.url: Input should be an http\(s\) URL or a base64 data URL$/],
    [{ messages: [{ role: 'user', content: [{ type: 'file', file: { file_data: 'JVBERi0=' } }] }] }, /^messages\.0\.content\.0\.file\.file_data: /],
    [{ tools: [{ type: 'custom' }] }, /^tools\.0: /],
    [{ messages: [{ role: 'user', content: [{ type: 'input_audio' }] }] }, /^messages\.0\.content\.0: .*input_audio/],
    [{ messages: [USER, { role: 'assistant', tool_calls: [{ id: 'c', type: 'custom' }] }] }, /^messages\.1\.tool_calls\.0: /],
    [{ messages: [USER, { role: 'function', content: 'x' }] }, /^messages\.1: /],
    [{ messages: [USER, { role: 'assistant', content: null, function_call: { name: 'f', arguments: '{}' } }] }, /^messages\.1\.function_call: /],
    [{ tools: [{ type: 'function', function: { name: 'f' } }], tool_choice: { type: 'allowed_tools', allowed_tools: { mode: 'auto', tools: [{ type: 'function', function: { name: 'g' } }] } } }, /^tool_choice\.allowed_tools\.tools: /]
  ]
  for (const [body, refusal] of refusals) t.match(decodeChat({ model: 'm', messages: [USER], ...body }).untold.refusal, refusal)
})
