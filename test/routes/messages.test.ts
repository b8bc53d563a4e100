import t, { type Test } from 'tap'
import { oneProvider, startApp } from '../helper/app.ts'
import { ask, askStream } from '../helper/ask.ts'
import { type Received, USAGE, answer, delta, json, sse, startUpstream, stream } from '../helper/upstream.ts'

t.test('a plain request is translated, answered and told how it was routed', async t => {
  const upstream = await startUpstream(t, (response, request) => answer(response, request, 'Hello.'))
  const { url, log } = await startApp(t, { config: oneProvider(upstream.url) })
  const response = await fetch(`${url}/v1/messages?beta=true`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'claude-x', max_tokens: 50, messages: [{ role: 'user', content: 'Hi' }] })
  })
  t.equal(response.status, 200)
  const message = await response.json() as Record<string, unknown>
  t.match(message, { type: 'message', role: 'assistant', model: 'claude-x', content: [{ type: 'text', text: 'Hello.' }], stop_reason: 'end_turn', usage: { input_tokens: 10, output_tokens: 5 } })
  t.match(Object.fromEntries(response.headers), { 'x-router-provider': 'scripted', 'x-router-model': 'test-model', 'x-router-rule': 'default', 'x-router-attempts': '1', 'request-id': /^req_/ })
  t.match(upstream.requests[0], { path: '/v1/chat/completions', headers: { authorization: 'Bearer upstream-secret' }, body: { model: 'test-model', max_tokens: 50, stream: false, messages: [{ role: 'user', content: 'Hi' }] } })
  t.match(log.at(-1), { route: '/v1/messages', status: 200, provider: 'scripted', usage: { output_tokens: 5 } })
})

t.test('an answer that the provider finished is whole, whatever becomes of the connection', async t => {
  const upstream = await startUpstream(t, response => {
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    response.write(sse(delta({ content: 'All of it.' }), delta({}, 'stop', { usage: USAGE })), () => setImmediate(() => response.destroy()))
  })
  const { url } = await startApp(t, { config: oneProvider(upstream.url) })
  for (const stream of [true, false]) {
    const response = await fetch(`${url}/v1/messages`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ model: 'm', max_tokens: 50, stream, messages: [{ role: 'user', content: 'Hi' }] }) })
    t.match(await response.text(), stream ? /All of it[^]*message_stop/ : /All of it.*"stop_reason":"end_turn"/)
  }
})

t.test('a byte order mark, cut between its bytes, belongs to nothing', async t => {
  const upstream = await startUpstream(t, async (response, request) => {
    const stream = request.body.stream
    response.writeHead(200, { 'content-type': 'application/octet-stream' })
    const bytes = Buffer.from(`\uFEFF${stream ? sse(delta({ content: 'Hello.' }), delta({}, 'stop'), '[DONE] ') : JSON.stringify({ choices: [{ message: { content: 'Hello.' }, finish_reason: 'stop' }] })}`)
    for (const piece of [bytes.subarray(0, 1), bytes.subarray(1, 2), bytes.subarray(2)]) {
      response.write(piece)
      await new Promise(resolve => setTimeout(resolve, 5))
    }
    response.end()
  })
  const { url } = await startApp(t, { config: oneProvider(upstream.url) })
  for (const stream of [true, false]) {
    const response = await fetch(`${url}/v1/messages`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ model: 'm', max_tokens: 50, stream, messages: [{ role: 'user', content: 'Hi' }] }) })
    t.match(await response.text(), /Hello\./)
    t.equal(response.status, 200)
  }
})

t.test('a strict provider refuses what would be dropped', async t => {
  const upstream = await startUpstream(t, (response, request) => answer(response, request, 'Hello.'))
  const provider = { name: 'careful', api_base_url: `${upstream.url}/v1`, models: ['m'], strict: true, transformer: { use: ['openai'] } }
  const { url } = await startApp(t, { config: { Providers: [provider], Router: { default: 'careful,m' } } })
  const refused = await ask(url, { top_k: 3, metadata: { user_id: 'u' } })
  t.equal(refused.status, 400)
  t.match(refused.json, { error: { type: 'invalid_request_error', message: 'top_k, metadata: cannot be carried to careful, which is configured as strict' } })
  t.equal(upstream.requests.length, 0)
  t.equal((await ask(url, { temperature: 0 })).status, 200, 'what is carried passes')
})

t.test('a search that the provider has not is answered as one that failed, without asking it', async t => {
  const upstream = await startUpstream(t, (response, request) => answer(response, request, 'I cannot search.'))
  const { url } = await startApp(t, { config: oneProvider(upstream.url) })
  const search = { tools: [{ type: 'web_search_20250305', name: 'web_search', max_uses: 8 }], tool_choice: { type: 'tool', name: 'web_search' } }
  const expected = [{ type: 'server_tool_use', name: 'web_search' }, { type: 'web_search_tool_result', content: { type: 'web_search_tool_result_error', error_code: 'unavailable' } }, { type: 'text', text: /not available: the provider scripted has none/ }]
  t.match(await askStream(url, search), { ended: 'message_stop', stopReason: 'end_turn', content: expected })
  const plain = await ask(url, search)
  t.match(plain.json, { content: expected, stop_reason: 'end_turn' })
  t.match(plain.headers.get('x-router-dropped'), /tools\.web_search_20250305/)
  t.equal(upstream.requests.length, 0)
  t.match((await ask(url, { tools: [...search.tools, { name: 'Read', input_schema: { type: 'object' } }] })).json, { content: [{ text: 'I cannot search.' }] }, 'beside other tools it is merely left out')
  t.equal(upstream.requests.length, 1)
})

t.test('pages that OpenRouter searched come back as a search with its sources', async t => {
  const source = { url: 'https://example.org/a', title: 'A page', content: 'what it says', start_index: 0, end_index: 5 }
  const upstream = await startUpstream(t, response => stream(response, delta({ content: 'It rains.' }), delta({ content: '', annotations: [{ type: 'url_citation', url_citation: source }] }), delta({}, 'stop', { usage: USAGE }), '[DONE]'))
  const { url } = await startApp(t, { config: oneProvider(upstream.url, 'openrouter') })
  const reply = await askStream(url, { tools: [{ type: 'web_search_20250305', name: 'web_search', allowed_domains: ['example.org'] }], tool_choice: { type: 'tool', name: 'web_search' } })
  t.match(upstream.requests.find(({ method }) => method === 'POST')?.body, { plugins: [{ id: 'web', include_domains: ['example.org'] }], tools: undefined, tool_choice: undefined })
  t.match(reply.content, [
    { type: 'text', text: 'It rains.', citations: [{ type: 'web_search_result_location', url: source.url, title: 'A page' }] },
    { type: 'server_tool_use', name: 'web_search' },
    { type: 'web_search_tool_result', content: [{ type: 'web_search_result', url: source.url, title: 'A page' }] }
  ])
  t.equal(reply.content[2]?.['tool_use_id'], reply.content[1]?.['id'])
})

t.test('a client that takes one call gets one, whatever the provider knows of it', async t => {
  const calls = [0, 1].map(index => ({ index, id: `call_${index}`, function: { name: 'Read', arguments: `{"n":${index}}` } }))
  const upstream = await startUpstream(t, response => stream(response, delta({ tool_calls: calls }), delta({}, 'tool_calls', { usage: USAGE }), '[DONE]'))
  const { url } = await startApp(t, { config: oneProvider(upstream.url) })
  const tools = [{ name: 'Read', input_schema: { type: 'object' } }]
  t.match((await askStream(url, { tools, tool_choice: { type: 'auto', disable_parallel_tool_use: true } })).content, { length: 1, 0: { id: 'call_0', input: { n: 0 } } })
  t.equal((await askStream(url, { tools })).content.length, 2)
})

t.test('values that would have to be guessed at are refused, by name', async t => {
  const { url } = await startApp(t)
  t.match((await ask(url, { thinking: { type: 'dreaming' } })).json, { error: { message: "thinking.type: Input should be 'enabled', 'adaptive', 'disabled' or 'between_tools'" } })
  t.match((await ask(url, { tool_choice: { type: 'several' } })).json, { error: { message: "tool_choice.type: Input should be 'auto', 'any', 'tool' or 'none'" } })
})

/** A provider that takes no files by URL, and a server that has some. */
async function withFiles (t: Test, allowHosts: string[]): Promise<{ url: string, files: string, requests: Received[] }> {
  const files = await startUpstream(t, (response, { path }) => {
    if (path === '/a.png') response.writeHead(200, { 'content-type': 'image/png' }).end('png')
    else response.writeHead(404).end()
  })
  const upstream = await startUpstream(t, response => json(response, { candidates: [{ content: { role: 'model', parts: [{ text: 'A cat.' }] }, finishReason: 'STOP' }] }))
  const provider = { name: 'gemini', api_base_url: `${upstream.url}/v1beta`, api_key: 'upstream-secret', models: ['gemini-3-flash'] }
  const { url } = await startApp(t, { config: { Providers: [provider], Router: { default: 'gemini,gemini-3-flash' }, Media: { allowHosts } } })
  return { url, files: files.url, requests: upstream.requests }
}

t.test('files by URL are loaded for a provider that takes none', async t => {
  const { url, files, requests } = await withFiles(t, ['127.0.0.1'])
  const image = { type: 'image', source: { type: 'url', url: `${files}/a.png` } }
  const messages = [
    { role: 'user', content: [image, { type: 'text', text: 'What is it?' }] },
    { role: 'assistant', content: [{ type: 'tool_use', id: 'toolu_1', name: 'Look', input: {} }] },
    { role: 'user', content: [{ type: 'tool_result', tool_use_id: 'toolu_1', content: [image] }, { type: 'document', source: { type: 'content', content: [image] } }] }
  ]
  t.match((await ask(url, { messages })).json, { content: [{ type: 'text', text: 'A cat.' }] })
  t.equal(JSON.stringify(requests[0]?.body).split(Buffer.from('png').toString('base64')).length, 4, 'in every place')
  t.notMatch(requests[0]?.path, 'upstream-secret')
  t.match((await ask(url, { messages: [{ role: 'user', content: [{ ...image, source: { type: 'url', url: `${files}/none` } }] }] })).json, { error: { type: 'invalid_request_error', message: /none could not be loaded: its server answered with status 404/ } })
  const many = Array.from({ length: 51 }, (_, i) => ({ type: 'image', source: { type: 'url', url: `${files}/${i}.png` } }))
  t.match((await ask(url, { messages: [{ role: 'user', content: many }] })).json, { error: { message: /names 51 files by URL; at most 50/ } })
})

t.test('files on private addresses are not', async t => {
  const { url, files, requests } = await withFiles(t, [])
  const reply = await ask(url, { messages: [{ role: 'user', content: [{ type: 'image', source: { type: 'url', url: `${files}/a.png` } }] }] })
  t.match(reply.json, { error: { type: 'invalid_request_error', message: /its address is not public/ } })
  t.equal(requests.length, 0)
})
