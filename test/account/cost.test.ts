import fc from 'fast-check'
import t from 'tap'
import { costOf, worstCost } from '../../src/account/cost.ts'
import { DEFAULT_PRICES, DEFAULT_PRICES_DATE } from '../../src/account/default-prices.ts'
import { NO_TOKENS, type Tokens, totalOf } from '../../src/account/entry.ts'
import { PriceTable } from '../../src/account/price-table.ts'
import type { Price } from '../../src/account/price.ts'
import { tokensOf } from '../../src/account/tokens-of.ts'
import { formProblems } from '../../src/config/validate.ts'
import { ApiError } from '../../src/errors.ts'
import { MessageCollector } from '../../src/message/collector.ts'
import { ReasoningMemory } from '../../src/message/reasoning-memory.ts'
import { MessageWriter } from '../../src/message/writer.ts'
import { askedOf } from '../../src/routes/messages/asked.ts'
import { RelayObserver } from '../../src/upstream/relay-observer.ts'
import type { MessagesRequest, Usage } from '../../src/wire/anthropic.ts'
import { chunk, decode, pairNamed, targetOf } from '../helper/pairs.ts'

const tokensWith = (counts: Partial<Tokens>): Tokens => ({ ...NO_TOKENS, ...counts })

t.test('tokens × price, each kind at its own', async t => {
  const price: Price = { input: 3, output: 15, cacheRead: 0.3, cacheWrite: 3.75, cacheWrite1h: 6, request: 0.005 }
  // 10 × 3 + 100 × 0.3 + 8 × 3.75 + 4 × 6 + 2 × 15 = 144, and 5000 for the request. Reasoning is in the output.
  t.equal(costOf({ input: 10, cacheRead: 100, cacheWrite5m: 8, cacheWrite1h: 4, output: 2, reasoning: 2 }, price), 5144)
})

t.test('what a price does not say', async t => {
  const tokens: Tokens = { input: 1, cacheRead: 10, cacheWrite5m: 100, cacheWrite1h: 1000, output: 0, reasoning: 0 }
  t.equal(costOf(tokens, { input: 2, output: 9 }), 2222, 'caches cost as input')
  t.equal(costOf(tokens, { input: 2, output: 9, cacheWrite: 3 }), 3322, 'an hour costs as writing')
  t.equal(costOf(tokens, { input: 2, output: 9, cacheWrite1h: 3 }), 3222, 'five minutes do not')
  t.equal(costOf(tokens, { input: 2, output: 9, cacheRead: 0 }), 2202, 'a zero is a price')
})

t.test('no price is null, and never 0', async t => {
  t.equal(costOf(tokensWith({ input: 5 }), undefined), null)
  t.equal(costOf(NO_TOKENS, undefined), null)
  t.equal(costOf(tokensWith({ input: 5 }), undefined, null), null)
  t.equal(worstCost(5, 5, undefined), null)
  t.equal(costOf(NO_TOKENS, { input: 1, output: 1 }), 0, 'nothing at a known price is nothing')
})

t.test('rounded once, at the end', async t => {
  t.equal(costOf(tokensWith({ input: 1, output: 1 }), { input: 0.4, output: 0.4 }), 1, 'not each by itself')
  t.equal(costOf(tokensWith({ input: 1, output: 1 }), { input: 0.2, output: 0.2 }), 0)
  // As binary fractions these are 100.49999999999999 and 14.499999999999998.
  t.equal(costOf(tokensWith({ input: 100 }), { input: 1.005, output: 0 }), 101)
  t.equal(costOf(tokensWith({ input: 100 }), { input: 0.145, output: 0 }), 15)
  t.equal(worstCost(100, 0, { input: 0.07, output: 0 }), 7, '7.000000000000001 is not a reason for 8')
})

t.test('what the provider says counts', async t => {
  const price: Price = { input: 3, output: 15, request: 1 }
  t.equal(costOf(tokensWith({ input: 5 }), price, 0.00219855), 2199)
  t.equal(costOf(tokensWith({ input: 5 }), undefined, 0.0000005), 1)
  t.equal(costOf(tokensWith({ input: 5 }), price, 0), 0, 'a free model')
  for (const nonsense of [NaN, Infinity, -1, null, undefined]) t.equal(costOf(tokensWith({ input: 5 }), price, nonsense), 1_000_015, String(nonsense))
})

const prices = fc.record({
  input: fc.double({ min: 0, max: 1000, noNaN: true }),
  output: fc.double({ min: 0, max: 1000, noNaN: true }),
  cacheRead: fc.option(fc.double({ min: 0, max: 1000, noNaN: true }), { nil: undefined }),
  cacheWrite: fc.option(fc.double({ min: 0, max: 1000, noNaN: true }), { nil: undefined }),
  cacheWrite1h: fc.option(fc.double({ min: 0, max: 1000, noNaN: true }), { nil: undefined }),
  request: fc.option(fc.double({ min: 0, max: 10, noNaN: true }), { nil: undefined })
})
const count = fc.nat(2_000_000)
const tokens = fc.record({ input: count, cacheRead: count, cacheWrite5m: count, cacheWrite1h: count, output: count, reasoning: count })

t.test('cost is a whole number, grows with every count, and stays below the worst', async t => {
  t.doesNotThrow(() => fc.assert(fc.property(prices, tokens, fc.constantFrom('input', 'cacheRead', 'cacheWrite5m', 'cacheWrite1h', 'output'), count, (price, tokens, kind, more) => {
    const cost = costOf(tokens, price) as number
    const worst = worstCost(totalOf(tokens) - tokens.output, tokens.output + more, price) as number
    return Number.isSafeInteger(cost) && cost >= 0 && cost <= (costOf({ ...tokens, [kind]: tokens[kind] + more }, price) as number) && Number.isSafeInteger(worst) && cost <= worst
  }), { numRuns: 2000 }))
  t.equal(costOf(tokensWith({ input: 1e9 }), { input: 1e12, output: 0 }), Number.MAX_SAFE_INTEGER, 'a price that is no price breaks no sum')
})

t.test('the worst case takes the prompt at the dearest price', async t => {
  t.equal(worstCost(1000, 100, { input: 3, output: 15, cacheRead: 0.3, cacheWrite: 3.75, cacheWrite1h: 6 }), 7500)
  t.equal(worstCost(1000, 100, { input: 3, output: 15 }), 4500)
  t.equal(worstCost(1, 0, { input: 0.1, output: 15, request: 0.01 }), 10_001, 'upwards')
})

t.test('the first entry that fits counts, own ones first', async t => {
  const table = new PriceTable([
    { provider: 'cheap', model: '*', input: 1, output: 1 },
    { model: 'GPT-4o', input: 2, output: 2 },
    { model: 'team/*-large', input: 3, output: 3 },
    { model: '{a,b}{7,8}', input: 4, output: 4 },
    { provider: '{us,asia}*', model: 'special', input: 5, output: 5 }
  ], [{ model: '*', provider: 'shipped', input: 9, output: 9 }])
  const input = (provider: string, model: string): number | undefined => table.find(provider, model)?.input
  t.equal(input('cheap', 'gpt-4o'), 1)
  t.equal(input('Cheap', 'any/thing'), 1, 'case does not count, and * stands for slashes')
  t.equal(input('other', 'gpt-4o'), 2)
  t.equal(input('other', 'gpt-4o-mini'), undefined, 'a glob is for the whole name')
  t.equal(input('other', 'team/eu/x-large'), 3)
  t.equal(input('other', 'b7'), 4)
  t.equal(input('us', 'special'), 5)
  t.equal(input('eu-1', 'special'), undefined)
  t.equal(input('shipped', 'whatever'), 9)
  t.equal(input('nobody', 'whatever'), undefined)
  t.equal(input('other', 'gpt-4o'), 2, 'and again')
})

t.test('prices of long prompts', async t => {
  const table = new PriceTable([
    { model: 'm', above: 1000, input: 20, output: 20 },
    { model: 'm', above: 100, input: 10, output: 10 },
    { model: 'm', input: 1, output: 1 },
    { model: 'm', above: 5, input: 99, output: 99 },
    { model: 'only-long', above: 100, input: 7, output: 7 }
  ], [{ model: 'only-long', input: 2, output: 2 }])
  for (const [tokens, input] of [[undefined, 1], [0, 1], [100, 1], [101, 10], [1000, 10], [1001, 20], [Infinity, 20]] as const) t.equal(table.find('p', 'm', tokens)?.input, input, `${tokens} tokens`)
  t.equal(table.find('p', 'only-long', 50)?.input, 2, 'shorter ones have the shipped price')
  t.equal(table.find('p', 'only-long', 500)?.input, 7)
})

t.test('what is known of targets does not grow without end', async t => {
  const table = new PriceTable([{ model: 'm7', input: 7, output: 7 }], [])
  for (let i = 0; i < 5000; i++) table.find('p', `m${i}`)
  t.equal(table.find('p', 'm7')?.input, 7)
  t.equal(table.find('p', 'm8'), undefined)
})

/** Prices as vendors list them: input, output, reading from the cache, writing for five minutes, for an hour. */
const LISTED: Record<string, readonly (number | undefined)[]> = {
  'claude-opus-4-5-20251101': [5, 25, 0.5, 6.25, 10],
  'anthropic/claude-opus-4.8': [5, 25, 0.5, 6.25, 10],
  'claude-opus-5-5': [4, 20, 0.2, 5, 8],
  'claude-opus-5[1m]': [5, 25, 0.5, 6.25, 10],
  'claude-opus-4-20250514': [15, 75, 1.5, 18.75, 30],
  'claude-opus-4-1': [15, 75, 1.5, 18.75, 30],
  'claude-3-opus-20240229': [15, 75, 1.5, 18.75, 30],
  'claude-sonnet-5-5': [2, 10, 0.1, 2.5, 4],
  'claude-sonnet-5': [2, 10, 0.2, 2.5, 4],
  'anthropic/claude-4.6-sonnet-20260217': [3, 15, 0.3, 3.75, 6],
  'claude-3-7-sonnet-latest': [3, 15, 0.3, 3.75, 6],
  'claude-fable-5-1': [10, 50, 0.25, 12.5, 20],
  'claude-fable-5': [10, 50, 1, 12.5, 20],
  'claude-haiku-5-5': [0.1, 0.5, 0.01, 0.125, 0.2],
  'claude-haiku-4-5-20251001': [1, 5, 0.1, 1.25, 2],
  'claude-3-5-haiku-20241022': [0.8, 4, 0.08, 1, 1.6],
  'claude-3-haiku-20240307': [0.25, 1.25, 0.03, 0.3, 0.5],
  'gpt-4o': [2.5, 10, 1.25, undefined, undefined],
  'gpt-4o-2024-05-13': [5, 15, undefined, undefined, undefined],
  'openai/gpt-4o-mini-2024-07-18': [0.15, 0.6, 0.075, undefined, undefined],
  'gpt-5-2025-08-07': [1.25, 10, 0.125, undefined, undefined],
  'gpt-5.6-sol': [5, 30, 0.5, 6.25, undefined],
  'gpt-6.2-sol': [2, 10, 0.1, 2.5, undefined],
  'o4-mini': [1.1, 4.4, 0.275, undefined, undefined],
  'gemini-2.5-pro': [1.25, 10, 0.125, undefined, undefined],
  'google/gemini-2.5-flash-lite': [0.1, 0.4, 0.01, undefined, undefined],
  'gemini-3.1-pro-preview': [2, 12, 0.2, undefined, undefined],
  'gemini-3.8-flash': [1.5, 7.5, 0.15, undefined, undefined]
}

t.test('the shipped prices', async t => {
  const table = new PriceTable([])
  for (const [model, expected] of Object.entries(LISTED)) {
    const { input, output, cacheRead, cacheWrite, cacheWrite1h } = table.find('some-provider', model) ?? {}
    t.strictSame([input, output, cacheRead, cacheWrite, cacheWrite1h], expected, model)
  }
  t.equal(table.find('anthropic', 'claude-haiku-5-5', 100_000)?.output, 0.5)
  t.equal(table.find('anthropic', 'claude-haiku-5-5', 100_001)?.output, 2.5)
  t.equal(table.find('anthropic', 'claude-sonnet-4-5', 200_001)?.input, 6)
  t.equal(table.find('anthropic', 'claude-sonnet-4-6', 200_001)?.input, 3)
  t.equal(table.find('gemini', 'gemini-2.5-pro', 200_001)?.input, 2.5)
  t.equal(table.find('gemini', 'gemini-2.5-flash', 200_001)?.input, 0.3)
  t.equal(table.find('openai', 'gpt-5.4', 272_001)?.output, 22.5)
  t.equal(table.find('deepseek', 'deepseek-v4-pro')?.input, 1.32)
})

t.test('what has no shipped price', async t => {
  const table = new PriceTable([])
  const without: [string, string][] = [
    ['anthropic', 'claude-opus-9'], ['openrouter', 'anthropic/claude-opus-5-fast'], ['openai', 'gpt-4o-audio-preview'], ['openai', 'gpt-4o-mini-tts'], ['openai', 'gpt-oss-120b'],
    ['openai', 'gpt-5.3-codex-spark'], ['gemini', 'gemini-2.5-pro-preview-tts'], ['gemini', 'gemini-3-pro-image-preview'], ['openrouter', 'deepseek/deepseek-chat'],
    ['openrouter', 'x-ai/grok-4'], ['some-host', 'deepseek-v4-pro'], ['vllm', 'gpt-4o'], ['my-vllm-2', 'claude-sonnet-5'], ['Ollama', 'gpt-4o'], ['localhost', 'gemini-2.5-pro'], ['demo', 'claude-opus-5']
  ]
  for (const [provider, model] of without) t.equal(table.find(provider, model), undefined, `${provider},${model}`)
})

t.test('every shipped price is one, has a date, and could stand in a configuration', async t => {
  t.match(DEFAULT_PRICES_DATE, /^\d{4}-\d\d-\d\d$/)
  t.strictSame(formProblems({ Providers: [{ name: 'p', api_base_url: 'http://127.0.0.1:1/v1', models: ['m'] }], Router: { default: 'p,m' }, Prices: DEFAULT_PRICES }), [])
  for (const { model, input, output, cacheRead = input, cacheWrite = input, cacheWrite1h = cacheWrite } of DEFAULT_PRICES) {
    t.ok(cacheRead > 0 && cacheRead <= input && input <= cacheWrite && cacheWrite <= cacheWrite1h && input < output, model)
  }
})

t.test('tokens of a usage', async t => {
  const usage: Usage = { input_tokens: 1, cache_read_input_tokens: 2, cache_creation_input_tokens: 30, output_tokens: 40 }
  const same = { input: 1, cacheRead: 2, output: 40, reasoning: 0 }
  t.strictSame(tokensOf(usage), { ...same, cacheWrite5m: 30, cacheWrite1h: 0 }, 'five minutes is the usual kind')
  t.strictSame(tokensOf({ ...usage, cache_creation: { ephemeral_5m_input_tokens: 10, ephemeral_1h_input_tokens: 20 } }), { ...same, cacheWrite5m: 10, cacheWrite1h: 20 })
  t.strictSame(tokensOf({ ...usage, cache_creation: { ephemeral_5m_input_tokens: 10, ephemeral_1h_input_tokens: 5 } }), { ...same, cacheWrite5m: 25, cacheWrite1h: 5 }, 'the sum holds')
  t.strictSame(tokensOf({ ...usage, cache_creation: { ephemeral_1h_input_tokens: 99 } }), { ...same, cacheWrite5m: 0, cacheWrite1h: 30 }, 'the sum holds')
  t.equal(tokensOf({ ...usage, output_tokens_details: { thinking_tokens: 25 } }).reasoning, 25)
  t.equal(tokensOf({ ...usage, output_tokens_details: { thinking_tokens: 45 } }).reasoning, 40, 'a part of the output')
})

t.test('whatever stands in a usage, the tokens are whole numbers', async t => {
  const anything = fc.oneof(fc.double(), fc.integer(), fc.constantFrom(null, undefined, 'x', {}, [], true, 1e300, Infinity), fc.nat(1_000_000))
  const details = fc.oneof(fc.constantFrom(null, undefined, 'x', 7), fc.record({ ephemeral_5m_input_tokens: anything, ephemeral_1h_input_tokens: anything, thinking_tokens: anything }))
  const usages = fc.record({ input_tokens: anything, output_tokens: anything, cache_creation_input_tokens: anything, cache_read_input_tokens: anything, cache_creation: details, output_tokens_details: details })
  t.doesNotThrow(() => fc.assert(fc.property(usages, usage => {
    const tokens = tokensOf(usage as Usage)
    return Object.values(tokens).every(count => Number.isSafeInteger(count) && count >= 0) && tokens.reasoning <= tokens.output
  })))
})

/** What a reply comes to when it is written anew; `open` where it breaks off. */
function written (pair: string, chunks: readonly unknown[], open = false): MessageWriter {
  const writer = new MessageWriter(new MessageCollector('msg_1', 'claude-x'))
  const decoder = pairNamed(pair).decodeReply(writer, targetOf(pair), askedOf({ model: 'claude-x', max_tokens: 100, messages: [] } as MessagesRequest))
  for (const each of chunks) decoder.push(each)
  if (!open) {
    decoder.end()
    writer.end()
  }
  return writer
}

/** What a reply comes to that passes. */
function passed (text: string): RelayObserver {
  const observer = new RelayObserver({ memory: new ReasoningMemory(), family: 'x' }, () => new ApiError('api_error', 'said so'))
  observer.push(Buffer.from(text))
  return observer
}

/** Messages events, as they are printed. */
function events (chunks: readonly object[]): string {
  return chunks.map(chunk => `event: ${(chunk as { type: string }).type}\ndata: ${JSON.stringify(chunk)}\n\n`).join('')
}

const start = (usage: object): object => ({ type: 'message_start', message: { id: 'msg_9', type: 'message', role: 'assistant', model: 'claude-served', content: [], usage } })
const text = (value: string): object => ({ type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: value } })
const OPEN = { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } }
const TEXT = [OPEN, text('Hello'), text(' you')]
const end = (usage: object): object[] => [{ type: 'content_block_stop', index: 0 }, { type: 'message_delta', delta: { stop_reason: 'end_turn' }, usage }, { type: 'message_stop' }]

const PROMPT = { input_tokens: 3, cache_read_input_tokens: 50, cache_creation_input_tokens: 30, cache_creation: { ephemeral_5m_input_tokens: 10, ephemeral_1h_input_tokens: 20 }, output_tokens: 1 }
/** OpenRouter's, at its Messages endpoint. */
const CHARGED = { output_tokens: 7, output_tokens_details: { thinking_tokens: 2 }, cost: 0.25, is_byok: false, cost_details: { upstream_inference_cost: null } }

t.test('a Messages reply, passing or written anew: both kinds of cache writes, reasoning, price and model', async t => {
  const chunks = [start({ ...PROMPT, cost: 0 }), ...TEXT, ...end(CHARGED)]
  for (const [how, reply] of Object.entries({ passing: passed(events(chunks)), anew: written('anthropic', chunks) })) {
    t.strictSame(tokensOf(reply.usageCounts), { input: 3, cacheRead: 50, cacheWrite5m: 10, cacheWrite1h: 20, output: 7, reasoning: 2 }, how)
    t.match(reply.counts, { billed: 0.25, servedModel: 'claude-served', inputReported: true, outputReported: true, written: 9 }, how)
  }
  const { reply, message } = decode(chunks, { pair: 'anthropic' })
  for (const told of [reply.usage, message?.usage]) {
    t.match(told, { output_tokens: 7, output_tokens_details: { thinking_tokens: 2 } })
    t.notMatch(JSON.stringify(told), /cost|byok/, 'the client is not told what it cost us')
  }
})

t.test('a Messages reply that breaks off has its prompt counted, and not its output', async t => {
  const chunks = [start({ ...PROMPT, cost: 0.1, is_byok: false }), ...TEXT]
  for (const [how, { counts }] of Object.entries({ passing: passed(events(chunks)), anew: written('anthropic', chunks, true) })) {
    t.match(counts, { billed: null, servedModel: 'claude-served', inputReported: true, outputReported: false, written: 9 }, how)
  }
  for (const usage of [undefined, {}, { output_tokens: 0 }, { output_tokens: 'x' }]) {
    const chunks = [start({ input_tokens: 0, output_tokens: 1 }), ...TEXT, ...end(usage as object)]
    for (const { counts } of [passed(events(chunks)), written('anthropic', chunks)]) t.match(counts, { inputReported: false, outputReported: false }, `${JSON.stringify(usage)} counts nothing`)
  }
})

t.test('what a passing reply holds is measured unparsed: what the model wrote, and nothing else', async t => {
  const block = (...[type, ...deltas]: [string, ...unknown[]]): number => passed(events([
    start(PROMPT), { type: 'content_block_start', index: 0, content_block: { type } }, ...deltas.map(delta => ({ type: 'content_block_delta', index: 0, delta }))
  ])).counts.written
  t.equal(block('thinking', { type: 'thinking_delta', thinking: 'hmm' }, { type: 'thinking_delta', thinking: '' }, { type: 'signature_delta', signature: 'x'.repeat(500) }), 3)
  t.equal(block('text', { type: 'text_delta', text: 'a "}b' }, { type: 'citations_delta', citation: { cited_text: 'x'.repeat(500) } }), 6, 'a quote is told as two characters')
  t.equal(block('tool_use', { type: 'input_json_delta', partial_json: '{"a":' }, { type: 'input_json_delta', partial_json: '1}' }), 9)
  t.equal(block('tool_use', { type: 'input_json_delta', partial_json: '' }), 0)
  t.equal(block('unheard_of', { type: 'text_delta', text: 'abc' }), 0)

  const spaced = '{"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "Hello"}}'
  const reordered = '{"type":"content_block_delta","delta":{"type":"text_delta","text":"Hello"},"index":0}'
  const padded = JSON.stringify(text('Hello')).replace(/\}$/, '      }')
  for (const data of [spaced, reordered, padded]) {
    const observer = passed(events([start(PROMPT), OPEN]) + `event: content_block_delta\ndata: ${data}\n\n`)
    t.ok(observer.counts.written >= 5 && observer.counts.written <= 7, `${observer.counts.written} of ${data}`)
  }
  const plain = passed('')
  plain.message({ model: 'm', usage: {}, stop_reason: 'tool_use', content: [{ type: 'thinking', thinking: 'hmm', signature: 's' }, { type: 'text', text: 'Hello' }, { type: 'tool_use', id: 'a', name: 'b', input: { c: 1 } }, { type: 'tool_use', id: 'a', name: 'b', input: {} }] })
  t.match(plain.counts, { written: 15, servedModel: 'm', outputReported: false })
})

t.test('what is written anew is counted once, also what was held back', async t => {
  const calls = [
    { index: 0, id: 'a', function: { name: 'first', arguments: '{"x":' } }, { index: 1, id: 'b', function: { name: 'second', arguments: '{"y":2}' } }, { index: 0, function: { arguments: '1}' } }
  ].map(call => chunk({ tool_calls: [call] }))
  t.equal(written('openai', [chunk({ content: 'Hello' }), ...calls, chunk({ content: 'late' }), chunk({}, 'tool_calls')]).counts.written, 5 + 7 + 7 + 4)
})

t.test('a chat reply is counted when it is whole', async t => {
  const usage = { prompt_tokens: 10, completion_tokens: 4, total_tokens: 14, prompt_tokens_details: { cached_tokens: 6 } }
  const hello = chunk({ content: 'Hello' }, null, { model: '' })
  const named = chunk({ content: '!' }, null, { model: 'served-1' })
  const whole = { inputReported: true, outputReported: true, servedModel: 'served-1' }
  t.match(written('openai', [hello, named, chunk({}, 'stop', { usage, model: 'served-2' })]).counts, whole, 'with the last chunk')
  t.match(written('openai', [hello, named, chunk({}, 'stop'), { choices: [], usage }]).counts, whole, 'behind it')
  t.match(written('openai', [hello, named, chunk({}, 'stop'), { choices: [], usage }], true).counts, whole, 'whatever happens then')
  t.match(written('openai', [hello, chunk({ content: '!' }, null, { usage })], true).counts, { inputReported: true, outputReported: false, written: 6 }, 'a count on the way is none of the whole')
  t.match(written('openai', [hello, chunk({}, 'stop')]).counts, { inputReported: false, outputReported: false, servedModel: null, billed: null })
  t.match(written('openai', [hello, chunk({}, 'stop', { usage: { prompt_tokens: 0, completion_tokens: 0 } })]).counts, { inputReported: false, outputReported: false }, 'zeros count nothing')
  t.match(written('gemini', [{ candidates: [{ content: { parts: [{ text: 'Hello' }] } }], usageMetadata: { promptTokenCount: 9, candidatesTokenCount: 1 }, modelVersion: 'gemini-x' }], true).counts, { inputReported: true, outputReported: false, servedModel: 'gemini-x' })
  t.match(written('gemini', [{ promptFeedback: { blockReason: 'SAFETY' }, usageMetadata: { promptTokenCount: 9 } }]).counts, { inputReported: true, outputReported: true }, 'a refused prompt has no output')
  t.equal(written('openai', [chunk({ content: '!' }, null, { model: 'x'.repeat(1000) })], true).counts.servedModel?.length, 200)
})

t.test('what a provider says that it charges', async t => {
  const billed = (usage: object): number | null => written('openrouter', [chunk({ content: 'Hello' }), chunk({}, 'stop', { usage: { prompt_tokens: 1, completion_tokens: 1, ...usage } })]).counts.billed
  t.equal(billed({ cost: 0.5, cost_details: {} }), 0.5)
  t.equal(billed({ cost: 0, is_byok: false, cost_details: null }), 0, 'a free model')
  t.equal(billed({ cost: 0.05, is_byok: true, cost_details: { upstream_inference_cost: 1 } }), 1.05, 'with a key of the user\'s own: the fee and what the vendor takes')
  t.equal(billed({ cost: 0.05, is_byok: true, cost_details: { upstream_inference_cost: null } }), null, 'only the fee is not the cost')
  t.equal(billed({ cost: 0.05, is_byok: false, cost_details: { upstream_inference_cost: 0.05 } }), 0.05)
  t.equal(billed({ cost_in_usd_ticks: 1_497_500 }), 0.00014975, 'xAI')
  for (const cost of [7, '7', null, -1, {}]) t.equal(billed({ cost }), null, `${JSON.stringify(cost)} of whatever unit`)
  for (const cost of ['7', null, -1, {}]) t.equal(billed({ cost, cost_details: {} }), null, JSON.stringify(cost))
})
