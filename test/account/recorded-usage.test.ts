import type { ServerResponse } from 'node:http'
import t from 'tap'
import type { LedgerTable } from '../../src/store/tables.ts'
import { ONE_TRY, startApp } from '../helper/app.ts'
import { type Recording, cuts, missing, recordingsOf } from '../helper/recordings.ts'
import { playing } from '../helper/replay.ts'
import { type Script, json, startUpstream } from '../helper/upstream.ts'

/**
 * Recorded answers of every provider, asked for through the whole service, as the ledger has them: what was counted, each
 * token once, and what it cost.
 *
 * Everything expected here was worked out by hand from the `usage` that the recordings hold and from the vendors' lists,
 * and not by the code that is tested.
 */

const skip = missing

interface Expected {
  /** The model that is asked for; also what serves it, where nothing else is said. */
  model: string
  served?: string
  /** Tokens: input, cache read, cache write for five minutes, output, reasoning. Nobody wrote for an hour. */
  tokens: readonly [number, number, number, number, number]
  /** Micro-dollars. */
  cost: number | null
}

const EXPECTED: Record<string, Expected> = {
  // Anthropic counts what was cached apart from the input.
  // 3 × 3 + 1111 × 0.30 + 418 × 3.75 + 33 × 15 = 9 + 333.3 + 1567.5 + 495 = 2404.8
  'anthropic/cache-read': { model: 'claude-sonnet-4-5-20250929', tokens: [3, 1111, 418, 33, 0], cost: 2405 },
  // 423 × 1 + 202 × 5
  'anthropic/parallel-tools': { model: 'claude-haiku-4-5-20251001', tokens: [423, 0, 0, 202, 0], cost: 1433 },
  // message_start says 88 of output, message_delta 189: 92 × 3 + 189 × 15 = 276 + 2835
  'anthropic/redacted-thinking-stream': { model: 'claude-sonnet-4-5-20250929', tokens: [92, 0, 0, 189, 0], cost: 3111 },
  // 18 × 10 + 5 × 50
  'anthropic/refusal-stream': { model: 'claude-fable-5', tokens: [18, 0, 0, 5, 0], cost: 430 },
  // 43 × 3 + 282 × 15 = 129 + 4230
  'anthropic/thinking-stream': { model: 'claude-sonnet-4-20250514', tokens: [43, 0, 0, 282, 0], cost: 4359 },
  // 398 × 3 + 155 × 15 = 1194 + 2325
  'anthropic/thinking-with-tool-1': { model: 'claude-sonnet-4-20250514', tokens: [398, 0, 0, 155, 0], cost: 3519 },
  // 566 × 3 + 126 × 15 = 1698 + 1890
  'anthropic/thinking-with-tool-2': { model: 'claude-sonnet-4-20250514', tokens: [566, 0, 0, 126, 0], cost: 3588 },
  // 565 × 3 + 48 × 15 = 1695 + 720
  'anthropic/tool-no-args-stream': { model: 'claude-sonnet-4-5-20250929', tokens: [565, 0, 0, 48, 0], cost: 2415 },
  // The prompt grew by what was found, from 2068 to 22397: 22397 × 3 + 637 × 15 = 67191 + 9555. Searches are not tokens.
  'anthropic/web-search-stream': { model: 'claude-sonnet-4-20250514', tokens: [22397, 0, 0, 637, 0], cost: 76_746 },

  // DeepSeek: prompt_tokens = hits + misses. By an entry of the configuration (below): 13 × 0.14 + 300 × 0.28 = 1.82 + 84
  'deepseek/length': { model: 'deepseek-chat', tokens: [13, 0, 0, 300, 0], cost: 86 },
  // 51 × 0.3 + 512 × 0.006 + 116 × 1.2 = 15.3 + 3.072 + 139.2 = 157.572; the 60 of reasoning are in the 116
  'deepseek/thinking-tools-1': { model: 'deepseek-v4-flash', tokens: [51, 512, 0, 116, 60], cost: 158 },
  // 875 × 0.3 + 79 × 1.2 = 262.5 + 94.8 = 357.3
  'deepseek/thinking-tools-2': { model: 'deepseek-v4-flash', tokens: [875, 0, 0, 79, 26], cost: 357 },
  // 80 × 0.3 + 896 × 0.006 + 61 × 1.2 = 24 + 5.376 + 73.2 = 102.576
  'deepseek/thinking-tools-3': { model: 'deepseek-v4-flash', tokens: [80, 896, 0, 61, 25], cost: 103 },
  // By an entry of the configuration: 19 × 0.14 + 320 × 0.0028 + 83 × 0.28 = 2.66 + 0.896 + 23.24 = 26.796
  'deepseek/tool-call-stream': { model: 'deepseek-reasoner', tokens: [19, 320, 0, 83, 39], cost: 27 },

  // Gemini: the prompt includes what was cached, the candidates do not include thoughts.
  // 3520 - 3512 = 8, 2 + 42 = 44: 8 × 0.3 + 3512 × 0.03 + 44 × 2.5 = 2.4 + 105.36 + 110 = 217.76
  'gemini/cached-content': { model: 'gemini-2.5-flash', tokens: [8, 3512, 0, 44, 42], cost: 218 },
  // 17 and 102 of tools' prompts = 119, 241 + 412 = 653: 119 × 1.25 + 653 × 10 = 148.75 + 6530
  'gemini/grounding-stream': { model: 'gemini-2.5-pro', tokens: [119, 0, 0, 653, 412], cost: 6679 },
  // 190 + 156 = 346: 2429 × 0.5 + 346 × 3 = 1214.5 + 1038 = 2252.5
  'gemini/image-in-tool-result': { model: 'gemini-3-flash-preview', tokens: [2429, 0, 0, 346, 156], cost: 2253 },
  // Thoughts only: 15 × 1.25 + 2 × 10 = 38.75
  'gemini/max-tokens-empty': { model: 'gemini-2.5-pro', tokens: [15, 0, 0, 2, 2], cost: 39 },
  // 30 + 190 = 220: 83 × 0.5 + 220 × 3 = 41.5 + 660
  'gemini/parallel-tools': { model: 'gemini-3-flash-preview', tokens: [83, 0, 0, 220, 190], cost: 702 },
  'gemini/safety': { model: 'gemini-1.5-flash', tokens: [14, 0, 0, 0, 0], cost: null },
  // 469 + 787 = 1256: 34 × 1.25 + 1256 × 10 = 42.5 + 12560
  'gemini/thoughts-stream': { model: 'gemini-2.5-pro', tokens: [34, 0, 0, 1256, 787], cost: 12_603 },
  // 15 + 48 = 63: 49 × 0.3 + 63 × 2.5 = 14.7 + 157.5
  'gemini/tool-call-2.5': { model: 'gemini-2.5-flash', tokens: [49, 0, 0, 63, 48], cost: 172 },
  // 10 + 202 = 212: 29 × 2 + 212 × 12
  'gemini/tool-signature-stream-1': { model: 'gemini-3-pro-preview', tokens: [29, 0, 0, 212, 202], cost: 2602 },
  // The first chunk says 55, the last one 257: 257 × 2 + 8 × 12
  'gemini/tool-signature-stream-2': { model: 'gemini-3-pro-preview', tokens: [257, 0, 0, 8, 0], cost: 610 },
  // 12 + 69 = 81: 29 × 0.5 + 81 × 3 = 257.5
  'gemini/tools-then-json-stream-1': { model: 'gemini-3-flash-preview', tokens: [29, 0, 0, 81, 69], cost: 258 },
  // 21 + 30 = 51: 128 × 0.5 + 51 × 3
  'gemini/tools-then-json-stream-2': { model: 'gemini-3-flash-preview', tokens: [128, 0, 0, 51, 30], cost: 217 },

  'openai-compatible/deepseek-r1-length': { model: 'deepseek-ai/DeepSeek-R1', tokens: [4, 0, 0, 100, 0], cost: null },
  'openai-compatible/glm-reasoning-stream': { model: 'glm-4.7', tokens: [13, 0, 0, 564, 561], cost: null },
  // 364 × 2.5 + 40 × 10
  'openai-compatible/gpt-4o-parallel-tools-stream': { model: 'gpt-4o', served: 'gpt-4o-2024-08-06', tokens: [364, 0, 0, 40, 0], cost: 1310 },
  'openai-compatible/llama-two-tools': { model: 'meta-llama/Llama-4-Scout-17B-16E-Instruct', tokens: [720, 0, 0, 65, 0], cost: null },
  'openai-compatible/qwen-tool-call-stream': { model: 'qwen3-max', tokens: [295, 0, 0, 22, 0], cost: null },
  // xAI counts reasoning apart: 26 + 227 = 253. It says that it takes 1497500 ticks of 1e-10 dollars: 149.75
  // (1 × 0.3 + 306 × 0.075 + 253 × 0.5 by its list).
  'openai-compatible/xai-tool-call-stream': { model: 'grok-3-mini', tokens: [1, 306, 0, 253, 227], cost: 150 },

  // OpenRouter: the prompt includes what was read and what was written; it says itself what it takes.
  // 3329 - 3211 - 115 = 3; 0.00219855 dollars
  'openrouter/cache-read': { model: 'anthropic/claude-sonnet-4.6', served: 'anthropic/claude-4.6-sonnet-20260217', tokens: [3, 3211, 115, 53, 0], cost: 2199 },
  // 3214 - 3211 = 3; 0.01355025 dollars
  'openrouter/cache-write': { model: 'anthropic/claude-sonnet-4.6', served: 'anthropic/claude-4.6-sonnet-20260217', tokens: [3, 0, 3211, 100, 0], cost: 13_550 },
  // 0.000669 dollars
  'openrouter/claude-reasoning-stream': { model: 'anthropic/claude-sonnet-4.5', tokens: [43, 0, 0, 36, 13], cost: 669 },
  // It says nothing here. By the list: 43 × 3 + 402 × 15 = 129 + 6030
  'openrouter/claude-reasoning': { model: 'anthropic/claude-3.7-sonnet', served: 'anthropic/claude-3.7-sonnet:thinking', tokens: [43, 0, 0, 402, 0], cost: 6159 },
  // A free model: 0 is what it says. It also says that 11 of 10 tokens were reasoning.
  'openrouter/error-after-length-stream': { model: 'minimax/minimax-m2:free', tokens: [43, 0, 0, 10, 10], cost: 0 },
  // 687 - 679 = 8; 0.00333825 dollars
  'openrouter/grok-encrypted-reasoning-stream': { model: 'x-ai/grok-4', tokens: [8, 679, 0, 187, 118], cost: 3338 },
  // It says nothing. By the list: 8 × 0.25 + 15 × 2
  'openrouter/reasoning-round-trip-1': { model: 'openai/gpt-5-mini', tokens: [8, 0, 0, 15, 0], cost: 32 },
  // 41 × 0.25 + 1457 × 2 = 10.25 + 2914
  'openrouter/reasoning-round-trip-2': { model: 'openai/gpt-5-mini', tokens: [41, 0, 0, 1457, 704], cost: 2924 },
  'openrouter/tool-call': { model: 'mistralai/mistral-small', tokens: [134, 0, 0, 43, 0], cost: null },
  // 0.0076509169 dollars, of which 0.007 are for the search
  'openrouter/web-search-annotations-stream': { model: 'deepseek/deepseek-chat', tokens: [2317, 0, 0, 53, 0], cost: 7651 },

  'vllm/text-stream': { model: 'meta-llama/Llama-3.3-70B-Instruct', tokens: [46, 0, 0, 14, 0], cost: null },
  // 214 - 64
  'vllm/tool-answer': { model: 'zai/GLM-5.2', tokens: [150, 64, 0, 54, 20], cost: null },
  'vllm/tool-call': { model: 'zai/GLM-5.2', tokens: [167, 0, 0, 37, 25], cost: null }
}

const PAIRS: Record<string, string> = { 'openai-compatible': 'openai' }
const PROVIDERS = ['anthropic', 'deepseek', 'gemini', 'openai-compatible', 'openrouter', 'vllm']
/** What an answer that refuses is asked of. */
const ANY = 'any-model'

const recordings = PROVIDERS.flatMap(recordingsOf)
let script: Script = response => { response.destroy() }

const upstream = await startUpstream(t, (response, request, n) => request.method === 'GET' ? json(response, {}, 404) : script(response, request, n))
const { app, url } = await startApp(t, {
  config: {
    Providers: PROVIDERS.map(name => ({
      name,
      api_base_url: `${upstream.url}/${name}/${name === 'gemini' ? 'v1beta' : 'v1'}`,
      api_key: 'upstream-secret',
      models: [...new Set([ANY, ...Object.entries(EXPECTED).filter(([recording]) => recording.startsWith(`${name}/`)).map(([, { model }]) => model)])],
      transformer: { use: [PAIRS[name] ?? name] }
    })),
    Router: { default: `anthropic,${ANY}` },
    Prices: [{ provider: 'deepseek', model: 'deepseek-{chat,reasoner}', input: 0.14, output: 0.28, cacheRead: 0.0028 }],
    Usage: { commitWait: 5000 },
    Limits: { requestsPerMinute: 10_000 },
    ...ONE_TRY
  }
})

interface Asked { text: string, row: LedgerTable }

/** Asks for a recorded answer and finds its line in the ledger. */
async function ask (recording: Recording, model: string, stream: boolean, pieces: Buffer[], end?: (response: ServerResponse) => void): Promise<Asked> {
  script = playing(recording, pieces, end)
  const body = { model: `${recording.name.split('/', 1)[0]},${model}`, max_tokens: 1000, stream, messages: [{ role: 'user', content: 'Hi' }] }
  const reply = await fetch(`${url}/v1/messages`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) })
  const text = await reply.text()
  await app.account?.ledger.flush()
  const rows = await app.store?.db.selectFrom('ledger').selectAll().orderBy('began_at', 'desc').orderBy('settled_at', 'desc').execute() ?? []
  const row = rows.find(({ request_id: id }) => !seen.has(id))
  if (row === undefined) throw new Error(`${recording.name} has no line`)
  seen.add(row.request_id)
  return { text, row }
}

const seen = new Set<string>()

t.test('every recorded answer: tokens, cost and who served it', { skip }, async t => {
  const answers = recordings.filter(({ status, name }) => status === 200 && name !== 'openai-compatible/groq-error-mid-stream')
  t.strictSame(answers.map(({ name }) => name).sort(), Object.keys(EXPECTED).sort(), 'each is expected to come to something')
  for (const recording of answers) {
    const { model, served = model, tokens: [input, read, write, output, reasoning], cost } = EXPECTED[recording.name] as Expected
    for (const stream of [true, false]) {
      const { row, text } = await ask(recording, model, stream, cuts.seeded(recording.body.length)(recording.body))
      t.match(row, {
        state: 'ok', last: 1, provider: recording.name.split('/', 1)[0], model, served_model: served, streamed: Number(stream), estimated: 0, input, cache_read: read, cache_write_5m: write, cache_write_1h: 0, output, reasoning, cost
      }, `${recording.name}, ${stream ? 'streamed' : 'plain'}`)
      t.notMatch(text, /"(cost|is_byok|upstream_inference)/, 'what it cost us is not told')
    }
  }
})

t.test('an answer that refuses costs nothing', { skip }, async t => {
  const errors = recordings.filter(({ status }) => status !== 200)
  t.equal(errors.length, 6)
  for (const recording of errors) {
    const { row } = await ask(recording, ANY, true, [recording.body])
    t.match(row, { state: 'failed', input: 0, cache_read: 0, output: 0, cost: 0, estimated: 0, served_model: null }, recording.name)
  }
})

/** An event of the chat-completions wire that says why the answer ended, to its own end. */
const FINISH = /"finish_reason": ?"[^\n]*\n\r?\n/

t.test('an answer that breaks off is estimated, and said to be', { skip }, async t => {
  const streams = recordings.filter(({ status, stream, name }) => status === 200 && stream && EXPECTED[name] !== undefined)
  let broken = 0
  for (const recording of streams) {
    const { model, tokens: [input, read, , output] } = EXPECTED[recording.name] as Expected
    const end = recording.body.indexOf(recording.name.startsWith('anthropic/') ? 'message_delta' : '"usage') - 100
    if (recording.name.startsWith('gemini/') || end < recording.body.length / 2) continue
    const piece = recording.body.subarray(0, end)
    const { row } = await ask(recording, model, true, [piece], response => response.socket?.destroy())
    // Behind its reason to stop an answer is whole, but nobody has counted it.
    t.match(row, { ...(FINISH.test(piece.toString()) ? { state: 'ok', aborted_by: null } : { state: 'failed', aborted_by: 'upstream' }), estimated: 1 }, recording.name)
    t.ok(row.input > 0, 'the prompt was read')
    // What Anthropic counts at its begin is the prompt as it is.
    if (recording.name.startsWith('anthropic/') && recording.name !== 'anthropic/web-search-stream') t.strictSame([row.input, row.cache_read], [input, read])
    t.ok(row.output > 0 && row.output < 4 * output + 50, `${row.output} of ${output}`)
    broken++
  }
  t.ok(broken >= 8)
  const groq = recordings.find(({ name }) => name === 'openai-compatible/groq-error-mid-stream') as Recording
  const { row } = await ask(groq, ANY, true, cuts.every(500)(groq.body))
  t.match(row, { state: 'failed', estimated: 1, served_model: 'openai/gpt-oss-120b' }, 'an error in mid-stream')
  t.ok(row.output > 0)
})
