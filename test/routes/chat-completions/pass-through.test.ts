import type { ServerResponse } from 'node:http'
import OpenAI from 'openai'
import t from 'tap'
import { startApp } from '../../helper/app.ts'
import { openStage } from '../../helper/stage.ts'
import { type Received, USAGE, delta, json, startUpstream, stream } from '../../helper/upstream.ts'

/** Requests of the chat-completions API to servers that speak it: they go on byte for byte, and so do the answers. */

const stage = await openStage(t, ['openai', 'openrouter', 'vllm', 'deepseek', 'gemini', 'anthropic'])
const client = new OpenAI({ apiKey: 'any', baseURL: `${stage.url}/v1`, maxRetries: 0 })

function post (body: string | object, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(`${stage.url}/v1/chat/completions`, { method: 'POST', headers: { 'content-type': 'application/json', ...headers }, body: typeof body === 'string' ? body : JSON.stringify(body) })
}

const DOCUMENT = { id: 'chatcmpl-9', object: 'chat.completion', created: 5, model: 'served-model', system_fingerprint: 'fp', choices: [{ index: 0, message: { role: 'assistant', content: 'Hi', extra: { model: 'inner' } }, finish_reason: 'stop', logprobs: { content: [] } }], usage: USAGE }

t.test('a request reaches the provider in its own bytes, but for the model', async t => {
  const { model, requests } = stage.scene(response => { json(response, DOCUMENT) })
  // Odd white space, escapes, numbers, unknown fields and forms that other wires lack: none of it may change.
  const body = (name: string): string => `{ "temperature":1e0,\t"model" : ${JSON.stringify(name)} ,"seed":7, "logprobs":true,"messages":[{"role":"user","content":[{"type":"text","text":"\\"model\\":\\"x\\" \\u00e9"},{"type":"input_audio","input_audio":{"data":"AA==","format":"wav"}}]}],"future":[1.0,-0,{"model":"inner"}] }  `
  const response = await post(body(model))
  t.equal(response.status, 200)
  t.equal(requests[0]?.raw.toString(), body(model.split(',')[1] ?? ''))
  t.equal(requests[0]?.headers.authorization, 'Bearer upstream-secret')
  t.equal(response.headers.get('x-router-model'), model.split(',')[1])
  t.equal(response.headers.get('x-request-id'), response.headers.get('request-id'))
  t.equal(await response.text(), JSON.stringify(DOCUMENT).replace('served-model', model), 'and the answer comes back in its own')
})

function chunks (model: string): object[] {
  const rest = { model, created: 5, system_fingerprint: 'fp' }
  return [delta({ role: 'assistant', content: '' }, null, rest), delta({ content: 'Grüße "model":"served" 👩🏽‍💻' }, null, rest), delta({ content: '!' }, null, { ...rest, model: model === 'served' ? 'served-2' : model }), delta({}, 'stop', rest)]
}

const COUNTS = { id: 'chatcmpl-1', object: 'chat.completion.chunk', model: 'served', choices: [], usage: USAGE }

t.test('a stream passes with the name that the client asked for in every chunk, and without the counts that it did not ask for', async t => {
  const { model, requests } = stage.scene(response => { stream(response, ...chunks('served'), COUNTS, '[DONE]') })
  const response = await post({ model, stream: true, messages: [{ role: 'user', content: 'Hi' }] })
  t.match(response.headers.get('content-type'), 'text/event-stream')
  t.equal(await response.text(), [...chunks(model).map(chunk => `data: ${JSON.stringify(chunk)}\n\n`), 'data: [DONE]\n\n'].join(''))
  t.strictSame(requests[0]?.body.stream_options, { include_usage: true }, 'the provider is asked for them')
})

t.test('a client that asks for the counts gets them', async t => {
  const { model, requests } = stage.scene(response => { stream(response, ...chunks('served'), COUNTS, '[DONE]') })
  const raw = JSON.stringify({ model, stream: true, stream_options: { include_usage: true, other: 1 }, messages: [{ role: 'user', content: 'Hi' }] })
  const text = await (await post(raw)).text()
  t.match(text, '"choices":[],"usage":{"prompt_tokens":10')
  t.strictSame(requests[0]?.body.stream_options, { include_usage: true, other: 1 })
})

t.test('whatever way the bytes are cut, the same comes out', async t => {
  const bytes = Buffer.from([...chunks('served'), COUNTS, '[DONE]'].map(chunk => `data: ${typeof chunk === 'string' ? chunk : JSON.stringify(chunk)}\n\n`).join(''))
  let whole: string | undefined
  for (const size of [bytes.length, 1, 7, 64]) {
    const { model } = stage.scene(async response => { await inPieces(response, bytes, size) })
    const text = (await (await post({ model, stream: true, messages: [{ role: 'user', content: 'Hi' }] })).text()).replaceAll(model, 'asked')
    t.equal(text, whole ??= text, `in pieces of ${size}`)
  }
  t.match(whole, '"model":"asked"')
  t.notMatch(whole, '"prompt_tokens"')
})

async function inPieces (response: ServerResponse, bytes: Buffer, size: number): Promise<void> {
  response.writeHead(200, { 'content-type': 'text/event-stream' })
  for (let at = 0; at < bytes.length; at += size) {
    await new Promise<void>(resolve => { response.write(bytes.subarray(at, at + size), () => resolve()) })
    if (size > 1 || at % 50 === 0) await new Promise(resolve => setImmediate(resolve))
  }
  response.end()
}

t.test('a stream without [DONE] is given one; one that breaks ends in an error that the SDK throws', async t => {
  const whole = stage.scene(response => { stream(response, ...chunks('served')) })
  t.match(await (await post({ model: whole.model, stream: true, messages: [{ role: 'user', content: 'Hi' }] })).text(), /"finish_reason":"stop"[^\n]*\n\ndata: \[DONE\]\n\n$/)

  const cut = stage.scene(response => { stream(response, ...chunks('served').slice(0, 3)) })
  const seen: string[] = []
  await t.rejects(async () => {
    for await (const chunk of await client.chat.completions.create({ model: cut.model, stream: true, messages: [{ role: 'user', content: 'Hi' }] })) seen.push(chunk.choices[0]?.delta.content ?? '')
  }, /ended the reply before it was complete/)
  t.match(seen.join(''), 'Grüße')
  const text = await (await post({ model: cut.model, stream: true, messages: [{ role: 'user', content: 'Hi' }] })).text()
  t.notMatch(text, '[DONE]')
})

t.test('an error in a stream passes in the provider\'s words, or is told where these would not be seen', async t => {
  const told = stage.scene(response => { stream(response, ...chunks('served').slice(0, 2), { error: { message: 'the GPU is on fire, upstream-secret', code: 503 } }, '[DONE]') })
  const text = await (await post({ model: told.model, stream: true, messages: [{ role: 'user', content: 'Hi' }] })).text()
  t.match(text, '{"error":{"message":"the GPU is on fire')
  t.notMatch(text, 'upstream-secret')

  const flat = stage.scene(response => { stream(response, ...chunks('served').slice(0, 2), { object: 'error', message: 'out of memory', code: 500 }) })
  t.match(await (await post({ model: flat.model, stream: true, messages: [{ role: 'user', content: 'Hi' }] })).text(), /data: \{"error":\{"message":"[^\n]*out of memory/)

  const early = stage.scene(response => { stream(response, { error: { message: 'no room', code: 429 } }) })
  const response = await post({ model: early.model, stream: true, messages: [{ role: 'user', content: 'Hi' }] })
  t.equal(response.status, 429, 'before any content it is an HTTP error')
  t.match(await response.json(), { error: { message: /no room/, type: 'rate_limit_error', code: 'rate_limit_exceeded', param: null } })
})

t.test('an error of the provider passes in its own words, with its status', async t => {
  const body = { error: { message: 'Unknown parameter: foo', type: 'invalid_request_error', param: 'foo', code: 'unknown_parameter' } }
  const { model } = stage.scene(response => { json(response, body, 400) })
  const response = await post({ model, messages: [{ role: 'user', content: 'Hi' }] })
  t.equal(response.status, 400)
  t.strictSame(await response.json(), body)
})

t.test('every server of the wire is passed to: OpenRouter, vLLM and DeepSeek keep what only they know', async t => {
  for (const pair of ['openrouter', 'vllm', 'deepseek']) {
    const { model, requests } = stage.scene(response => { stream(response, delta({ reasoning_content: 'hm' }), delta({ content: 'Hi' }), delta({}, 'stop'), { choices: [], usage: USAGE }, '[DONE]') }, pair)
    const text = await (await post({ model, stream: true, provider: { sort: 'price' }, chat_template_kwargs: { x: 1 }, thinking: { type: 'enabled' }, messages: [{ role: 'user', content: 'Hi' }] })).text()
    t.match(text, '"reasoning_content":"hm"', pair)
    t.match(requests[0]?.body, { provider: { sort: 'price' }, chat_template_kwargs: { x: 1 }, thinking: { type: 'enabled' } }, pair)
  }
})

t.test('what passes is counted: the ledger has the tokens, the model and the ingress', async t => {
  const upstream = await startUpstream(t, (response, { body }: Received) => {
    if (body.stream === true) stream(response, ...chunks('served'), COUNTS, '[DONE]')
    else json(response, DOCUMENT)
  })
  const { url } = await startApp(t, { config: { Providers: [{ name: 'one', api_base_url: `${upstream.url}/v1`, api_key: 'k', models: ['m'], transformer: { use: ['openai'] } }], Router: { default: 'one,m' } } })
  for (const stream of [true, false]) await (await fetch(`${url}/v1/chat/completions`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ model: 'm', stream, messages: [{ role: 'user', content: 'Hi' }] }) })).text()
  const { requests } = await (await fetch(`${url}/api/usage/requests`)).json() as { requests: Record<string, unknown>[] }
  t.equal(requests.length, 2)
  for (const line of requests) t.match(line, { ingress: 'openai', state: 'ok', model: 'm', servedModel: /^served/, stopReason: 'end_turn', input: 10, output: 5, estimated: false })
})

t.test('an error behind an answer that had met its limit says nothing', async t => {
  const { model } = stage.scene(response => { stream(response, ...chunks('served').slice(0, 3), delta({}, 'length'), { error: { message: 'Token limit reached', code: 502 }, choices: [] }, '[DONE]') })
  const text = await (await post({ model, stream: true, messages: [{ role: 'user', content: 'Hi' }] })).text()
  t.notMatch(text, '"error"')
  t.match(text, /"finish_reason":"length"[^\n]*\n\ndata: \[DONE\]\n\n$/)
})

t.test('but counts that stand beside it are those of the answer', async t => {
  const usage = { prompt_tokens: 43, completion_tokens: 10, total_tokens: 53 }
  const last = { model: 'served', error: { message: 'Token limit reached', code: 400 }, choices: [{ index: 0, delta: {}, finish_reason: null }], usage }
  for (const asks of [true, false]) {
    const { model } = stage.scene(response => { stream(response, ...chunks('served').slice(0, 3), delta({}, 'length'), last, '[DONE]') })
    const text = await (await post({ model, stream: true, ...(asks && { stream_options: { include_usage: true } }), messages: [{ role: 'user', content: 'Hi' }] })).text()
    t.notMatch(text, '"error"')
    const told = text.split('\n').filter(line => line.includes('"usage":{')).map(line => JSON.parse(line.slice('data:'.length)) as object)
    t.strictSame(told, asks ? [{ model, choices: [], usage }] : [])
    t.match(text, /data: \[DONE\]\n\n$/)
  }
})

t.test('what only this server knows passes: it is refused where it would have to be written anew, and nowhere else', async t => {
  const tools = [{ type: 'function', function: { name: 'f', parameters: { type: 'object', properties: {} } } }]
  const hi = [{ role: 'user', content: 'Hi' }]
  const requests: [string, object, RegExp][] = [
    ['a custom tool', { messages: hi, tools: [{ type: 'custom', custom: { name: 'py' } }, ...tools], tool_choice: { type: 'custom', custom: { name: 'py' } } }, /^tools\.0: /],
    ['Mistral\'s choice', { messages: hi, tools, tool_choice: 'any' }, /^tool_choice: /],
    ['Groq\'s effort', { messages: hi, reasoning_effort: 'default' }, /^reasoning_effort: /],
    ['a grammar', { messages: hi, response_format: { type: 'grammar', grammar: 'x' } }, /^response_format\.type: /],
    ['a picture in vLLM\'s file system', { messages: [{ role: 'user', content: [{ type: 'image_url', image_url: { url: 'file:///a.png' } }] }] }, /^messages\.0\.content\.0\.image_url\.url: /],
    ['a file without a type', { messages: [{ role: 'user', content: [{ type: 'file', file: { filename: 'a.pdf', file_data: 'JVBERi0=' } }] }] }, /^messages\.0\.content\.0\.file\.file_data: /]
  ]
  for (const [what, body, refusal] of requests) {
    const passes = stage.scene(response => { json(response, DOCUMENT) })
    const raw = JSON.stringify({ model: passes.model, ...body })
    t.equal((await post(raw)).status, 200, what)
    t.equal(passes.requests[0]?.raw.toString(), raw.replace(passes.model, passes.model.split(',')[1] ?? ''), what)
    const refused = await post({ model: stage.scene(response => { json(response, {}) }, 'gemini').model, ...body })
    t.equal(refused.status, 400, what)
    t.match(await refused.json(), { error: { message: refusal } }, what)
  }
})

t.test('a call of a custom tool is a call, whatever its input is', async t => {
  const call = { id: 'call_1', type: 'custom', custom: { name: 'py', input: 'print("[{\n' } }
  const whole = stage.scene(response => { json(response, { ...DOCUMENT, choices: [{ index: 0, message: { role: 'assistant', content: null, tool_calls: [call] }, finish_reason: 'tool_calls' }] }) })
  t.match((await client.chat.completions.create({ model: whole.model, messages: [{ role: 'user', content: 'Hi' }] })).choices[0], { finish_reason: 'tool_calls', message: { tool_calls: [call] } })

  const streamed = stage.scene(response => { stream(response, delta({ role: 'assistant', tool_calls: [{ index: 0, ...call, custom: { name: 'py', input: '' } }] }), delta({ tool_calls: [{ index: 0, custom: { input: 'print("[' } }] }), delta({ tool_calls: [{ index: 0, custom: { input: '{\n' } }] }), delta({}, 'tool_calls'), { choices: [], usage: USAGE }, '[DONE]') })
  t.match(await (await post({ model: streamed.model, stream: true, messages: [{ role: 'user', content: 'Hi' }] })).text(), /"finish_reason":"tool_calls"[^\n]*\n\ndata: \[DONE\]\n\n$/)
  const { requests } = await (await fetch(`${stage.url}/api/usage/requests`)).json() as { requests: { model: string }[] }
  for (const { model } of [whole, streamed]) t.match(requests.find(line => line.model === model.split(',')[1]), { state: 'ok', stopReason: 'tool_use', input: 10, output: 5 })
})
