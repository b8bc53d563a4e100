import Anthropic from '@anthropic-ai/sdk'
import type { ServerResponse } from 'node:http'
import t, { type Test } from 'tap'
import { MessageWriter } from '../../src/message/writer.ts'
import { SseEncoder } from '../../src/message/sse-encoder.ts'
import { readBody } from '../../src/upstream/body-reader.ts'
import { askedOf } from '../../src/routes/messages/asked.ts'
import type { MessagesRequest } from '../../src/wire/anthropic.ts'
import type { GeminiContent, GeminiRequest } from '../../src/wire/gemini.ts'
import { type Block, checkGrammar, joined } from '../helper/grammar.ts'
import { pairNamed, targetOf } from '../helper/pairs.ts'
import { type Recording, cuts, missing, recordedRequest, recordingsOf } from '../helper/recordings.ts'
import { failureOf, playing } from '../helper/replay.ts'
import { openStage } from '../helper/stage.ts'
import type { Script } from '../helper/upstream.ts'

/** Recorded answers of Gemini, played to the whole service and read by the official SDK. */

const skip = missing
const all = recordingsOf('gemini')
const answers = all.filter(({ status }) => status === 200)
const streams = answers.filter(({ stream }) => stream)
const named = (name: string): Recording => all.find(recording => recording.name === `gemini/${name}`) as Recording

const { url, scene } = await openStage(t, ['gemini'])
const client = new Anthropic({ baseURL: url, apiKey: 'none', maxRetries: 0 })

function ask (script: Script, stream: boolean): Promise<Anthropic.Message> {
  const request: Anthropic.MessageCreateParamsNonStreaming = { model: scene(script, 'gemini').model, max_tokens: 1000, messages: [{ role: 'user', content: 'Hi' }] }
  return stream ? client.messages.stream(request).finalMessage() : client.messages.create(request)
}

type Fields = Record<string, unknown>

interface Told {
  text: string
  thinking: string
  calls: { name: string, input: unknown }[]
  finish: string
  counts: Record<string, number>
  signatures: string[]
  grounding: Fields
}

/** What a recording says, read from it in the plainest way, and without any code of the gateway. */
function told ({ body, stream }: Recording): Told {
  const documents = (stream ? body.toString().split(/\r?\n/).filter(line => line.startsWith('data: ')).map(line => line.slice(6)) : [body.toString()]).map(json => JSON.parse(json) as { candidates: Fields[], usageMetadata: Record<string, number> })
  const candidates = documents.map(({ candidates: [candidate] }) => candidate as Fields)
  const parts = candidates.flatMap(({ content }) => ((content as Fields)['parts'] ?? []) as { text?: string, thought?: boolean, thoughtSignature?: string, functionCall?: { name: string, args: unknown } }[])
  return {
    text: parts.filter(({ thought }) => thought !== true).map(({ text }) => text ?? '').join(''),
    thinking: parts.filter(({ thought }) => thought === true).map(({ text }) => text ?? '').join(''),
    calls: parts.flatMap(({ functionCall: call }) => call === undefined ? [] : { name: call.name, input: call.args }),
    finish: String(candidates.map(({ finishReason: reason }) => reason).find(reason => reason !== undefined)),
    counts: documents.at(-1)?.usageMetadata ?? {},
    signatures: parts.flatMap(({ thoughtSignature: signature }) => signature ?? []),
    grounding: candidates.map(({ groundingMetadata: grounding }) => grounding as Fields | undefined).filter(grounding => grounding?.['webSearchQueries'] !== undefined).at(-1) ?? {}
  }
}

function stopOf ({ finish, calls }: Told): string {
  return calls.length > 0 ? 'tool_use' : { STOP: 'end_turn', MAX_TOKENS: 'max_tokens', SAFETY: 'refusal' }[finish] ?? 'unknown'
}

/** Whether a client has what Gemini told. */
function compare (t: Test, content: Block[], stopReason: string | null, usage: object, expected: Told): void {
  t.equal(joined(content, 'text'), expected.text, 'text')
  t.equal(joined(content, 'thinking'), expected.thinking, 'thinking')
  t.strictSame(content.filter(({ type }) => type === 'tool_use').map(({ name, input }) => ({ name, input })), expected.calls, 'calls')
  t.equal(stopReason, stopOf(expected), 'reason to stop')
  const { promptTokenCount: prompt = 0, toolUsePromptTokenCount: tools = 0, cachedContentTokenCount: cached = 0, candidatesTokenCount: output = 0, thoughtsTokenCount: thoughts = 0 } = expected.counts
  t.match(usage, { input_tokens: prompt + tools - cached, output_tokens: output + thoughts, cache_read_input_tokens: cached, cache_creation_input_tokens: 0, ...(thoughts > 0 && { output_tokens_details: { thinking_tokens: thoughts } }) }, 'usage')
}

function compareMessage (t: Test, message: Anthropic.Message, expected: Told): void {
  compare(t, message.content as unknown as Block[], message.stop_reason, message.usage, expected)
}

t.test('every answer, however it is cut, streamed and not', { skip }, async t => {
  t.equal(answers.length, 12)
  for (const recording of answers) {
    const expected = told(recording)
    const small = recording.body.length < 3000
    const ways = { whole: cuts.whole, [small ? 'bytewise' : 'seven bytes at a time']: cuts.every(small ? 1 : 7), 'by chance': cuts.seeded(recording.body.length), 'inside characters': cuts.insideCharacters }
    await t.test(recording.name, async t => {
      for (const [way, cut] of Object.entries(ways)) {
        await t.test(`${way}, streamed`, async t => compareMessage(t, await ask(playing(recording, cut(recording.body)), true), expected))
      }
      for (const cut of [cuts.whole, cuts.seeded(7)]) {
        await t.test('plain', async t => compareMessage(t, await ask(playing(recording, cut(recording.body)), false), expected))
      }
    })
  }
})

t.test('every answer, byte by byte through the decoder, in a legal stream', { skip }, async t => {
  const request = askedOf({ model: 'claude-x', max_tokens: 1000, messages: [] } as MessagesRequest)
  for (const recording of answers) {
    const encoder = new SseEncoder('msg_1', 'claude-x', 'req_1')
    const writer = new MessageWriter(encoder)
    const reader = readBody(pairNamed('gemini').decodeReply(writer, targetOf('gemini'), request), 'scripted')
    let text = ''
    for (let i = 0; i < recording.body.length; i++) {
      reader.push(recording.body.subarray(i, i + 1))
      text += encoder.take()
    }
    reader.end()
    writer.end()
    await t.test(recording.name, async t => {
      const reply = checkGrammar(text + encoder.take())
      compare(t, reply.content, reply.stopReason, reply.usage, told(recording))
    })
  }
})

t.test('signatures go back in the parts that they came in', { skip }, async t => {
  const signed = answers.filter(recording => told(recording).signatures.length > 0)
  t.ok(signed.length >= 6)
  for (const recording of signed) {
    const { signatures, calls } = told(recording)
    for (const stream of [true, false]) {
      const parts = (await nextTurn(recording, stream))[1]?.parts ?? []
      t.strictSame(parts.flatMap(({ thoughtSignature: signature }) => signature ?? []), signatures, `${recording.name}, ${stream ? 'streamed' : 'plain'}`)
      if (calls.length > 0) t.ok(parts.findIndex(part => 'functionCall' in part) === parts.findIndex(part => part.thoughtSignature !== undefined), 'on the first call')
    }
  }
})

/** The conversation as Gemini gets it when its answer was read, and its calls were answered. */
async function nextTurn (recording: Recording, stream: boolean, output = 'fine'): Promise<GeminiContent[]> {
  const { content } = await ask(playing(recording), stream)
  const results = content.flatMap((block): Anthropic.ToolResultBlockParam[] => block.type === 'tool_use' ? [{ type: 'tool_result', tool_use_id: block.id, content: output }] : [])
  const next = scene(playing(recording), 'gemini')
  await client.messages.create({ model: next.model, max_tokens: 1000, messages: [{ role: 'user', content: 'Hi' }, { role: 'assistant', content }, { role: 'user', content: results.length > 0 ? results : 'And?' }] })
  return (next.requests[0]?.body as unknown as GeminiRequest).contents
}

t.test('the next request is what it was when it was recorded', { skip }, async t => {
  for (const name of ['tool-signature-stream', 'tools-then-json-stream']) {
    const recorded = (recordedRequest(`gemini/${name}-2`) as GeminiRequest).contents
    const sent = await nextTurn(named(`${name}-1`), true, 'Mexico')
    t.strictSame(sent.slice(1).map(neutral), recorded.slice(1).map(neutral), name)
  }
})

/** Without what each client says in its own way: ids, the alphabet of base64, the key of a result. */
function neutral (content: GeminiContent): unknown {
  return JSON.parse(JSON.stringify(content), (key, value: unknown) => {
    if (key === 'id') return 'id'
    if (key === 'response') return Object.values(value as Fields)
    return key === 'thoughtSignature' ? String(value).replaceAll('_', '/').replaceAll('-', '+') : value
  })
}

t.test('what was searched', { skip }, async t => {
  const recording = named('grounding-stream')
  const { grounding } = told(recording)
  const pages = (grounding['groundingChunks'] as { web: { uri: string, title: string } }[]).map(({ web }) => web)
  const supports = grounding['groundingSupports'] as { segment: { text: string }, groundingChunkIndices: number[] }[]
  for (const stream of [true, false]) {
    const { content, usage } = await ask(playing(recording), stream)
    t.strictSame(content.map(({ type }) => type), ['text', 'server_tool_use', 'web_search_tool_result'])
    const [text, use, results] = content as [Anthropic.TextBlock, Anthropic.ServerToolUseBlock, Anthropic.WebSearchToolResultBlock]
    const cited = (text.citations ?? []) as Anthropic.CitationsWebSearchResultLocation[]
    t.strictSame(cited.map(({ url, cited_text: said }) => [url, said]), supports.flatMap(({ segment, groundingChunkIndices: indices }) => indices.map(index => [pages[index]?.uri, segment.text])))
    t.ok(cited.every(({ cited_text: said }) => text.text.includes(said ?? '')))
    t.match(use, { name: 'web_search', input: { query: 'weather in San Francisco today' } })
    t.match(results, { tool_use_id: use.id, content: pages.map(({ uri, title }) => ({ type: 'web_search_result', url: uri, title })) })
    t.match(usage, { server_tool_use: { web_search_requests: 1 } })
  }
})

t.test('an answer that was cut is never a whole one', { skip }, async t => {
  const ends: Record<string, (response: ServerResponse) => void> = { 'the end': response => response.end(), 'a broken connection': response => response.socket?.destroy() }
  for (const recording of answers) {
    const { length } = recording.body.toString().trimEnd()
    // Half of the last event is not that event; without a blank line behind it, it is.
    const places = [0.25, 0.5, 0.75].map(part => Math.floor(recording.body.length * part)).concat(Buffer.byteLength(recording.body.toString().slice(0, length - 1)))
    await t.test(recording.name, async t => {
      for (const place of places) {
        for (const [how, end] of Object.entries(ends)) {
          for (const stream of [true, false]) {
            const failure = await failureOf(ask(playing(recording, [recording.body.subarray(0, place)], end), stream))
            t.ok(failure instanceof Anthropic.AnthropicError, `at ${place}, ${how}, ${stream ? 'streamed' : 'plain'}`)
          }
        }
      }
    })
  }
  for (const recording of streams) {
    const body = Buffer.from(recording.body.toString().trimEnd())
    compareMessage(t, await ask(playing(recording, [body]), true), told(recording))
  }
})

t.test('an error that breaks into a stream, as Google prints it', { skip }, async t => {
  const error = JSON.stringify({ error: { code: 503, message: 'The model is overloaded.', status: 'UNAVAILABLE' } }, null, 2)
  for (const recording of streams) {
    const first = recording.body.subarray(0, recording.body.indexOf('\r\n\r\n') + 4)
    for (const bare of [error, `[${error}\n]\n`, error.replaceAll(/\s*\n\s*/g, ''), `data: ${error.replaceAll(/\s*\n\s*/g, '')}\r\n\r\n`]) {
      for (const stream of [true, false]) {
        const failure = await failureOf(ask(playing(recording, cuts.every(40)(Buffer.concat([first, Buffer.from(bare)]))), stream))
        t.match(failure, { type: 'overloaded_error', message: /The model is overloaded/ }, `${recording.name}, ${stream ? 'streamed' : 'plain'}`)
      }
    }
  }
})

t.test('errors keep their meaning', { skip }, async t => {
  for (const stream of [true, false]) {
    t.match(await failureOf(ask(playing(named('not-found-404')), stream)), { status: 404, type: 'not_found_error', message: /gemini: models\/gemini-3\.6-flahs is not found/ })
    const limited = await failureOf(ask(playing(named('rate-limit-429')), stream)) as InstanceType<typeof Anthropic.APIError>
    t.match(limited, { status: 429, type: 'rate_limit_error', message: /exceeded your current quota/ })
    t.equal(limited.headers?.get('retry-after'), '35')
  }
})
