import fc from 'fast-check'
import t, { type Test } from 'tap'
import { ApiError } from '../../src/errors.ts'
import { MessageCollector } from '../../src/message/collector.ts'
import { SseEncoder } from '../../src/message/sse-encoder.ts'
import { MessageWriter } from '../../src/message/writer.ts'
import { askedOf } from '../../src/routes/messages/asked.ts'
import type { MessagesRequest } from '../../src/wire/anthropic.ts'
import { readBody } from '../../src/upstream/body-reader.ts'
import { EventRelay } from '../../src/upstream/event-relay.ts'
import { RelayObserver } from '../../src/upstream/relay-observer.ts'
import { ReasoningMemory } from '../../src/message/reasoning-memory.ts'
import { checkGrammar } from '../helper/grammar.ts'
import { type PairName, decode, pairNamed, targetOf } from '../helper/pairs.ts'

/**
 * Whatever a provider sends, in whatever order, and however it is cut: what the client gets is grammatical, nothing is
 * thrown out of the stream, and no object of the process is changed.
 */

const RUNS = 300

/** Texts that mean something to one wire or another, or to none. */
const word = fc.oneof(
  fc.constantFrom('', ' ', 'a', 'é👩🏽‍💻', '{', '{"a":1}', '{"a":', 'null', '"{}"', '<think>', '</think>', 'stop', 'length', 'tool_calls', 'STOP', 'MAX_TOKENS', 'SAFETY', 'MALFORMED_FUNCTION_CALL', 'end_turn', 'error',
    'text', 'thinking', 'tool_use', 'redacted_thinking', 'server_tool_use', 'text_delta', 'thinking_delta', 'signature_delta', 'input_json_delta', 'citations_delta', 'url_citation', 'reasoning.text', 'reasoning.encrypted', 'sy1.e30', '__proto__', 'constructor'),
  fc.string({ maxLength: 6 })
)

/** Any JSON: what stands where something else was expected. */
const anything: fc.Arbitrary<unknown> = fc.oneof({ weight: 3, arbitrary: word }, fc.constantFrom(null, true, false, 0, 1, -1, 1.5, 1e21), fc.constant([]), fc.constant({}), fc.array(word, { maxLength: 2 }), fc.dictionary(word, word, { maxKeys: 2 }))

/** An object of these fields, each missing at times, or holding anything at all. */
function loose (fields: Record<string, fc.Arbitrary<unknown>>): fc.Arbitrary<object> {
  const sometimes = Object.entries(fields).map(([name, value]) => [name, fc.option(fc.oneof({ weight: 6, arbitrary: value }, anything), { nil: undefined, freq: 3 })] as const)
  return fc.record(Object.fromEntries(sometimes)).map(record => Object.fromEntries(Object.entries(record).filter(([, value]) => value !== undefined)))
}

const list = (item: fc.Arbitrary<unknown>): fc.Arbitrary<unknown[]> => fc.array(item, { maxLength: 3 })
const index = fc.constantFrom(0, 1, 2)
const count = fc.nat(1000)
const failure = loose({ message: word, code: fc.constantFrom(400, 429, 503, 'context_length_exceeded'), type: word, status: word, metadata: loose({ error_type: word, raw: word }) })

const chatDelta = loose({
  role: word,
  content: fc.oneof(word, list(loose({ type: word, text: word, thinking: list(loose({ text: word })) }))),
  reasoning: word,
  reasoning_content: word,
  reasoning_details: list(loose({ type: word, text: word, summary: word, data: word, signature: word, index, id: word })),
  refusal: word,
  annotations: list(loose({ type: fc.constant('url_citation'), url_citation: loose({ url: word, title: word, content: word }) })),
  images: list(anything),
  tool_calls: list(loose({ index, id: word, type: word, function: loose({ name: word, arguments: word }) })),
  function_call: loose({ name: word, arguments: word })
})
const chatUsage = loose({ prompt_tokens: count, completion_tokens: count, total_tokens: count, prompt_tokens_details: loose({ cached_tokens: count }), completion_tokens_details: loose({ reasoning_tokens: count }) })
const chatChunk = loose({ choices: list(loose({ delta: chatDelta, message: chatDelta, finish_reason: word, stop_reason: word, error: failure })), usage: chatUsage, x_groq: loose({ usage: chatUsage }), error: failure, object: word })

const geminiPart = loose({ text: word, thought: fc.boolean(), thoughtSignature: word, functionCall: loose({ id: word, name: word, args: fc.dictionary(word, anything, { maxKeys: 2 }) }), inlineData: loose({ mimeType: word, data: word }), executableCode: loose({ code: word }), codeExecutionResult: loose({ output: word }) })
const geminiChunk = loose({
  candidates: list(loose({
    content: loose({ role: word, parts: list(geminiPart) }),
    finishReason: word,
    finishMessage: word,
    groundingMetadata: loose({ webSearchQueries: list(word), groundingChunks: list(loose({ web: loose({ uri: word, title: word }) })), groundingSupports: list(loose({ segment: loose({ startIndex: count, endIndex: count, text: word }), groundingChunkIndices: list(index) })) })
  })),
  usageMetadata: loose({ promptTokenCount: count, candidatesTokenCount: count, thoughtsTokenCount: count, cachedContentTokenCount: count, toolUsePromptTokenCount: count }),
  promptFeedback: loose({ blockReason: word }),
  error: failure
})

const block = loose({ type: fc.constantFrom('text', 'thinking', 'tool_use', 'redacted_thinking', 'server_tool_use', 'web_search_tool_result', 'hologram'), text: word, thinking: word, signature: word, data: word, id: word, name: word, input: anything, citations: list(anything) })
const messagesUsage = loose({ input_tokens: count, output_tokens: count, cache_read_input_tokens: count })
const messagesChunk = fc.oneof(
  loose({ type: fc.constant('message_start'), message: loose({ id: word, model: word, usage: messagesUsage }) }),
  loose({ type: fc.constant('content_block_start'), index, content_block: block }),
  loose({ type: fc.constant('content_block_delta'), index, delta: loose({ type: word, text: word, thinking: word, signature: word, partial_json: word, citation: loose({ url: word }) }) }),
  loose({ type: fc.constant('content_block_stop'), index }),
  loose({ type: fc.constant('message_delta'), delta: loose({ stop_reason: word, stop_sequence: word, stop_details: anything }), usage: messagesUsage }),
  loose({ type: fc.constantFrom('message_stop', 'ping', 'weather') }),
  loose({ type: fc.constant('message'), content: list(block), stop_reason: word, usage: messagesUsage }),
  loose({ type: fc.constant('error'), error: failure })
)

const WIRES: Record<PairName, fc.Arbitrary<unknown>> = { openai: chatChunk, openrouter: chatChunk, vllm: chatChunk, deepseek: chatChunk, gemini: geminiChunk, anthropic: messagesChunk }

/** By way of JSON, as over the wire: only so does `__proto__` become a key of its own. */
function sequence (chunk: fc.Arbitrary<unknown>): fc.Arbitrary<unknown[]> {
  return fc.array(fc.oneof({ weight: 12, arbitrary: chunk }, anything), { maxLength: 12 }).map(chunks => chunks.map(each => JSON.parse(JSON.stringify(each)) as unknown))
}

const asked = askedOf({ model: 'claude-x', max_tokens: 1000, messages: [], stop_sequences: ['stop'], thinking: { type: 'adaptive' } } as unknown as MessagesRequest)
const prototype = Object.getOwnPropertyNames(Object.prototype).join()

function checkUntouched (): void {
  if (Object.getOwnPropertyNames(Object.prototype).join() !== prototype) throw new Error('Object.prototype was changed')
}

/** Feeds chunks to a decoder; the reply must be legal, streamed and plain. */
function feed (pair: PairName, chunks: readonly unknown[]): void {
  const encoder = new SseEncoder('msg_1', 'claude-x', 'req_1')
  const collector = new MessageCollector('msg_1', 'claude-x')
  let text = ''
  for (const sink of [encoder, collector]) {
    const writer = new MessageWriter(sink)
    const decoder = pairNamed(pair).decodeReply(writer, targetOf(pair), asked)
    for (const chunk of chunks) {
      decoder.push(structuredClone(chunk))
      if (writer.failure !== null) break
      text += encoder.take()
    }
    if (writer.failure === null) decoder.end()
    writer.end()
    text += encoder.take()
  }
  checkGrammar(text, { anyInput: true })
  takeOrFail(collector)
  checkUntouched()
}

function takeOrFail (collector: MessageCollector): void {
  try {
    collector.take()
  } catch (error) {
    if (!(error instanceof ApiError)) throw error
  }
}

/** Cuts bytes at these places. */
function pieces (bytes: Buffer, at: readonly number[]): Buffer[] {
  const places = [0, ...at.map(place => place % (bytes.length + 1)), bytes.length].toSorted((a, b) => a - b)
  return places.slice(1).map((end, i) => bytes.subarray(places[i], end))
}

function assert (t: Test, property: fc.IProperty<[unknown[]]> | fc.IProperty<[unknown[], number[], boolean]>): void {
  fc.assert(property as fc.IProperty<[unknown[]]>, { numRuns: RUNS })
  t.pass(`${RUNS} runs`)
}

for (const [pair, chunk] of Object.entries(WIRES)) {
  t.test(`${pair}: any sequence of chunks makes a grammatical reply`, async t => {
    assert(t, fc.property(sequence(chunk), chunks => feed(pair, chunks)))
  })

  t.test(`${pair}: so do any bytes, cut anywhere`, async t => {
    assert(t, fc.property(sequence(chunk), fc.array(fc.nat(5000), { maxLength: 6 }), fc.boolean(), (chunks, cuts, damaged) => {
      const body = Buffer.from(chunks.map(each => `event: ${String((each as { type?: unknown } | null)?.type)}\ndata: ${JSON.stringify(each)}\n\n`).join(''))
      const bytes = damaged ? body.subarray(0, cuts[0] ?? 0) : body
      const encoder = new SseEncoder('msg_1', 'claude-x', 'req_1')
      const writer = new MessageWriter(encoder)
      const reader = readBody(pairNamed(pair).decodeReply(writer, targetOf(pair), asked), 'scripted')
      try {
        for (const piece of pieces(bytes, cuts)) {
          reader.push(piece)
          if (writer.failure !== null) break
        }
        if (writer.failure === null) reader.end()
        writer.end()
      } catch (error) {
        if (!(error instanceof ApiError)) throw error
        writer.fail(error)
      }
      checkGrammar(encoder.take(), { anyInput: true })
      checkUntouched()
    }))
  })
}

/** What a model does in a legal reply, and how each wire tells it. */
type Step = { kind: 'text' | 'thinking' | 'call', value: string }

const steps = fc.array(fc.record({ kind: fc.constantFrom('text', 'thinking', 'call'), value: fc.string({ minLength: 1, maxLength: 8 }).filter(value => value.trim() !== '' && !value.includes('<')) }), { minLength: 1, maxLength: 8 }) as fc.Arbitrary<Step[]>

function chatReply (told: Step[]): unknown[] {
  const delta = ({ kind, value }: Step, i: number): object => kind === 'text' ? { content: value } : kind === 'thinking' ? { reasoning: value } : { tool_calls: [{ index: i, id: `call_${i}`, function: { name: 'Tool', arguments: JSON.stringify({ value }) } }] }
  return [...told.map((step, i) => ({ choices: [{ delta: delta(step, i) }] })), { choices: [{ delta: {}, finish_reason: 'stop' }] }]
}

function geminiReply (told: Step[]): unknown[] {
  const part = ({ kind, value }: Step): object => kind === 'call' ? { functionCall: { name: 'Tool', args: { value } } } : { text: value, ...(kind === 'thinking' && { thought: true }) }
  return [...told.map(step => ({ candidates: [{ content: { parts: [part(step)] } }] })), { candidates: [{ finishReason: 'STOP' }] }]
}

function messagesReply (told: Step[]): unknown[] {
  const events = told.flatMap(({ kind, value }, index): object[] => {
    const [block, delta] = kind === 'call'
      ? [{ type: 'tool_use', id: `toolu_${index}`, name: 'Tool', input: {} }, { type: 'input_json_delta', partial_json: JSON.stringify({ value }) }]
      : kind === 'text' ? [{ type: 'text', text: '' }, { type: 'text_delta', text: value }] : [{ type: 'thinking', thinking: '', signature: '' }, { type: 'thinking_delta', thinking: value }]
    return [{ type: 'content_block_start', index, content_block: block }, { type: 'content_block_delta', index, delta }, { type: 'content_block_stop', index }]
  })
  return [{ type: 'message_start', message: { usage: { input_tokens: 1 } } }, ...events, { type: 'message_delta', delta: { stop_reason: 'end_turn' }, usage: { output_tokens: 1 } }, { type: 'message_stop' }]
}

const LEGAL: Record<PairName, (told: Step[]) => unknown[]> = { openai: chatReply, openrouter: chatReply, vllm: chatReply, deepseek: chatReply, gemini: geminiReply, anthropic: messagesReply }

for (const [pair, chunksOf] of Object.entries(LEGAL)) {
  t.test(`${pair}: a legal reply is told in full and in order`, async t => {
    fc.assert(fc.property(steps, told => {
      const { reply } = decode(chunksOf(told), { pair })
      const got = reply.content.flatMap(block => {
        if (block.type === 'tool_use') return [`call ${String((block['input'] as { value: string }).value)}`]
        return block.type === 'text' || block.type === 'thinking' ? [`${block.type} ${String(block[block.type])}`] : []
      })
      const expected = told.reduce<string[]>((all, { kind, value }) => {
        const last = all.at(-1)
        return kind !== 'call' && last?.startsWith(`${kind} `) ? [...all.slice(0, -1), last + value] : [...all, `${kind} ${value}`]
      }, [])
      const merged = got.reduce<string[]>((all, each) => {
        const [kind = ''] = each.split(' ')
        const last = all.at(-1)
        return kind !== 'call' && last?.startsWith(`${kind} `) ? [...all.slice(0, -1), last + each.slice(kind.length + 1)] : [...all, each]
      }, [])
      if (reply.ended !== 'message_stop' || merged.join('\n') !== expected.join('\n')) throw new Error(`${reply.ended}: ${merged.join(' | ')} instead of ${expected.join(' | ')}`)
    }), { numRuns: RUNS })
    t.pass(`${RUNS} runs`)
  })
}

t.test('a stream that passes through keeps its bytes, whatever they say', async t => {
  assert(t, fc.property(sequence(messagesChunk), fc.array(fc.nat(5000), { maxLength: 6 }), fc.boolean(), (chunks, cuts, carriage) => {
    const text = chunks.map(each => `event: ${String((each as { type?: unknown } | null)?.type)}\ndata: ${JSON.stringify(each).replaceAll(/"model":(?!")[^,}]*[,}]?/g, '"model":"m"}')}\n\n`).join('')
    const body = Buffer.from(carriage ? text.replaceAll('\n', '\r\n') : text)
    const observer = new RelayObserver({ memory: new ReasoningMemory(), family: 'x' }, () => new ApiError('api_error', 'said so'))
    const relay = new EventRelay(observer, 'claude-x', targetOf('anthropic').provider)
    const passed: Buffer[] = []
    try {
      for (const piece of pieces(body, cuts)) passed.push(relay.push(piece))
      passed.push(relay.end())
    } catch (error) {
      if (!(error instanceof ApiError)) throw error
      return
    }
    const unnamed = (bytes: string): string => bytes.replaceAll(/"model":"(?:[^"\\]|\\.)*"/g, '')
    const got = unnamed(Buffer.concat(passed).toString())
    if (!unnamed(body.toString()).startsWith(got.replaceAll(/(\r?\n)+$/g, ''))) throw new Error(`changed: ${got}`)
    checkUntouched()
  }))
})
