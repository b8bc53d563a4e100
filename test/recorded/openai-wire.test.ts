import Anthropic from '@anthropic-ai/sdk'
import type { ServerResponse } from 'node:http'
import t, { type Test } from 'tap'
import { SseEncoder } from '../../src/message/sse-encoder.ts'
import { MessageWriter } from '../../src/message/writer.ts'
import { askedOf } from '../../src/routes/messages/asked.ts'
import type { MessagesRequest } from '../../src/wire/anthropic.ts'
import { readBody } from '../../src/upstream/body-reader.ts'
import { type Block, checkGrammar, joined, types } from '../helper/grammar.ts'
import { type PairName, pairNamed, targetOf } from '../helper/pairs.ts'
import { type Recording, type Told, cuts, missing, recordingsOf, told } from '../helper/recordings.ts'
import { failureOf, playing } from '../helper/replay.ts'
import { openStage } from '../helper/stage.ts'
import type { Script } from '../helper/upstream.ts'

/** Recorded answers of providers, played to the whole service and read by the official SDK. */

const skip = missing
const all = ['openrouter', 'openai-compatible', 'vllm', 'deepseek'].flatMap(recordingsOf)
const answers = all.filter(({ status }) => status === 200)
const errors = all.filter(({ status }) => status !== 200)
const STOP: Record<string, string> = { stop: 'end_turn', length: 'max_tokens', tool_calls: 'tool_use' }

const { url, scene } = await openStage(t, ['openai', 'openrouter', 'vllm', 'deepseek'])
const client = new Anthropic({ baseURL: url, apiKey: 'none', maxRetries: 0 })

/** The pair of the provider that was recorded. */
function pairOf ({ name }: Recording): PairName {
  const [provider = ''] = name.split('/')
  return provider === 'openai-compatible' ? 'openai' : provider
}

function ask (script: Script, pair: PairName, stream: boolean, messages: Anthropic.MessageParam[] = [{ role: 'user', content: 'Hi' }]): Promise<Anthropic.Message> {
  const request = { model: scene(script, pair).model, max_tokens: 1000, messages }
  return stream ? client.messages.stream(request).finalMessage() : client.messages.create(request)
}

/** Whether a client has what the provider told. */
function compare (t: Test, content: Block[], stopReason: string | null, usage: object, expected: Told): void {
  t.equal(joined(content, 'text'), expected.text, 'text')
  t.equal(joined(content, 'thinking'), expected.thinking, 'thinking')
  t.strictSame(content.filter(({ type }) => type === 'tool_use').map(({ name, input }) => ({ name, input })), expected.calls, 'calls')
  t.equal(stopReason, STOP[expected.finish], 'reason to stop')
  const { prompt, output, cached, written, reasoning } = expected.usage
  t.match(usage, { input_tokens: prompt - cached - written, output_tokens: output, cache_read_input_tokens: cached, cache_creation_input_tokens: written }, 'usage')
  t.equal((usage as { output_tokens_details?: { thinking_tokens: number } }).output_tokens_details?.thinking_tokens ?? 0, reasoning, 'reasoning tokens')
}

function compareMessage (t: Test, message: Anthropic.Message, expected: Told): void {
  compare(t, message.content as unknown as Block[], message.stop_reason, message.usage, expected)
}

t.test('every answer, streamed, however it is cut', { skip }, async t => {
  for (const recording of answers) {
    const expected = told(recording)
    const small = recording.body.length < 8000
    const ways = { whole: cuts.whole, [small ? 'bytewise' : 'seven bytes at a time']: cuts.every(small ? 1 : 7), 'by chance': cuts.seeded(recording.body.length), 'inside characters': cuts.insideCharacters }
    await t.test(recording.name, async t => {
      for (const [way, cut] of Object.entries(ways)) {
        await t.test(way, async t => {
          const answer = ask(playing(recording, cut(recording.body)), pairOf(recording), true)
          if (expected.failed) t.match(await failureOf(answer), { type: 'invalid_request_error', message: /Tool call validation failed/ })
          else compareMessage(t, await answer, expected)
        })
      }
    })
  }
})

t.test('every answer, asked for without stream', { skip }, async t => {
  for (const recording of answers) {
    const expected = told(recording)
    await t.test(recording.name, async t => {
      for (const cut of [cuts.whole, cuts.seeded(7)]) {
        const answer = ask(playing(recording, cut(recording.body)), pairOf(recording), false)
        if (expected.failed) t.match(await failureOf(answer), { status: 400, type: 'invalid_request_error' })
        else compareMessage(t, await answer, expected)
      }
    })
  }
})

t.test('every answer, byte by byte through the decoder, in a legal stream', { skip }, async t => {
  const request = askedOf({ model: 'claude-x', max_tokens: 1000, messages: [] } as MessagesRequest)
  for (const recording of answers) {
    const expected = told(recording)
    const encoder = new SseEncoder('msg_1', 'claude-x', 'req_1')
    const writer = new MessageWriter(encoder)
    const pair = pairOf(recording)
    const reader = readBody(pairNamed(pair).decodeReply(writer, targetOf(pair), request), 'scripted')
    let text = ''
    for (let i = 0; i < recording.body.length; i++) {
      reader.push(recording.body.subarray(i, i + 1))
      text += encoder.take()
    }
    reader.end()
    writer.end()
    await t.test(recording.name, async t => {
      const reply = checkGrammar(text + encoder.take())
      if (expected.failed) t.equal(reply.ended, 'error')
      else compare(t, reply.content, reply.stopReason, reply.usage, expected)
      const kinds = types(reply.content)
      t.notOk(kinds.slice(kinds.indexOf('text') + 1).includes('thinking') && kinds.includes('text'), 'these all think first')
    })
  }
})

t.test('reasoning details go back to OpenRouter as they came', { skip }, async t => {
  const withDetails = answers.filter(recording => recording.name.startsWith('openrouter/') && told(recording).details.length > 0)
  t.ok(withDetails.length >= 4)
  for (const recording of withDetails) {
    for (const stream of [true, false]) {
      const { content } = await ask(playing(recording, [recording.body]), 'openrouter', stream)
      const next = scene(playing(recording, [recording.body]), 'openrouter')
      await client.messages.create({ model: next.model, max_tokens: 1000, messages: [{ role: 'user', content: 'Hi' }, { role: 'assistant', content }, { role: 'user', content: 'And?' }] })
      t.hasStrict(next.requests[0]?.body.messages[1], { reasoning_details: told(recording).details }, `${recording.name}, ${stream ? 'streamed' : 'plain'}`)
    }
  }
})

/** An event that says why the answer ended, to its own end. */
const FINISH = /"finish_reason": ?"[^\n]*\n\r?\n/

t.test('an answer that was cut before its reason to stop is never a whole one; behind it, it is', { skip }, async t => {
  const ends: Record<string, (response: ServerResponse) => void> = { 'the end': response => response.end(), 'a broken connection': response => response.socket?.destroy() }
  for (const recording of answers.filter(({ stream }) => stream)) {
    await t.test(recording.name, async t => {
      for (const part of [0.25, 0.5, 0.75]) {
        const piece = recording.body.subarray(0, Math.floor(recording.body.length * part))
        for (const [how, end] of Object.entries(ends)) {
          const script = playing(recording, [piece], end)
          for (const stream of [true, false]) {
            const failure = await failureOf(ask(script, pairOf(recording), stream))
            t.equal(failure instanceof Anthropic.AnthropicError, !FINISH.test(piece.toString()), `${part * 100} %, ${how}, ${stream ? 'streamed' : 'plain'}`)
          }
        }
      }
    })
  }
})

t.test('errors keep their meaning', { skip }, async t => {
  const expected: Record<string, object> = {
    'openrouter/rate-limit-429': { status: 429, type: 'rate_limit_error', message: /temporarily rate-limited upstream/ },
    'openai-compatible/groq-tool-use-failed-400': { status: 400, type: 'invalid_request_error', message: /Tool call validation failed/ },
    'deepseek/invalid-request-400': { status: 400, type: 'invalid_request_error', message: /No tool output found/ }
  }
  t.strictSame(errors.map(({ name }) => name).sort(), Object.keys(expected).sort())
  for (const recording of errors) {
    for (const stream of [true, false]) {
      t.match(await failureOf(ask(playing(recording, [recording.body]), pairOf(recording), stream)), expected[recording.name] ?? {}, recording.name)
    }
  }
})

t.test('a limit that was told before an error is what counts', { skip }, async t => {
  const recording = all.find(({ name }) => name === 'openrouter/error-after-length-stream') as Recording
  const message = await ask(playing(recording, [recording.body]), 'openrouter', true)
  t.match(message, { stop_reason: 'max_tokens', usage: { input_tokens: 43, output_tokens: 10 }, content: [{ type: 'thinking', thinking: 'We need to respond to a greeting. The user' }] })
})

t.test('reasoning that is not in completion_tokens counts as output', { skip }, async t => {
  const recording = all.find(({ name }) => name === 'openai-compatible/xai-tool-call-stream') as Recording
  const { usage } = await ask(playing(recording, [recording.body]), 'openai', true)
  t.match(usage, { input_tokens: 1, cache_read_input_tokens: 306, output_tokens: 253, output_tokens_details: { thinking_tokens: 227 } })
})
