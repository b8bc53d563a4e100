import OpenAI from 'openai'
import t from 'tap'
import { startApp } from '../../helper/app.ts'
import { openStage } from '../../helper/stage.ts'
import { json, startUpstream } from '../../helper/upstream.ts'

/** DeepSeek thinks unless it is told not to, and then wants back what it thought; official clients of its API do not send that. */

const stage = await openStage(t, ['deepseek'])
const client = new OpenAI({ apiKey: 'any', baseURL: `${stage.url}/v1`, maxRetries: 0 })
const HI: OpenAI.ChatCompletionMessageParam[] = [{ role: 'user', content: 'Hi' }]
const TOOLS: OpenAI.ChatCompletionTool[] = [{ type: 'function', function: { name: 'look', parameters: { type: 'object', properties: {} } } }]
const CALL = { role: 'assistant', content: '', reasoning_content: 'I should look.', tool_calls: [{ id: 'call_0', type: 'function', function: { name: 'look', arguments: '{}' } }] }
const REPLY = { choices: [{ index: 0, message: CALL, finish_reason: 'tool_calls' }], usage: { prompt_tokens: 5, completion_tokens: 5 } }

t.test('reasoning is filled in where a client left it out: what is remembered, else nothing', async t => {
  const { model, requests } = stage.scene(response => { json(response, REPLY) }, 'deepseek')
  const { reasoning_content: _, ...bare } = CALL
  await client.chat.completions.create({ model, messages: HI, tools: TOOLS })
  const followed = [...HI, bare as OpenAI.ChatCompletionMessageParam, { role: 'tool' as const, tool_call_id: 'call_0', content: 'blue' }]
  await client.chat.completions.create({ model, messages: followed, tools: TOOLS, seed: 4 })
  t.match(requests[1]?.body, { seed: 4, messages: [{ role: 'user' }, { role: 'assistant', reasoning_content: 'I should look.' }, { role: 'tool' }] })
  t.notHas(requests[1]?.body, 'thinking', 'all else is the client\'s own')

  const unknown = [{ role: 'user' as const, content: 'Another conversation' }, bare as OpenAI.ChatCompletionMessageParam, { role: 'tool' as const, tool_call_id: 'call_0', content: 'blue' }]
  await client.chat.completions.create({ model, messages: unknown, tools: TOOLS })
  t.match(requests[2]?.body.messages[1], { role: 'assistant', reasoning_content: '' })

  const kept = [...HI, { ...CALL, reasoning_content: 'mine' } as OpenAI.ChatCompletionMessageParam, { role: 'tool' as const, tool_call_id: 'call_0', content: 'blue' }]
  await client.chat.completions.create({ model, messages: kept, tools: TOOLS })
  t.match(requests[3]?.body.messages[1], { reasoning_content: 'mine' })

  const raw = JSON.stringify({ model, thinking: { type: 'disabled' }, messages: followed, tools: TOOLS })
  await fetch(`${stage.url}/v1/chat/completions`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: raw })
  t.equal(requests[4]?.raw.toString(), raw.replace(model, model.split(',')[1] ?? ''), 'nothing where it does not think')
})

t.test('a forced call is asked for without thinking, and a schema in the prompt; all else is the client\'s own', async t => {
  const { model, requests } = stage.scene(response => { json(response, REPLY) }, 'deepseek')
  const name = model.split(',')[1]
  const rest = { seed: 1, logprobs: true, top_logprobs: 2, frequency_penalty: 0.5 }
  await client.chat.completions.create({ model, messages: HI, tools: TOOLS, tool_choice: 'required', ...rest })
  t.strictSame(requests[0]?.body as object, { thinking: { type: 'disabled' }, model: name, messages: HI, tools: TOOLS, tool_choice: 'required', ...rest })

  const { response: effort } = await client.chat.completions.create({ model, messages: HI, tools: TOOLS, tool_choice: 'required', reasoning_effort: 'high' }).withResponse()
  t.equal(effort.headers.get('x-router-dropped'), 'reasoning_effort', 'who asked for thinking is told')
  t.strictSame(requests[1]?.body as object, { thinking: { type: 'disabled' }, model: name, messages: HI, tools: TOOLS, tool_choice: 'required' }, 'an effort beside it is refused')
  requests.splice(1, 1)

  const format = { type: 'json_schema' as const, json_schema: { name: 'x', schema: { type: 'object', properties: { name: { type: 'string' } } } } }
  const { response } = await client.chat.completions.create({ model, messages: HI, response_format: format, ...rest }).withResponse()
  const [system, ...others] = requests[1]?.body.messages ?? []
  t.match(system, { role: 'system', content: /^Answer with one JSON object[^]*JSON Schema:\n\{"type":"object","properties":\{"name":\{"type":"string"\}\}\}$/ })
  t.strictSame({ ...requests[1]?.body, messages: others }, { model: name, messages: HI, response_format: { type: 'json_object' }, ...rest })
  t.equal(response.headers.get('x-router-dropped'), null)

  const prompted = [{ role: 'system' as const, content: 'Be "brief".' }, ...HI]
  await client.chat.completions.create({ model, messages: prompted, response_format: format })
  t.match(requests[2]?.body.messages, [{ role: 'system', content: /^Be "brief"\.\n\nAnswer with one JSON object/ }, { role: 'user', content: 'Hi' }])

  await client.chat.completions.create({ model, messages: HI, response_format: { type: 'json_schema', json_schema: { name: 'any' } } })
  t.strictSame(requests[3]?.body as object, { model: name, messages: [{ role: 'system', content: 'Answer with one JSON object and nothing else.' }, ...HI], response_format: { type: 'json_object' } }, 'though it holds no schema')
  await client.chat.completions.create({ model, messages: HI, response_format: { type: 'json_object' } })
  t.strictSame(requests[4]?.body as object, { model: name, messages: HI, response_format: { type: 'json_object' } }, 'which DeepSeek knows')
})

t.test('thinking that is switched off in another form is so in DeepSeek\'s', async t => {
  const { model, requests } = stage.scene(response => { json(response, REPLY) }, 'deepseek')
  const name = model.split(',')[1] as string
  const { reasoning_content: _, ...bare } = CALL
  const messages = JSON.stringify([...HI, bare, { role: 'tool', tool_call_id: 'call_0', content: 'blue' }])
  const tools = JSON.stringify(TOOLS)
  const ask = async (raw: string): Promise<{ sent: string | undefined, dropped: string | null }> => {
    const response = await fetch(`${stage.url}/v1/chat/completions`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: raw.replace('MODEL', model).replace('MESSAGES', messages).replace('TOOLS', tools) })
    t.equal(response.status, 200)
    return { sent: requests.at(-1)?.raw.toString().replace(name, 'MODEL').replace(messages, 'MESSAGES').replace(tools, 'TOOLS'), dropped: response.headers.get('x-router-dropped') }
  }
  for (const [raw, expected, dropped = null] of [
    ['{ "model": "MODEL", "reasoning_effort" : "none", "seed": 1.0, "messages": MESSAGES}', '{"thinking":{"type":"disabled"}, "model": "MODEL", "seed": 1.0, "messages": MESSAGES}'],
    ['{"model":"MODEL","messages":MESSAGES,"tools":TOOLS,"tool_choice":"required","reasoning_effort":"none"}', '{"thinking":{"type":"disabled"},"model":"MODEL","messages":MESSAGES,"tools":TOOLS,"tool_choice":"required"}'],
    ['{"model":"MODEL","messages":MESSAGES,"tools":TOOLS,"reasoning":{"enabled":false}}', '{"thinking":{"type":"disabled"},"model":"MODEL","messages":MESSAGES,"tools":TOOLS}'],
    ['{"reasoning_effort":"none" , "model":"MODEL","messages":MESSAGES,"thinking":{}}', '{ "model":"MODEL","messages":MESSAGES,"thinking":{"type":"disabled"}}'],
    ['{"model":"MODEL","messages":MESSAGES,"reasoning_effort":"none","reasoning":{"effort":"none"} }', '{"thinking":{"type":"disabled"},"model":"MODEL","messages":MESSAGES }'],
    ['{"model":"MODEL","thinking":null,"reasoning\\u005feffort":"high","reasoning_effort":"none","messages":MESSAGES}', '{"model":"MODEL","thinking":{"type":"disabled"},"messages":MESSAGES}'],
    ['{"model":"MODEL","thinking": {"type": "disabled"},"reasoning_effort":"high","messages":MESSAGES}', '{"model":"MODEL","thinking": {"type": "disabled"},"messages":MESSAGES}', 'reasoning_effort']
  ] as const) t.strictSame(await ask(raw), { sent: expected, dropped }, raw)
  const begin = '{"model":"MODEL","messages":MESSAGES,"thinking":{"type":"disabled"}'
  t.strictSame(await ask(`${begin}${',"reasoning":{}'.repeat(20_000)}}`), { sent: `${begin}}`, dropped: null }, 'however often it is said')
})

t.test('so it is where the gateway switched it off', async t => {
  const upstream = await startUpstream(t, response => { json(response, REPLY) })
  const provider = { name: 'ds', api_base_url: `${upstream.url}/v1`, api_key: 'k', models: ['m'], transformer: { use: ['deepseek'] }, capabilities: { m: { thinking: false } } }
  const { url } = await startApp(t, { config: { Providers: [provider], Router: { default: 'ds,m' } } })
  const { reasoning_content: _, ...bare } = CALL
  const messages = [...HI, bare, { role: 'tool', tool_call_id: 'call_0', content: 'blue' }]
  for (const asked of [{ reasoning_effort: 'high' }, { reasoning: { effort: 'high' } }, { thinking: { type: 'enabled' } }]) {
    const response = await fetch(`${url}/v1/chat/completions`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ model: 'm', messages, tools: TOOLS, tool_choice: 'auto', ...asked }) })
    t.equal(response.headers.get('x-router-adjusted'), 'thinking off')
    t.strictSame(upstream.requests.at(-1)?.body as object, { thinking: { type: 'disabled' }, model: 'm', messages, tools: TOOLS, tool_choice: 'auto' }, JSON.stringify(asked))
  }
})
