import OpenAI from 'openai'
import t from 'tap'
import { UNSEEN_IMAGE } from '../../../src/message/without-images.ts'
import { startApp } from '../../helper/app.ts'
import { until } from '../../helper/until.ts'
import { type Received, delta, json, sse, startUpstream, stream } from '../../helper/upstream.ts'

/** One request, several targets of different wires: what passes and what is written anew follow one another. */

const GEMINI = { candidates: [{ content: { role: 'model', parts: [{ text: 'from Gemini' }] }, finishReason: 'STOP' }], usageMetadata: { promptTokenCount: 3, candidatesTokenCount: 2 } }

async function service (t: Parameters<typeof startApp>[0], first: (response: Parameters<Parameters<typeof startUpstream>[1]>[0], request: Received) => void, rest: object = {}): Promise<{ url: string, requests: Received[] }> {
  const upstream = await startUpstream(t, (response, request) => {
    if (request.path.startsWith('/one')) return first(response, request)
    if (request.path.includes('stream')) response.writeHead(200, { 'content-type': 'text/event-stream' }).end(`data: ${JSON.stringify(GEMINI)}\n\n`)
    else json(response, GEMINI)
  })
  const { url } = await startApp(t, {
    config: {
      Providers: [
        { name: 'one', api_base_url: `${upstream.url}/one/v1`, api_key: 'k', models: ['m'], transformer: { use: ['openai'] } },
        { name: 'two', api_base_url: `${upstream.url}/two/v1beta`, api_key: 'k', models: ['gemini-3-flash'], transformer: { use: ['gemini'] } }
      ],
      Router: { default: 'one,m' },
      fallback: { default: ['two,gemini-3-flash'] },
      ...rest
    }
  })
  return { url, requests: upstream.requests }
}

const HI: OpenAI.ChatCompletionMessageParam[] = [{ role: 'user', content: 'Hi' }]

t.test('a provider that fails before any content is followed by one of another wire', async t => {
  const failures: [string, (response: Parameters<Parameters<typeof startUpstream>[1]>[0]) => void][] = [
    ['an overload', response => { json(response, { error: { message: 'busy' } }, 503) }],
    ['a stream that ends with nothing in it', response => { stream(response, delta({ role: 'assistant', content: '' })) }],
    ['an error inside a 200', response => { stream(response, { error: { message: 'boom', code: 500 } }) }],
    ['a closed connection', response => { response.destroy() }]
  ]
  for (const [name, fail] of failures) {
    const { url } = await service(t, fail)
    const client = new OpenAI({ apiKey: 'any', baseURL: `${url}/v1`, maxRetries: 0 })
    const { data, response } = await client.chat.completions.create({ model: 'gpt', messages: HI, stream: true }).withResponse()
    let text = ''
    for await (const chunk of data) text += chunk.choices[0]?.delta.content ?? ''
    t.equal(text, 'from Gemini', name)
    t.equal(response.headers.get('x-router-provider'), 'two')
  }
})

t.test('once there was content nothing else is tried', async t => {
  const { url, requests } = await service(t, response => { response.writeHead(200, { 'content-type': 'text/event-stream' }).end(sse(delta({ content: 'half' }))) })
  const client = new OpenAI({ apiKey: 'any', baseURL: `${url}/v1`, maxRetries: 0 })
  await t.rejects(client.chat.completions.stream({ model: 'gpt', messages: HI }).finalChatCompletion())
  t.equal(requests.length, 1)
})

t.test('a client that waits is kept by comments, which its SDK skips', async t => {
  let release = (): void => {}
  const { url } = await service(t, response => { release = () => { stream(response, delta({ content: 'late' }), delta({}, 'stop'), '[DONE]') } }, { Stream: { pingAfter: 50 } })
  const response = fetch(`${url}/v1/chat/completions`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ model: 'm', messages: HI, stream: true }) })
  const reader = ((await response).body as NonNullable<Response['body']>).getReader()
  const first = await reader.read()
  t.equal(Buffer.from(first.value ?? []).toString().slice(0, 11), ': waiting\n\n')
  release()
  let text = ''
  for (let read = await reader.read(); !read.done; read = await reader.read()) text += Buffer.from(read.value).toString()
  t.match(text, '"content":"late"')
})

t.test('a client that leaves ends the call to the provider', async t => {
  const { url, requests } = await service(t, response => { response.writeHead(200, { 'content-type': 'text/event-stream' }).write(sse(delta({ content: 'on' }))) })
  const client = new OpenAI({ apiKey: 'any', baseURL: `${url}/v1`, maxRetries: 0 })
  const answer = await client.chat.completions.create({ model: 'm', messages: HI, stream: true })
  const { value: chunk } = await answer[Symbol.asyncIterator]().next()
  t.equal(chunk?.choices[0]?.delta.content, 'on')
  answer.controller.abort()
  await until('the call is aborted', () => requests[0]?.aborted === true)
})

t.test('a picture for a model that cannot see, and a limit that is too high, are mended as for any client', async t => {
  const upstream = await startUpstream(t, response => { json(response, { choices: [{ message: { role: 'assistant', content: 'ok' }, finish_reason: 'stop' }] }) })
  const provider = { name: 'one', api_base_url: `${upstream.url}/v1`, api_key: 'k', models: ['m'], transformer: { use: ['openai'] }, capabilities: { m: { vision: false, maxOutput: 100 } } }
  const { url } = await startApp(t, { config: { Providers: [provider], Router: { default: 'one,m' } } })
  const ask = async (body: object): Promise<Response> => await fetch(`${url}/v1/chat/completions`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ model: 'm', ...body }) })

  const limited = await ask({ messages: HI, max_completion_tokens: 500, seed: 1 })
  t.match(upstream.requests[0]?.body, { max_completion_tokens: 100, seed: 1 }, 'a limit is lowered in the bytes')
  t.equal(limited.headers.get('x-router-adjusted'), 'max_tokens 500 to 100')

  const unlimited = await ask({ messages: HI })
  t.notHas(upstream.requests[1]?.body, 'max_tokens', 'one that nobody set is not sent')
  t.equal(unlimited.headers.get('x-router-adjusted'), null)

  const seen = await ask({ messages: [{ role: 'user', content: [{ type: 'text', text: 'See' }, { type: 'image_url', image_url: { url: 'data:image/png;base64,iVBORw0KGgo=' } }] }], seed: 1 })
  t.notMatch(upstream.requests[2]?.raw.toString(), 'image_url')
  t.equal(seen.headers.get('x-router-adjusted'), '1 image as placeholders', 'and nothing of a limit that nobody set')
  t.equal(seen.headers.get('x-router-dropped'), 'messages.image_url', 'by the name that its clients know')
  t.strictSame(upstream.requests[2]?.body as object, { model: 'm', messages: [{ role: 'user', content: [{ type: 'text', text: 'See' }, { type: 'text', text: UNSEEN_IMAGE }] }], seed: 1 }, 'all else is the client\'s own')

  const both = await ask({ messages: [{ role: 'user', content: [{ type: 'image_url', image_url: { url: 'data:image/png;base64,iVBORw0KGgo=' } }] }], max_tokens: 500 })
  t.equal(both.headers.get('x-router-adjusted'), 'max_tokens 500 to 100, 1 image as placeholders')
})
