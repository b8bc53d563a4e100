import Anthropic from '@anthropic-ai/sdk'
import type { ServerResponse } from 'node:http'
import t from 'tap'
import { MessageCollector } from '../../src/message/collector.ts'
import { SseEncoder } from '../../src/message/sse-encoder.ts'
import { MessageWriter } from '../../src/message/writer.ts'
import { askedOf } from '../../src/routes/messages/asked.ts'
import type { MessagesRequest } from '../../src/wire/anthropic.ts'
import { readBody } from '../../src/upstream/body-reader.ts'
import { startApp } from '../helper/app.ts'
import { checkGrammar } from '../helper/grammar.ts'
import { pairNamed, targetOf } from '../helper/pairs.ts'
import { type Recording, cuts, missing, recordingsOf } from '../helper/recordings.ts'
import { failureOf, playing } from '../helper/replay.ts'
import { openStage } from '../helper/stage.ts'
import { startUpstream } from '../helper/upstream.ts'

/** Recorded answers of Anthropic's API: through the gateway they must be what they are without it. */

const skip = missing
const all = recordingsOf('anthropic')
const answers = all.filter(({ status }) => status === 200)
const errors = all.filter(({ status }) => status !== 200)

const { url, scene } = await openStage(t, ['anthropic'])
const client = new Anthropic({ baseURL: url, apiKey: 'none', maxRetries: 0 })

const request = (model: string): Anthropic.MessageCreateParamsNonStreaming => ({ model, max_tokens: 1000, messages: [{ role: 'user', content: 'Hi' }] })

function read (sdk: Anthropic, model: string, stream: boolean): Promise<Anthropic.Message> {
  return stream ? sdk.messages.stream(request(model)).finalMessage() : sdk.messages.create(request(model))
}

/** What the official SDK makes of a recording without a gateway. */
async function direct (recording: Recording): Promise<Anthropic.Message> {
  const teardowns: (() => unknown)[] = []
  const upstream = await startUpstream({ teardown: done => { teardowns.push(done) } }, playing(recording, [recording.body]))
  try {
    return await read(new Anthropic({ baseURL: upstream.url, apiKey: 'none', maxRetries: 0 }), 'm', recording.stream)
  } finally {
    for (const done of teardowns) await done()
  }
}

/** Fields that say nothing are left out. */
function plain (value: unknown): unknown {
  if (Array.isArray(value)) return value.map(plain)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).filter(([name, field]) => field !== null && name !== 'caller' && name !== 'parsed_output').map(([name, field]) => [name, plain(field)]))
}

/** The id that the SDK takes from a header is the gateway's where the upstream has none. */
function withoutId (message: Anthropic.Message & { _request_id?: string | null }): object {
  const { _request_id: _, ...rest } = message
  return rest
}

t.test('every answer passes byte for byte, and means to the SDK what it does without the gateway', { skip }, async t => {
  for (const recording of answers) {
    const small = recording.body.length < 4000
    const ways = { whole: cuts.whole, [small ? 'bytewise' : 'eleven bytes at a time']: cuts.every(small ? 1 : 11), 'by chance': cuts.seeded(recording.body.length), 'inside characters': cuts.insideCharacters }
    const expected = await direct(recording)
    for (const [way, cut] of Object.entries(ways)) {
      const { model } = scene(playing(recording, cut(recording.body)), 'anthropic')
      t.strictSame(withoutId(await read(client, model, recording.stream)), { ...withoutId(expected), model }, `${recording.name}, ${way}`)
    }
    const { model } = scene(playing(recording, cuts.seeded(5)(recording.body)), 'anthropic')
    const reply = await fetch(`${url}/v1/messages`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ ...request(model), stream: recording.stream }) })
    t.equal(await reply.text(), recording.body.toString().replace(/"model": ?"[^"]*"/, found => found.replace(/"[^"]*"$/, JSON.stringify(model))), `${recording.name}, bytes`)
  }
})

t.test('every answer, read event by event, is the same message', { skip }, async t => {
  const asked = askedOf({ model: 'claude-x', max_tokens: 1000, messages: [] } as MessagesRequest)
  for (const recording of answers) {
    const expected = await direct(recording)
    const encoder = new SseEncoder('msg_1', 'claude-x', 'req_1')
    const collector = new MessageCollector('msg_1', 'claude-x')
    let text = ''
    for (const sink of [encoder, collector]) {
      const writer = new MessageWriter(sink)
      const reader = readBody(pairNamed('anthropic').decodeReply(writer, targetOf('anthropic'), asked), 'scripted')
      for (let i = 0; i < recording.body.length; i++) {
        reader.push(recording.body.subarray(i, i + 1))
        text += encoder.take()
      }
      reader.end()
      writer.end()
      text += encoder.take()
    }
    const reply = checkGrammar(text)
    const message = collector.take()
    for (const got of [{ content: reply.content, reason: reply.stopReason, usage: reply.usage }, { content: message.content, reason: message.stop_reason, usage: message.usage }]) {
      t.strictSame(plain(got.content), plain(expected.content), `${recording.name}, content`)
      t.equal(got.reason, expected.stop_reason, 'reason to stop')
      t.match(plain(got.usage), plain(expected.usage) as object, 'usage')
    }
  }
})

t.test('an answer that was cut is never a whole one', { skip }, async t => {
  const ends: Record<string, (response: ServerResponse) => void> = { 'the end': response => response.end(), 'a broken connection': response => response.socket?.destroy() }
  for (const recording of answers) {
    for (const part of [0.25, 0.5, 0.75, 0.97]) {
      const piece = recording.body.subarray(0, Math.floor(recording.body.length * part))
      for (const [how, end] of Object.entries(ends)) {
        const { model } = scene(playing(recording, [piece], end), 'anthropic')
        const failure = await failureOf(read(client, model, recording.stream))
        t.ok(failure instanceof Anthropic.AnthropicError, `${recording.name}, ${part * 100} %, ${how}`)
      }
    }
  }
})

t.test('errors pass as they are', { skip }, async t => {
  t.ok(errors.length > 0)
  for (const recording of errors) {
    for (const stream of [true, false]) {
      const { model } = scene(playing(recording, [recording.body]), 'anthropic')
      const reply = await fetch(`${url}/v1/messages`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ ...request(model), stream }) })
      t.equal(reply.status, recording.status)
      t.equal(await reply.text(), recording.body.toString(), recording.name)
    }
  }
})

t.test('a conversation with its thinking goes back as it came', { skip }, async t => {
  const { content } = await direct(answers.find(({ name }) => name === 'anthropic/thinking-with-tool-1') as Recording)
  const upstream = await startUpstream(t, playing(answers.find(({ name }) => name === 'anthropic/thinking-with-tool-2') as Recording, [answers.find(({ name }) => name === 'anthropic/thinking-with-tool-2')?.body as Buffer]))
  const { url } = await startApp(t, { config: { Providers: [{ name: 'anthropic', api_base_url: upstream.url, models: ['m'] }], Router: { default: 'anthropic,m' } } })
  const messages = [{ role: 'user', content: 'Hi' }, { role: 'assistant', content }, { role: 'user', content: [{ type: 'tool_result', tool_use_id: content.find(block => block.type === 'tool_use')?.id, content: 'x' }] }] as Anthropic.MessageParam[]
  await new Anthropic({ baseURL: url, apiKey: 'none', maxRetries: 0 }).messages.create({ model: 'm', max_tokens: 9, messages })
  t.strictSame(upstream.requests[0]?.body.messages, JSON.parse(JSON.stringify(messages)))
})
