import OpenAI from 'openai'
import t from 'tap'
import { openStage } from '../../helper/stage.ts'
import { USAGE, delta, json, stream } from '../../helper/upstream.ts'

/** Requests to servers of the wire that stand behind adapters: these change the client's own request, and what they do not touch stays. */

const USES = {
  params: ['openai', ['customparams', { foo: 1, metadata: { team: 'a' } }]],
  limited: ['openai', ['maxtoken', { max_tokens: 50 }], 'maxcompletiontokens'],
  mending: ['openai', 'enhancetool'],
  exiting: ['deepseek', 'tooluse'],
  thoughtful: ['openai', 'forcereasoning']
}
const stage = await openStage(t, Object.keys(USES), {}, USES)
const client = new OpenAI({ apiKey: 'any', baseURL: `${stage.url}/v1`, maxRetries: 0 })
const HI: OpenAI.ChatCompletionMessageParam[] = [{ role: 'user', content: 'Hi' }]
const ANSWER = { id: 'c', object: 'chat.completion', model: 'served', choices: [{ index: 0, message: { role: 'assistant', content: 'Hi' }, finish_reason: 'stop' }], usage: USAGE }

/** What the Messages API has no form for, and more. */
const BODY = {
  messages: [
    { role: 'developer', content: 'Be brief.', name: 'boss' },
    { role: 'user', name: 'bob', content: [{ type: 'text', text: 'See' }, { type: 'image_url', image_url: { url: 'https://example.com/a.png', detail: 'low' } }, { type: 'input_audio', input_audio: { data: 'AA==', format: 'wav' } }] },
    { role: 'assistant', content: 'ok' },
    { role: 'developer', content: 'Later.' },
    { role: 'user', content: 'go' }
  ],
  seed: 1,
  frequency_penalty: 1,
  presence_penalty: 1,
  logit_bias: { 1: 2 },
  min_p: 0.1,
  top_k: 5,
  prompt_cache_key: 'k',
  logprobs: true,
  top_logprobs: 2,
  modalities: ['text', 'audio'],
  audio: { voice: 'a', format: 'wav' },
  response_format: { type: 'json_schema', json_schema: { name: 'mine', strict: false, schema: { type: 'object' } } },
  tools: [{ type: 'custom', custom: { name: 'py' } }],
  tool_choice: { type: 'custom', custom: { name: 'py' } }
}

async function post (body: object): Promise<Response> {
  return await fetch(`${stage.url}/v1/chat/completions`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) })
}

t.test('the request is the client\'s own, and what the adapter adds', async t => {
  const { model, requests } = stage.scene(response => { json(response, ANSWER) }, 'params')
  const response = await post({ model, ...BODY })
  t.equal(response.status, 200)
  t.strictSame(requests[0]?.body as object, { model: model.split(',')[1], ...BODY, foo: 1, metadata: { team: 'a' } })
  t.notHas(requests[0]?.body, 'max_tokens', 'a limit that nobody set')
  t.equal(response.headers.get('x-router-dropped'), null)
  t.equal(await response.text(), JSON.stringify(ANSWER).replace('served', model), 'adapters of requests alone leave the answer\'s bytes as they are')

  await post({ model, stream: true, stream_options: { other: 1 }, messages: HI })
  t.strictSame(requests[1]?.body as object, { model: model.split(',')[1], stream: true, stream_options: { other: 1, include_usage: true }, messages: HI, foo: 1, metadata: { team: 'a' } })
})

t.test('several adapters, one after the other', async t => {
  const { model, requests } = stage.scene(response => { json(response, ANSWER) }, 'limited')
  await post({ model, messages: HI, max_tokens: 500, seed: 1 })
  t.strictSame(requests[0]?.body as object, { model: model.split(',')[1], messages: HI, max_completion_tokens: 50, seed: 1 })
  await post({ model, messages: HI })
  t.strictSame(requests[1]?.body as object, { model: model.split(',')[1], messages: HI })
})

const CALL = { id: 'call_1', type: 'function', function: { name: 'f', arguments: '{a: 1,}' } }
const CUSTOM = { id: 'call_2', type: 'custom', custom: { name: 'py', input: 'print(\'[\')' } }

t.test('what an adapter of replies does not know stays in them', async t => {
  const message = { role: 'assistant', content: null, tool_calls: [CALL, CUSTOM], audio: { id: 'a', data: 'AA==' } }
  const choice = { index: 0, message, finish_reason: 'tool_calls', logprobs: { content: [{ token: 'x' }] } }
  const whole = stage.scene(response => { json(response, { ...ANSWER, system_fingerprint: 'fp', choices: [choice] }) }, 'mending')
  t.match(await (await post({ model: whole.model, messages: HI })).json(), {
    model: whole.model,
    system_fingerprint: 'fp',
    choices: [{ ...choice, message: { ...message, tool_calls: [{ ...CALL, function: { name: 'f', arguments: '{"a": 1}' } }, CUSTOM] } }],
    usage: USAGE
  })

  const inPieces = [
    delta({ role: 'assistant', content: null, tool_calls: [{ index: 0, ...CALL, function: { name: 'f', arguments: '' } }] }, null, { model: 'served' }),
    delta({ tool_calls: [{ index: 0, function: { arguments: '{a: 1,}' } }] }),
    delta({ tool_calls: [{ index: 1, ...CUSTOM, custom: { name: 'py', input: '' } }] }),
    delta({ tool_calls: [{ index: 1, custom: { input: CUSTOM.custom.input } }] }),
    delta({}, 'tool_calls'),
    { choices: [], usage: USAGE }
  ]
  const streamed = stage.scene(response => { stream(response, ...inPieces, '[DONE]') }, 'mending')
  const text = await (await post({ model: streamed.model, stream: true, messages: HI })).text()
  t.notMatch(text, 'served')
  t.notMatch(text, '"usage"')
  t.match(text, /data: \[DONE\]\n\n$/)
  const fragments = text.split('\n\n').filter(event => event.startsWith('data: {')).flatMap(event => (JSON.parse(event.slice('data: '.length)) as OpenAI.ChatCompletionChunk).choices[0]?.delta.tool_calls ?? [])
  const inputs = fragments.reduce<string[]>((all, { index, ...fragment }) => {
    all[index] = (all[index] ?? '') + (fragment.function?.arguments ?? (fragment as { custom?: { input: string } }).custom?.input ?? '')
    return all
  }, [])
  t.strictSame(inputs, ['{"a": 1}', CUSTOM.custom.input])
})

t.test('tooluse and forcereasoning speak to clients of this wire, too', async t => {
  const exit = { id: 'x', type: 'function', function: { name: 'ExitToolMode', arguments: '{"response":"Done."}' } }
  const tools = [{ type: 'function' as const, function: { name: 'look', parameters: { type: 'object', properties: {} } } }]
  const exiting = stage.scene(response => { json(response, { ...ANSWER, choices: [{ index: 0, message: { role: 'assistant', content: null, tool_calls: [exit] }, finish_reason: 'tool_calls' }] }) }, 'exiting')
  const { choices: [said] } = await client.chat.completions.create({ model: exiting.model, messages: HI, tools, seed: 2 })
  t.match(exiting.requests[0]?.body, { seed: 2, tools: [{ function: { name: 'look' } }, { function: { name: 'ExitToolMode' } }] })
  t.match(said, { finish_reason: 'stop', message: { content: 'Done.' } })
  t.notOk(said?.message.tool_calls)

  const thoughtful = stage.scene(response => { stream(response, delta({ content: '<reasoning_content>Hm.</reasoning_' }), delta({ content: 'content>Yes.' }), delta({}, 'stop'), '[DONE]') }, 'thoughtful')
  const seen = { text: '', thought: '' }
  for await (const { choices: [choice] } of await client.chat.completions.create({ model: thoughtful.model, messages: HI, stream: true })) {
    seen.text += choice?.delta.content ?? ''
    seen.thought += (choice?.delta as { reasoning_content?: string } | undefined)?.reasoning_content ?? ''
  }
  t.strictSame(seen, { text: 'Yes.', thought: 'Hm.' })
  t.match(thoughtful.requests[0]?.body.messages[0]?.content, /Before you answer/)
})

t.test('tooluse does not force DeepSeek while it thinks, which it does unasked', async t => {
  const { model, requests } = stage.scene(response => { json(response, ANSWER) }, 'exiting')
  const tools = [{ type: 'function', function: { name: 'look', parameters: { type: 'object', properties: {} } } }]
  const off = { type: 'disabled' }
  for (const [asked, choice, thinking, effort] of [
    [{}, undefined, undefined, undefined],
    [{ reasoning_effort: 'high' }, undefined, undefined, 'high'],
    [{ thinking: { type: 'enabled' } }, undefined, { type: 'enabled' }, undefined],
    [{ thinking: off }, 'required', off, undefined],
    [{ reasoning_effort: 'none' }, 'required', off, undefined],
    [{ reasoning: { enabled: false } }, 'required', off, undefined],
    [{ tool_choice: 'required' }, 'required', off, undefined]
  ] as const) {
    await (await post({ model, messages: HI, tools, ...asked })).text()
    const sent = requests.at(-1)?.body
    t.strictSame([sent?.tool_choice, sent?.['thinking'], sent?.reasoning_effort], [choice, thinking, effort], JSON.stringify(asked))
  }
})

t.test('what tooluse takes out of a stream leaves no hole in the list of calls', async t => {
  const call = (index: number, name: string, input: string): object => ({ index, id: `call_${index}`, type: 'function', function: { name, arguments: input } })
  const { model } = stage.scene(response => {
    const rest = { index: 3, function: { arguments: '"c"}' } }
    stream(response, delta({ role: 'assistant', content: null, tool_calls: [call(0, 'ExitToolMode', '{"response":"Done."}')] }), delta({ tool_calls: [call(1, 'look', '{"at":"a"}')] }), delta({ tool_calls: [call(2, 'ExitToolMode', '{"response":" Twice."}')] }), delta({ tool_calls: [call(3, 'look', '{"at":')] }), delta({ tool_calls: [rest] }), delta({}, 'tool_calls'), '[DONE]')
  }, 'exiting')
  const { choices: [said] } = await client.chat.completions.stream({ model, messages: HI, tools: [{ type: 'function', function: { name: 'look', parameters: { type: 'object', properties: {} } } }] }).finalChatCompletion()
  t.match(said, { finish_reason: 'tool_calls', message: { content: 'Done. Twice.', tool_calls: [{ id: 'call_1', function: { name: 'look', arguments: '{"at":"a"}' } }, { id: 'call_3', function: { name: 'look', arguments: '{"at":"c"}' } }] } })
})

t.test('what passes by way of adapters is counted as if it had not', async t => {
  for (const [kind, stream_] of [['mending', false], ['mending', true], ['params', true]] as const) {
    const { model } = stage.scene(response => {
      if (stream_) stream(response, delta({ content: 'Hi' }, null, { model: 'served' }), delta({}, 'stop'), { choices: [], usage: USAGE }, '[DONE]')
      else json(response, ANSWER)
    }, kind)
    await (await post({ model, stream: stream_, messages: HI })).text()
    const { requests } = await (await fetch(`${stage.url}/api/usage/requests`)).json() as { requests: { model: string }[] }
    t.match(requests.find(line => line.model === model.split(',')[1]), { ingress: 'openai', state: 'ok', servedModel: 'served', stopReason: 'end_turn', input: 10, output: 5, estimated: false })
  }
})
