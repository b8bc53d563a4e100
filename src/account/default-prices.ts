import type { Price, PriceEntry } from './price.ts'

/** The day on which the prices below were looked up. */
export const DEFAULT_PRICES_DATE = '2026-11-26'

/**
 * Who does not serve a model at its vendor's price, while everyone else does: a server of one's own, where it may be another
 * model under a name that clients know.
 */
export const OWN_SERVERS: readonly string[] = ['*vllm*', '*sglang*', '*ollama*', '*llama*', '*lmstudio*', '*lm-studio*', '*local*', 'demo']
/** DeepSeek's weights are open: only its own API has these prices. */
const DEEPSEEK = 'deepseek{,-api,-anthropic,-beta}'

/** `claude-opus-5-5`, `claude-3-opus-20240229`, `anthropic/claude-opus-5.5` … of these versions. */
function claude (family: string, ...versions: string[]): string {
  const version = anyOf(versions.map(version => version.replace('.', '{-,.}')))
  return `{,anthropic/}claude-{${family}-${version},${version}-${family}}{,-20*,-latest}{,[1m]}`
}

/** Models of OpenAI, also by the day of their snapshot. */
function openai (...names: string[]): string {
  return `{,openai/}${anyOf(names)}{,-20*}`
}

function gemini (...names: string[]): string {
  return `{,google/}gemini-${anyOf(names)}`
}

function anyOf (parts: readonly string[]): string {
  return parts.length === 1 ? parts[0] ?? '' : `{${parts.join(',')}}`
}

/** Two prices of a model: for long prompts and for others. */
function tiered (model: string, above: number, long: Price, short: Price): PriceEntry[] {
  return [{ model, above, ...long }, { model, ...short }]
}

/**
 * Anthropic (https://platform.claude.com/docs/en/about-claude/pricing): writing to the cache costs 1.25 times the input for
 * five minutes, 2 times for an hour; reading from it 0.1 times, with some of the newest models less. Long prompts cost more
 * with Haiku 5.5, and where an older Sonnet still takes them.
 */
const ANTHROPIC: readonly PriceEntry[] = [
  { model: claude('{fable,mythos}', '5.1'), input: 10, output: 50, cacheRead: 0.25, cacheWrite: 12.5, cacheWrite1h: 20 },
  { model: claude('{fable,mythos}', '5'), input: 10, output: 50, cacheRead: 1, cacheWrite: 12.5, cacheWrite1h: 20 },
  { model: claude('opus', '5.5'), input: 4, output: 20, cacheRead: 0.2, cacheWrite: 5, cacheWrite1h: 8 },
  { model: claude('opus', '5', '4.8', '4.7', '4.6', '4.5'), input: 5, output: 25, cacheRead: 0.5, cacheWrite: 6.25, cacheWrite1h: 10 },
  { model: claude('opus', '4.1', '4.0', '4', '3'), input: 15, output: 75, cacheRead: 1.5, cacheWrite: 18.75, cacheWrite1h: 30 },
  { model: claude('sonnet', '5.5'), input: 2, output: 10, cacheRead: 0.1, cacheWrite: 2.5, cacheWrite1h: 4 },
  { model: claude('sonnet', '5'), input: 2, output: 10, cacheRead: 0.2, cacheWrite: 2.5, cacheWrite1h: 4 },
  ...tiered(claude('sonnet', '4.5', '4.0', '4'), 200_000,
    { input: 6, output: 22.5, cacheRead: 0.6, cacheWrite: 7.5, cacheWrite1h: 12 },
    { input: 3, output: 15, cacheRead: 0.3, cacheWrite: 3.75, cacheWrite1h: 6 }),
  { model: claude('sonnet', '4.6', '3.7', '3.5'), input: 3, output: 15, cacheRead: 0.3, cacheWrite: 3.75, cacheWrite1h: 6 },
  ...tiered(claude('haiku', '5.5'), 100_000,
    { input: 0.5, output: 2.5, cacheRead: 0.05, cacheWrite: 0.625, cacheWrite1h: 1 },
    { input: 0.1, output: 0.5, cacheRead: 0.01, cacheWrite: 0.125, cacheWrite1h: 0.2 }),
  { model: claude('haiku', '4.5'), input: 1, output: 5, cacheRead: 0.1, cacheWrite: 1.25, cacheWrite1h: 2 },
  { model: claude('haiku', '3.5'), input: 0.8, output: 4, cacheRead: 0.08, cacheWrite: 1, cacheWrite1h: 1.6 },
  { model: claude('haiku', '3'), input: 0.25, output: 1.25, cacheRead: 0.03, cacheWrite: 0.3, cacheWrite1h: 0.5 }
]

/** Above it, OpenAI's larger models cost 2 times as much for input and 1.5 times for output. */
const OPENAI_LONG = 272_000

/** OpenAI (https://developers.openai.com/api/docs/pricing), standard processing. Writing to the cache costs something since GPT-5.6. */
const OPENAI: readonly PriceEntry[] = [
  ...tiered(openai('gpt-6.2-astra'), OPENAI_LONG,
    { input: 16, output: 60, cacheRead: 0.8, cacheWrite: 20 },
    { input: 8, output: 40, cacheRead: 0.4, cacheWrite: 10 }),
  ...tiered(openai('gpt-6-astra'), OPENAI_LONG,
    { input: 20, output: 75, cacheRead: 2, cacheWrite: 25 },
    { input: 10, output: 50, cacheRead: 1, cacheWrite: 12.5 }),
  ...tiered(openai('gpt-6.2-sol', 'gpt-6.1-sol'), OPENAI_LONG,
    { input: 4, output: 15, cacheRead: 0.2, cacheWrite: 5 },
    { input: 2, output: 10, cacheRead: 0.1, cacheWrite: 2.5 }),
  ...tiered(openai('gpt-6-sol'), OPENAI_LONG,
    { input: 4, output: 15, cacheRead: 0.4, cacheWrite: 5 },
    { input: 2, output: 10, cacheRead: 0.2, cacheWrite: 2.5 }),
  ...tiered(openai('gpt-6-luna'), OPENAI_LONG,
    { input: 0.2, output: 0.75, cacheRead: 0.02, cacheWrite: 0.25 },
    { input: 0.1, output: 0.5, cacheRead: 0.01, cacheWrite: 0.125 }),
  // 4 and 20 by a promotion, which may end any day.
  ...tiered(openai('gpt-5.6', 'gpt-5.6-sol'), OPENAI_LONG,
    { input: 10, output: 45, cacheRead: 1, cacheWrite: 12.5 },
    { input: 5, output: 30, cacheRead: 0.5, cacheWrite: 6.25 }),
  ...tiered(openai('gpt-5.6-terra'), OPENAI_LONG,
    { input: 4, output: 18, cacheRead: 0.4, cacheWrite: 5 },
    { input: 2, output: 12, cacheRead: 0.2, cacheWrite: 2.5 }),
  ...tiered(openai('gpt-5.6-luna'), OPENAI_LONG,
    { input: 0.4, output: 1.8, cacheRead: 0.04, cacheWrite: 0.5 },
    { input: 0.2, output: 1.2, cacheRead: 0.02, cacheWrite: 0.25 }),
  ...tiered(openai('gpt-5.5-pro', 'gpt-5.4-pro'), OPENAI_LONG, { input: 60, output: 270 }, { input: 30, output: 180 }),
  ...tiered(openai('gpt-5.5'), OPENAI_LONG, { input: 10, output: 45, cacheRead: 1 }, { input: 5, output: 30, cacheRead: 0.5 }),
  ...tiered(openai('gpt-5.4'), OPENAI_LONG, { input: 5, output: 22.5, cacheRead: 0.5 }, { input: 2.5, output: 15, cacheRead: 0.25 }),
  { model: openai('gpt-5.4-mini'), input: 0.75, output: 4.5, cacheRead: 0.075 },
  { model: openai('gpt-5.4-nano'), input: 0.2, output: 1.25, cacheRead: 0.02 },
  { model: openai('gpt-5.3-codex', 'gpt-5.3-chat-latest', 'gpt-5.2', 'gpt-5.2-codex', 'gpt-5.2-chat-latest'), input: 1.75, output: 14, cacheRead: 0.175 },
  { model: openai('gpt-5.2-pro'), input: 21, output: 168 },
  { model: openai('gpt-5.1', 'gpt-5.1-codex', 'gpt-5.1-codex-max', 'gpt-5.1-chat-latest', 'gpt-5', 'gpt-5-codex', 'gpt-5-chat-latest'), input: 1.25, output: 10, cacheRead: 0.125 },
  { model: openai('gpt-5-pro'), input: 15, output: 120 },
  { model: openai('gpt-5-mini', 'gpt-5.1-codex-mini'), input: 0.25, output: 2, cacheRead: 0.025 },
  { model: openai('gpt-5-nano'), input: 0.05, output: 0.4, cacheRead: 0.005 },
  { model: openai('gpt-4.1'), input: 2, output: 8, cacheRead: 0.5 },
  { model: openai('gpt-4.1-mini'), input: 0.4, output: 1.6, cacheRead: 0.1 },
  { model: openai('gpt-4.1-nano'), input: 0.1, output: 0.4, cacheRead: 0.025 },
  { model: '{,openai/}gpt-4o-2024-05-13', input: 5, output: 15 },
  { model: openai('gpt-4o'), input: 2.5, output: 10, cacheRead: 1.25 },
  { model: openai('gpt-4o-mini'), input: 0.15, output: 0.6, cacheRead: 0.075 },
  { model: openai('o1'), input: 15, output: 60, cacheRead: 7.5 },
  { model: openai('o1-pro'), input: 150, output: 600 },
  { model: openai('o3'), input: 2, output: 8, cacheRead: 0.5 },
  { model: openai('o3-pro'), input: 20, output: 80 },
  { model: openai('o3-mini', 'o3-mini-high'), input: 1.1, output: 4.4, cacheRead: 0.55 },
  { model: openai('o4-mini', 'o4-mini-high'), input: 1.1, output: 4.4, cacheRead: 0.275 }
]

/** Above it, Google's larger models cost more. */
const GEMINI_LONG = 200_000

/** Google (https://ai.google.dev/gemini-api/docs/pricing), paid tier, text and pictures. */
const GOOGLE: readonly PriceEntry[] = [
  // Half of it until 30 November 2026.
  { model: gemini('4-argon'), input: 4, output: 20, cacheRead: 0.2 },
  { model: gemini('4-neon'), input: 3, output: 15, cacheRead: 0.15 },
  { model: gemini('4-hydrogen'), input: 1.5, output: 7.5, cacheRead: 0.075 },
  // Half of it until 31 December 2026.
  { model: gemini('3.8-flash', '3.7-flash', '3.6-flash'), input: 1.5, output: 7.5, cacheRead: 0.15 },
  { model: gemini('3.5-flash'), input: 1.5, output: 9, cacheRead: 0.15 },
  { model: gemini('3.5-flash-lite'), input: 0.3, output: 2.5, cacheRead: 0.03 },
  { model: gemini('3.1-flash-lite{,-preview}'), input: 0.25, output: 1.5, cacheRead: 0.025 },
  ...tiered(gemini('3.1-pro-preview{,-customtools}', '3-pro-preview'), GEMINI_LONG, { input: 4, output: 18, cacheRead: 0.4 }, { input: 2, output: 12, cacheRead: 0.2 }),
  { model: gemini('3-flash-preview'), input: 0.5, output: 3, cacheRead: 0.05 },
  ...tiered(gemini('2.5-pro'), GEMINI_LONG, { input: 2.5, output: 15, cacheRead: 0.25 }, { input: 1.25, output: 10, cacheRead: 0.125 }),
  { model: gemini('2.5-flash'), input: 0.3, output: 2.5, cacheRead: 0.03 },
  { model: gemini('2.5-flash-lite'), input: 0.1, output: 0.4, cacheRead: 0.01 },
  { model: gemini('2.0-flash{,-001}'), input: 0.1, output: 0.4, cacheRead: 0.025 }
]

/**
 * DeepSeek (https://api-docs.deepseek.com/quick_start/pricing). These are its prices at peak hours (01:00 to 04:00 and 06:00
 * to 10:00 UTC on working days in China); at all others it takes half.
 */
const AT_DEEPSEEK: readonly PriceEntry[] = [
  { model: 'deepseek-{flash,v4-flash,v4-flash-vision-exp}', input: 0.3, output: 1.2, cacheRead: 0.006 },
  { model: 'deepseek-v4-pro', input: 1.32, output: 3.96, cacheRead: 0.044 }
]

/**
 * Vendors' list prices, in US dollars per million tokens. Only what was found at the vendor's own or at several places
 * that agree. Where a price depends on the time, the dearer one stands here, so that no budget is overrun.
 */
export const DEFAULT_PRICES: readonly PriceEntry[] = [
  ...ANTHROPIC, ...OPENAI, ...GOOGLE,
  ...AT_DEEPSEEK.map(entry => ({ ...entry, provider: DEEPSEEK }))
]
