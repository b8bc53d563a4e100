import OpenAI from 'openai'
import t from 'tap'
import { startApp } from '../../helper/app.ts'
import { openStage } from '../../helper/stage.ts'
import { until } from '../../helper/until.ts'
import { json, startUpstream } from '../../helper/upstream.ts'

/** What clients of OpenAI's API are told: whose fault it is, in their form and by their names. */

const stage = await openStage(t, ['openai', 'openrouter', 'vllm', 'anthropic', 'gemini'])
const client = new OpenAI({ apiKey: 'any', baseURL: `${stage.url}/v1`, maxRetries: 0 })
const HI: OpenAI.ChatCompletionMessageParam[] = [{ role: 'user', content: 'Hi' }]

async function errorOf (status: number, body: unknown, kind = 'openai'): Promise<{ status?: number | undefined, message?: string, code?: string | null | undefined, headers?: Headers | undefined }> {
  const { model } = stage.scene(response => { json(response, body, status) }, kind)
  return await client.chat.completions.create({ model, messages: HI }).then(() => ({}), (error: unknown) => error as InstanceType<typeof OpenAI.APIError>)
}

t.test('a refused key is the gateway\'s, and the provider is named', async t => {
  const refused = { error: { message: 'Incorrect API key provided: upst****cret', type: 'invalid_request_error', param: null, code: 'invalid_api_key' } }
  const error = await errorOf(401, refused)
  t.match(error, { status: 401, message: /openai rejected the gateway's API key: Incorrect API key/ })
  t.equal(error.headers?.get('x-should-retry'), 'false')
  t.match(await errorOf(403, { error: { message: 'Project proj_1 has no access to this model', code: null } }), { status: 403, message: /openai: Project proj_1/ })
})

t.test('but what was said is the client\'s: moderation passes as it is', async t => {
  const flagged = { error: { code: 403, message: 'Your input was flagged', metadata: { reasons: ['violence'], flagged_input: 'x' } } }
  const { model } = stage.scene(response => { json(response, flagged, 403) }, 'openrouter')
  const response = await fetch(`${stage.url}/v1/chat/completions`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ model, messages: HI }) })
  t.equal(response.status, 403)
  t.strictSame(await response.json(), flagged)
})

t.test('an error in a form that the SDK does not read is told in ours', async t => {
  t.match(await errorOf(400, { error: 'bad template' }, 'vllm'), { status: 400, message: /vllm: bad template/ })
  t.match(await errorOf(400, { object: 'error', message: 'no such field', code: 400 }, 'vllm'), { status: 400, message: /vllm: no such field/ })
  t.match(await errorOf(400, { error: { detail: 'x' } }), { status: 400, message: /openai: x/ })
})

t.test('an address that is not served', async t => {
  for (const [method, path] of [['POST', '/v1/embeddings'], ['POST', '/v1/responses'], ['GET', '/v1/chat/completions'], ['POST', '/v1/images/generations?x=1']] as const) {
    const response = await fetch(`${stage.url}${path}`, { method, ...(method === 'POST' && { headers: { 'content-type': 'application/json' }, body: '{}' }) })
    t.equal(response.status, 404, path)
    t.match(await response.json(), { error: { type: 'invalid_request_error', code: 'unknown_url', param: null, message: new RegExp(`There is no ${method} ${path.split('?')[0]} here`) } })
    t.equal(response.headers.get('x-request-id'), response.headers.get('request-id'))
    t.ok(response.headers.get('x-request-id'))
  }
  const error = await client.embeddings.create({ model: 'm', input: 'x' }).catch((error: unknown) => error)
  t.match(error, { status: 404, code: 'unknown_url', requestID: /./ })
  for (const [path, headers] of [['/v1/messages/batches', {}], ['/v1/files', { 'anthropic-version': '2023-06-01' }], ['/nowhere', {}]] as const) {
    t.match(await (await fetch(`${stage.url}${path}`, { headers })).json(), { type: 'error', error: { type: 'not_found_error' } }, path)
  }
})

t.test('what else is wrong with such a request has its own code', async t => {
  const { url } = await startApp(t, { config: { APIKEY: 'right', Providers: [{ name: 'p', api_base_url: 'http://127.0.0.1:9/v1', models: ['m'] }], Router: { default: 'p,m' } } })
  const ask = async (key: string): Promise<Response> => await fetch(`${url}/v1/responses`, { method: 'POST', headers: { 'content-type': 'application/json', ...(key !== '' && { authorization: `Bearer ${key}` }) }, body: '{}' })
  for (const [key, status, code] of [['', 401, 'invalid_api_key'], ['wrong', 401, 'invalid_api_key'], ['right', 404, 'unknown_url']] as const) {
    const response = await ask(key)
    t.equal(response.status, status, key)
    t.match(await response.json(), { error: { type: 'invalid_request_error', code } })
  }
})

t.test('fields that are lost have the names of this API', async t => {
  const { model } = stage.scene(response => { json(response, { candidates: [{ content: { role: 'model', parts: [{ text: 'Hi' }] }, finishReason: 'STOP' }] }) }, 'gemini')
  const tools: OpenAI.ChatCompletionTool[] = [{ type: 'function', function: { name: 'f', parameters: { type: 'object', properties: {} } } }]
  const { response } = await client.chat.completions.create({ model, messages: HI, tools, parallel_tool_calls: false, user: 'ann', metadata: { a: 'b' }, stop: ['1', '2', '3', '4', '5', '6'] as string[] }).withResponse()
  t.strictSame(response.headers.get('x-router-dropped')?.split(', ').sort(), ['metadata', 'parallel_tool_calls', 'stop', 'user'])
})

t.test('and so has the refusal of a strict provider', async t => {
  const upstream = await startUpstream(t, response => { json(response, {}) })
  const { url } = await startApp(t, { config: { Providers: [{ name: 'g', api_base_url: `${upstream.url}/v1beta`, api_key: 'k', strict: true, models: ['gemini-3-flash'], transformer: { use: ['gemini'] } }], Router: { default: 'g,gemini-3-flash' } } })
  const response = await fetch(`${url}/v1/chat/completions`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ model: 'm', messages: HI, user: 'ann' }) })
  t.match(await response.json(), { error: { message: /^user: cannot be carried to g/, param: 'user' } })
})

t.test('the provider\'s own id of a request is in the log, and ours on the reply', async t => {
  const upstream = await startUpstream(t, (response, { body }) => {
    const { stream } = body
    if (stream === true) response.writeHead(200, { 'content-type': 'text/event-stream', 'x-request-id': 'req_theirs' }).end('data: {"choices":[{"index":0,"delta":{"content":"a"},"finish_reason":"stop"}]}\n\ndata: [DONE]\n\n')
    else json(response, { choices: [{ index: 0, message: { role: 'assistant', content: 'a' }, finish_reason: 'stop' }] }, 200, { 'x-request-id': 'req_theirs' })
  })
  const { url, log } = await startApp(t, { config: { Providers: [{ name: 'one', api_base_url: `${upstream.url}/v1`, api_key: 'k', models: ['m'], transformer: { use: ['openai'] } }], Router: { default: 'one,m' } } })
  for (const stream of [true, false]) {
    const response = await fetch(`${url}/v1/chat/completions`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ model: 'm', stream, messages: HI }) })
    await response.text()
    const id = response.headers.get('x-request-id')
    t.not(id, 'req_theirs')
    await until('the request is in the log', () => log.some(line => line['msg'] === 'request' && line['requestId'] === id))
    t.match(log.find(line => line['msg'] === 'request' && line['requestId'] === id), { upstreamRequestId: 'req_theirs' })
  }
})
