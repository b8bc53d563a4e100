import t from 'tap'
import { oneProvider, startApp } from '../helper/app.ts'
import { type Answer, ask } from '../helper/ask.ts'
import { openStage } from '../helper/stage.ts'
import { type Received, answer, startUpstream } from '../helper/upstream.ts'

/** What gateways of this kind lose or spoil in a request: the whole service, and what the provider really received. */

type Body = Received['body']

const { url, scene } = await openStage(t)
const mark = { cache_control: { type: 'ephemeral' } }
const user = JSON.stringify({ device_id: 'd'.repeat(64), account_uuid: '', session_id: '11111111-2222-4333-8444-555555555555' })
const tool = { name: 'Read', description: 'Reads a file.', input_schema: { $schema: 'https://json-schema.org/draft/2020-12/schema', type: 'object', properties: { path: { type: 'string' } }, required: ['path'], additionalProperties: false } }

/** Sends a request, and gives what the provider got and what the client was told. */
async function sent (request: object, pair: 'openai' | 'openrouter' = 'openai'): Promise<{ body: Body, got: Answer, dropped: string[] }> {
  const { model, requests } = scene((response, received) => answer(response, received, 'Done.'), pair)
  const got = await ask(url, { model, ...request })
  if (got.status !== 200) throw new Error(got.text)
  const body = requests[0]?.body
  if (body === undefined) throw new Error('the provider got nothing')
  return { body, got, dropped: (got.headers.get('x-router-dropped') ?? '').split(', ').filter(name => name !== '') }
}

/** A main-loop request in the shape that Claude Code sends. */
const claudeCode = {
  max_tokens: 32000,
  stream: true,
  system: [
    { type: 'text', text: 'x-anthropic-billing-header: cc_version=2.1.197.abc; cc_entrypoint=cli;' },
    { type: 'text', text: 'You are Claude Code.', ...mark },
    { type: 'text', text: 'Instructions.', ...mark }
  ],
  tools: [tool],
  metadata: { user_id: user },
  thinking: { type: 'adaptive' },
  context_management: { edits: [{ type: 'clear_thinking_20251015', keep: 'all' }] },
  output_config: { effort: 'high' },
  messages: [
    { role: 'user', content: [{ type: 'text', text: '<system-reminder>date</system-reminder>' }, { type: 'text', text: 'Fix it.' }] },
    { role: 'system', content: 'Agent types.' },
    { role: 'assistant', content: [{ type: 'text', text: 'Look' }, { type: 'text', text: 'ing.' }, { type: 'tool_use', id: 'toolu_1', name: 'Read', input: { path: 'a.png' } }, { type: 'tool_use', id: 'toolu_2', name: 'Read', input: { path: 'b' } }] },
    {
      role: 'user',
      content: [
        { type: 'tool_result', tool_use_id: 'toolu_2', content: 'no such file', is_error: true },
        { tool_use_id: 'toolu_1', type: 'tool_result', content: [{ type: 'image', source: { type: 'base64', data: 'iVBORw0KGgo=', media_type: 'image/png' } }] },
        { type: 'document', source: { type: 'base64', media_type: 'application/pdf', data: 'JVBERi0=' } },
        { type: 'text', text: 'Hurry.', ...mark }
      ]
    }
  ]
}

t.test('a request of Claude Code reaches an OpenAI server whole', async t => {
  const { body, got, dropped } = await sent(claudeCode)
  t.match(body, { max_tokens: 32000, stream: true, stream_options: { include_usage: true }, tools: [{ type: 'function', function: { name: 'Read', description: 'Reads a file.', parameters: tool.input_schema } }] })
  t.strictSame(body.messages.map(({ role }: { role: string }) => role), ['system', 'user', 'assistant', 'tool', 'tool', 'user'])
  t.equal(body.messages[0]?.content, 'You are Claude Code.\n\nInstructions.')
  t.match(body.messages[1]?.content, [{ text: /date/ }, { text: 'Fix it.' }, { text: /Agent types\./ }])
  t.match(body.messages[2], { content: 'Looking.', tool_calls: [{ id: 'toolu_1', function: { arguments: '{"path":"a.png"}' } }, { id: 'toolu_2' }] })
  t.match(body.messages[3], { tool_call_id: 'toolu_1', content: /^(?!.*iVBOR)/ })
  t.match(body.messages[4], { tool_call_id: 'toolu_2', content: /error.*no such file/i })
  t.match(body.messages[5]?.content, [{ type: 'text' }, { type: 'image_url', image_url: { url: 'data:image/png;base64,iVBORw0KGgo=' } }, { type: 'file', file: { file_data: 'data:application/pdf;base64,JVBERi0=' } }, { type: 'text', text: 'Hurry.' }])
  t.notMatch(JSON.stringify(body), /cache_control|billing-header|context_management|d{64}/)
  t.strictSame(dropped.sort(), ['context_management', 'metadata', 'output_config.effort', 'thinking'], 'and what it cannot carry is named')
  t.match(got.text, /message_stop/)
})

t.test('the same reaches OpenRouter with its caching marks, its session and its effort', async t => {
  const { body, dropped } = await sent(claudeCode, 'openrouter')
  t.strictSame(body.messages[0]?.content, [{ type: 'text', text: 'You are Claude Code.', ...mark }, { type: 'text', text: 'Instructions.', ...mark }])
  t.match(body.messages[3], { role: 'tool', tool_call_id: 'toolu_1', content: [{ type: 'text' }, { type: 'image_url' }] }, 'a picture stays in its result')
  t.match([body.messages[5]?.content].flat().at(-1), { text: 'Hurry.', ...mark })
  t.match(body, { session_id: '11111111-2222-4333-8444-555555555555', reasoning: { effort: 'high' } })
  t.strictSame(dropped, ['context_management'])
})

t.test('caching marks of tools are kept', async t => {
  const { body } = await sent({ tools: [{ ...tool, ...mark }] }, 'openrouter')
  t.match(body.tools, [mark])
})

t.test('tool_choice any is required, and one call at a time stays one', async t => {
  const { body } = await sent({ tools: [tool], tool_choice: { type: 'any', disable_parallel_tool_use: true } })
  t.match(body, { tool_choice: 'required', parallel_tool_calls: false })
})

t.test('stop sequences and sampling are sent, or named', async t => {
  const fields = { stop_sequences: ['END'], temperature: 0.5, top_p: 0.9, top_k: 40, metadata: { user_id: 'u' } }
  const openrouter = await sent(fields, 'openrouter')
  t.match(openrouter.body, { stop: ['END'], temperature: 0.5, top_p: 0.9, top_k: 40, user: /./ })
  t.strictSame(openrouter.dropped, [])
  const openai = await sent(fields)
  t.match(openai.body, { stop: ['END'], temperature: 0.5, top_p: 0.9 })
  t.strictSame(openai.dropped.sort(), ['metadata', 'top_k'])
})

t.test('thinking that is off, and thinking that is adaptive, are not high effort', async t => {
  for (const thinking of [{ type: 'disabled' }, { type: 'adaptive' }]) {
    const { body } = await sent({ thinking }, 'openrouter')
    t.strictSame(body.reasoning, { enabled: thinking.type === 'adaptive' })
  }
})

t.test('a server tool is no function without parameters, and no choice names what is gone', async t => {
  const search = { type: 'web_search_20250305', name: 'web_search', max_uses: 8 }
  const read = { name: 'Read', input_schema: { type: 'object' } }
  for (const pair of ['openai', 'openrouter'] as const) {
    const { body, dropped } = await sent({ tools: [search, read], tool_choice: { type: 'auto' } }, pair)
    t.strictSame(body.tools?.map(tool => tool.function.name), ['Read'])
    t.equal(body.tool_choice, 'auto')
    t.equal(dropped.includes('tools.web_search_20250305'), pair === 'openai')
  }
  const { body } = await sent({ tools: [search], tool_choice: { type: 'tool', name: 'web_search' } }, 'openrouter')
  t.match(body, { tools: undefined, tool_choice: undefined, plugins: [{ id: 'web' }] })
})

t.test('a large picture in a result stays a picture', async t => {
  const data = 'A'.repeat(300_000)
  const { body } = await sent({ messages: [{ role: 'user', content: 'Hi' }, { role: 'assistant', content: [{ type: 'tool_use', id: 'toolu_1', name: 'Read', input: {} }] }, { role: 'user', content: [{ type: 'tool_result', tool_use_id: 'toolu_1', content: [{ type: 'text', text: 'the screen' }, { type: 'image', source: { type: 'base64', media_type: 'image/png', data } }] }] }] })
  t.equal(body.messages[2]?.content, 'the screen')
  t.equal(JSON.stringify(body).split(data).length, 2)
})

t.test('a model that is no provider and model is no provider', async t => {
  const upstream = await startUpstream(t, (response, request) => answer(response, request, 'Done.'))
  const { url } = await startApp(t, { config: oneProvider(upstream.url) })
  for (const model of ['gpt-5', 'scripted', 'scripted,', 'unknown,model', 'scripted,another', 'anthropic/claude-x', ',']) {
    const got = await ask(url, { model })
    t.match(got, { status: 200, json: { model } }, `${model}: served by the default, and told under the name that was asked for`)
  }
  t.ok(upstream.requests.every(({ body }) => body.model === 'test-model'))
})

t.test('a request that the wire has no form for is refused, with the field', async t => {
  const { model, requests } = scene(() => {})
  const got = await ask(url, { model, messages: [{ role: 'user', content: [{ type: 'image', source: { type: 'file', file_id: 'file_1' } }] }] })
  t.match(got, { status: 400, json: { type: 'error', error: { type: 'invalid_request_error', message: /file_id/ } } })
  t.equal(got.headers.get('x-should-retry'), 'false')
  t.equal(requests.length, 0)
})
