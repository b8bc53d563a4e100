import OpenAI from 'openai'
import t from 'tap'
import { openStage } from '../../helper/stage.ts'
import { type Script, delta, json, stream } from '../../helper/upstream.ts'

/**
 * A refusal in words is an answer: its reason to stop is `stop`, and its words stand in `refusal`
 * (https://platform.openai.com/docs/guides/structured-outputs, refusals). A filter says `content_filter`, at which the SDK's parser throws.
 */

const stage = await openStage(t, ['openai', 'adapted', 'gemini', 'anthropic'], {}, { adapted: ['openai', 'enhancetool'] })
const client = new OpenAI({ apiKey: 'any', baseURL: `${stage.url}/v1`, maxRetries: 0 })
const HI: OpenAI.ChatCompletionMessageParam[] = [{ role: 'user', content: 'Hi' }]
const FORMAT = { type: 'json_schema' as const, json_schema: { name: 'x', schema: { type: 'object', properties: {}, additionalProperties: false } } }

const REFUSED = { finish_reason: 'stop', message: { refusal: 'No.' } }
const FILTERED = { finish_reason: 'content_filter', message: { refusal: null } }

async function plain (script: Script, kind: string): Promise<OpenAI.ChatCompletion.Choice | undefined> {
  const { model } = stage.scene(script, kind)
  return (await client.chat.completions.create({ model, messages: HI })).choices[0]
}

async function streamed (script: Script, kind: string): Promise<{ content: string, refusal: string, finish: string | null | undefined }> {
  const { model } = stage.scene(script, kind)
  const said = { content: '', refusal: '', finish: null as string | null | undefined }
  for await (const { choices: [choice] } of await client.chat.completions.create({ model, messages: HI, stream: true })) {
    said.content += choice?.delta.content ?? ''
    said.refusal += choice?.delta.refusal ?? ''
    said.finish = choice?.finish_reason ?? said.finish
  }
  return said
}

const CHAT = { choices: [{ index: 0, finish_reason: 'stop', message: { role: 'assistant', content: null, refusal: 'No.' } }], usage: { prompt_tokens: 3, completion_tokens: 2 } }
const chunks = (response: Parameters<Script>[0]): void => { stream(response, delta({ role: 'assistant', content: '' }), delta({ refusal: 'N' }), delta({ refusal: 'o.' }), delta({}, 'stop'), '[DONE]') }

t.test('the model\'s own words, as they are and by way of adapters', async t => {
  for (const kind of ['openai', 'adapted']) {
    t.match(await plain(response => { json(response, CHAT) }, kind), { ...REFUSED, message: { content: null, refusal: 'No.' } }, kind)
    t.match(await streamed(chunks, kind), { content: '', refusal: 'No.', finish: 'stop' }, kind)
    const { model } = stage.scene(response => { json(response, CHAT) }, kind)
    const parsed = await client.chat.completions.parse({ model, messages: HI, response_format: FORMAT })
    t.match(parsed.choices[0]?.message, { parsed: null, refusal: 'No.' }, 'the parser takes it')
  }
})

t.test('and where they are written anew: a server answers in the form that it was not asked for', async t => {
  t.match(await plain(chunks, 'openai'), { ...REFUSED, message: { content: null, refusal: 'No.' } })
  t.match(await streamed(response => { json(response, CHAT) }, 'openai'), { content: '', refusal: 'No.', finish: 'stop' })
  const half = (response: Parameters<Script>[0]): void => { stream(response, delta({ content: 'Well. ' }), delta({ refusal: 'No.' }), delta({}, 'stop'), '[DONE]') }
  t.match(await plain(half, 'openai'), { message: { content: 'Well. ', refusal: 'No.' } })
})

const MESSAGE = { id: 'msg_1', type: 'message', role: 'assistant', model: 'claude-x', content: [] as object[], stop_reason: 'refusal', stop_sequence: null, usage: { input_tokens: 7, output_tokens: 1 } }
const DETAILS = { type: 'refusal', category: 'cyber', explanation: 'No.' }

function claude (content: object[], details: object | null): Script {
  return (response, { body }) => {
    if (body.stream !== true) return json(response, { ...MESSAGE, content, stop_details: details })
    const events = [
      { type: 'message_start', message: { ...MESSAGE, stop_reason: null } },
      ...content.flatMap((_, index) => [{ type: 'content_block_start', index, content_block: { type: 'text', text: '' } }, { type: 'content_block_delta', index, delta: { type: 'text_delta', text: 'Half' } }, { type: 'content_block_stop', index }]),
      { type: 'message_delta', delta: { stop_reason: 'refusal', stop_sequence: null, stop_details: details }, usage: { output_tokens: 1 } },
      { type: 'message_stop' }
    ]
    response.writeHead(200, { 'content-type': 'text/event-stream' }).end(events.map(event => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`).join(''))
  }
}

t.test('Claude\'s, with words, without, and in the middle of an answer', async t => {
  t.match(await plain(claude([], DETAILS), 'anthropic'), { ...REFUSED, message: { content: null, refusal: 'No.' } })
  t.match(await streamed(claude([], DETAILS), 'anthropic'), { content: '', refusal: 'No.', finish: 'stop' })
  t.match(await plain(claude([], null), 'anthropic'), FILTERED)
  t.match(await streamed(claude([], null), 'anthropic'), { refusal: '', finish: 'content_filter' })
  const half = claude([{ type: 'text', text: 'Half' }], DETAILS)
  t.match(await plain(half, 'anthropic'), { finish_reason: 'content_filter', message: { content: 'Half', refusal: 'No.' } }, 'half an answer must not look like a whole one')
  t.match(await streamed(half, 'anthropic'), { content: 'Half', refusal: 'No.', finish: 'content_filter' })
})

t.test('Gemini\'s filters have no words of the model\'s', async t => {
  const blocked = { promptFeedback: { blockReason: 'SAFETY' }, usageMetadata: { promptTokenCount: 3 } }
  const stopped = { candidates: [{ content: { role: 'model', parts: [{ text: 'Half' }] }, finishReason: 'SAFETY' }], usageMetadata: { promptTokenCount: 3, candidatesTokenCount: 1 } }
  for (const reply of [blocked, stopped]) {
    const script: Script = (response, { path }) => {
      if (path.includes('stream')) response.writeHead(200, { 'content-type': 'text/event-stream' }).end(`data: ${JSON.stringify(reply)}\n\n`)
      else json(response, reply)
    }
    t.match(await plain(script, 'gemini'), FILTERED)
    t.match(await streamed(script, 'gemini'), { refusal: '', finish: 'content_filter' })
  }
})
