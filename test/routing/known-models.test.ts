import t from 'tap'
import type { Capabilities } from '../../src/provider.ts'
import { knownCapabilities, knownLongWindow } from '../../src/routing/known-models.ts'

const SEEING = { vision: true, tools: true, thinking: true }
const BLIND = { vision: false, tools: true, thinking: true }
const PLAIN = { vision: false, tools: true, thinking: false }

const BY_ITSELF = { thinking: 'adaptive', sampling: 'none', prefill: false } as const
const UNASKED = { ...BY_ITSELF, thinksUnasked: true } as const
const UNFORCED = { ...UNASKED, forcedCalls: false } as const

const CASES: Record<string, Capabilities> = {
  'claude-fable-5': { ...SEEING, claude: { ...UNASKED, off: 'never' }, contextWindow: 1_000_000, maxOutput: 128_000 },
  'claude-opus-4-8': { ...SEEING, claude: BY_ITSELF, contextWindow: 1_000_000, maxOutput: 128_000 },
  'claude-fable-5-1': { ...SEEING, claude: { ...UNFORCED, off: 'never' }, contextWindow: 1_000_000, maxOutput: 128_000 },
  'claude-opus-5-5': { ...SEEING, claude: { ...UNFORCED, off: 'never' }, contextWindow: 1_000_000, maxOutput: 128_000 },
  'anthropic/claude-sonnet-5.5': { ...SEEING, claude: { ...UNFORCED, off: 'between_tools' }, contextWindow: 1_000_000, maxOutput: 128_000 },
  'claude-opus-4-6': { ...SEEING, claude: { sampling: 'one', prefill: false, xhigh: false }, contextWindow: 1_000_000, maxOutput: 128_000 },
  'claude-sonnet-5': { ...SEEING, claude: UNASKED, contextWindow: 1_000_000, maxOutput: 128_000 },
  'claude-haiku-5-5': { ...SEEING, claude: UNFORCED, contextWindow: 1_000_000, maxOutput: 128_000 },
  'claude-haiku-4-5-20251001': { ...SEEING, claude: { thinking: 'budget', sampling: 'one' }, contextWindow: 200_000, maxOutput: 64_000 },
  'claude-sonnet-4-5': { ...SEEING, claude: { thinking: 'budget', sampling: 'one' }, contextWindow: 200_000, maxOutput: 64_000 },
  'claude-sonnet-4-20250514': { ...SEEING, claude: { thinking: 'budget' }, contextWindow: 200_000, maxOutput: 64_000 },
  'claude-opus-4-1-20250805': { ...SEEING, claude: { thinking: 'budget', sampling: 'one' }, contextWindow: 200_000, maxOutput: 32_000 },
  'anthropic/claude-3.7-sonnet:thinking': { ...SEEING, claude: { thinking: 'budget' }, contextWindow: 200_000, maxOutput: 64_000 },
  'claude-3-5-sonnet-latest': { claude: { thinking: 'budget' }, vision: true, tools: true, thinking: false, contextWindow: 200_000, maxOutput: 8_192 },
  'claude-3-5-haiku-20241022': { claude: { thinking: 'budget' }, tools: true, thinking: false, contextWindow: 200_000, maxOutput: 8_192 },
  'claude-3-haiku-20240307': { claude: { thinking: 'budget' }, vision: true, tools: true, thinking: false, contextWindow: 200_000, maxOutput: 4_096 },
  'gpt-4o': { vision: true, tools: true, thinking: false, contextWindow: 128_000, maxOutput: 16_384 },
  'openai/gpt-4.1-mini': { vision: true, tools: true, thinking: false, contextWindow: 1_047_576, maxOutput: 32_768 },
  'gpt-5-2025-08-07': { ...SEEING, contextWindow: 400_000, maxOutput: 128_000 },
  'openai/gpt-5.1-codex-max': { ...SEEING, contextWindow: 400_000, maxOutput: 128_000 },
  'gpt-5.4': { ...SEEING, contextWindow: 1_050_000, maxOutput: 128_000 },
  'gpt-5.4-mini': { ...SEEING, contextWindow: 400_000, maxOutput: 128_000 },
  'o4-mini-high': { ...SEEING, contextWindow: 200_000, maxOutput: 100_000 },
  'o3-mini': { ...BLIND, contextWindow: 200_000, maxOutput: 100_000 },
  'gpt-oss:120b': { ...BLIND, contextWindow: 131_072 },
  'openai.gpt-oss-120b-1:0': { ...BLIND, contextWindow: 131_072 },
  'gemini-2.0-flash-001': { vision: true, tools: true, thinking: false, contextWindow: 1_048_576, maxOutput: 8_192 },
  'google/gemini-2.5-pro-preview-05-06': { ...SEEING, contextWindow: 1_048_576, maxOutput: 65_536 },
  'gemini-3-flash-preview': { ...SEEING, contextWindow: 1_048_576, maxOutput: 65_536 },
  'gemini-3.8-flash': { ...SEEING, contextWindow: 1_048_576, maxOutput: 65_536 },
  'deepseek-chat': PLAIN,
  'deepseek-reasoner': BLIND,
  'deepseek-flash': { ...SEEING, contextWindow: 1_000_000, maxOutput: 384_000 },
  'deepseek-v4-pro': { tools: true, thinking: true, contextWindow: 1_000_000, maxOutput: 384_000 },
  'deepseek-v4-flash': { tools: true, thinking: true, contextWindow: 1_000_000, maxOutput: 384_000 },
  'deepseek-v3-250324': { ...PLAIN, contextWindow: 163_840 },
  'deepseek-ai/DeepSeek-V3.1-Terminus': { ...BLIND, contextWindow: 163_840 },
  'deepseek-ai/DeepSeek-R1-Distill-Llama-70B': { vision: false, thinking: true },
  'Qwen/Qwen3-Coder-480B-A35B-Instruct-FP8': { ...PLAIN, contextWindow: 262_144 },
  'qwen3-coder-plus': { ...PLAIN, contextWindow: 1_048_576, maxOutput: 65_536 },
  'Qwen/Qwen3-235B-A22B-Thinking-2507': { ...BLIND, contextWindow: 262_144 },
  'qwen3-32b': { vision: false, tools: true },
  'qwen/qwen3-vl-235b-a22b-thinking': { vision: true, thinking: true },
  'qwen2.5vl:7b': { vision: true },
  'qwen2.5-coder:latest': { vision: false, thinking: false },
  'qwq-32b': { vision: false, thinking: true, contextWindow: 131_072 },
  'z-ai/glm-4.5-air:free': { ...BLIND, contextWindow: 131_072 },
  'glm-4.5v': { ...SEEING, contextWindow: 65_536 },
  'glm-4.6': { ...BLIND, contextWindow: 204_800 },
  'accounts/fireworks/models/glm-4p7': { ...BLIND, contextWindow: 204_800 },
  'moonshotai/kimi-k2': { ...PLAIN, contextWindow: 262_144 },
  'kimi-k2-thinking-turbo': { ...BLIND, contextWindow: 262_144 },
  'accounts/fireworks/models/kimi-k2p5': { ...SEEING, contextWindow: 262_144 },
  'MiniMax-M2': { ...BLIND, contextWindow: 204_800 },
  'devstral-2512': { ...PLAIN, contextWindow: 262_144 },
  'mistralai/devstral-small-2505': { ...PLAIN, contextWindow: 131_072 },
  'codestral-latest': { vision: false, thinking: false, contextWindow: 262_144 },
  'mistral-large-2411': { ...PLAIN, contextWindow: 131_072 },
  'mistral-medium-3.1': { vision: true },
  'accounts/fireworks/models/llama-v3p3-70b-instruct': { vision: false, thinking: false, contextWindow: 131_072 },
  'meta-llama/llama-4-maverick': { vision: true, thinking: false, contextWindow: 1_048_576 },
  'x-ai/grok-4': { ...SEEING, contextWindow: 256_000 },
  'grok-4-fast-non-reasoning': { vision: true, tools: true, thinking: false, contextWindow: 2_000_000 },
  'grok-code-fast-1': { tools: true, contextWindow: 256_000 }
}

for (const [model, expected] of Object.entries(CASES)) {
  t.test(model, async t => {
    t.strictSame(withoutUnknown(knownCapabilities(model)), expected)
  })
}

t.test('vendors, tags, dates and cases around a name say nothing', async t => {
  const names = ['claude-sonnet-4-5', 'claude-sonnet-4-5-20250929', 'Claude-Sonnet-4.5', 'anthropic/claude-sonnet-4.5', '~anthropic/claude-sonnet-4.5:online', 'claude-4.5-sonnet',
    'us.anthropic.claude-sonnet-4-5-20250929-v1:0', 'claude-sonnet-4-5@20250929', 'anthropic--claude-4.5-sonnet', 'databricks-claude-sonnet-4-5', 'claude-sonnet-4-5-latest']
  for (const name of names) t.strictSame(knownCapabilities(name), knownCapabilities('claude-sonnet-4-5'), name)
})

t.test('a Claude that is asked for by its long window has it', async t => {
  t.equal(knownCapabilities('claude-sonnet-4-5[1m]').contextWindow, 1_000_000)
  t.equal(knownCapabilities('anthropic/claude-sonnet-4.5[1M]').contextWindow, 1_000_000)
  t.equal(knownCapabilities('gpt-4o[1m]').contextWindow, 128_000)
})

t.test('the window that the beta of long contexts gives', async t => {
  for (const name of ['claude-sonnet-4-5', 'us.anthropic.claude-sonnet-4-20250514-v1:0', 'claude-4-sonnet']) t.equal(knownLongWindow(name), 1_000_000, name)
  for (const name of ['claude-opus-4-8', 'claude-sonnet-4-6', 'claude-3-5-sonnet-latest', 'claude-haiku-4-5', 'claude-opus-4-1', 'claude-sonnet-4-5[1m]', 'claude-opus-6', 'o3-mini', 'gpt-5', '']) t.equal(knownLongWindow(name), undefined, name)
})

t.test('of what is not known nothing is said', async t => {
  const names = ['', 'demo', 'my-model', 'claude', 'claude-opus-6', 'claude-haiku-5', 'gpt-5-chat-latest', 'gpt-4o-search-preview', 'gpt-5.9', 'gemini-2.5-flash-image', 'gemini-4-argon', 'glm-5.3', 'kimi-k3', 'kimi-k2.9',
    'deepseek-v5', 'qwen4-coder', 'minimax-m2-her', 'llama-3.3-nemotron-super-49b-v1.5', 'nousresearch/hermes-3-llama-3.1-405b', 'gemma-4-31b-claude-4.6-opus-reasoning-distilled', 'grok-4.20', 'mistral-small-2501']
  for (const name of names) t.strictSame(knownCapabilities(name), {}, name)
})

t.test('sizes and dates are not taken for versions', async t => {
  t.equal(knownCapabilities('qwen3-8b').thinking, undefined)
  t.strictSame(withoutUnknown(knownCapabilities('qwen3-8b')), { vision: false, tools: true })
  t.equal(knownCapabilities('claude-opus-4-20250514').maxOutput, 32_000)
})

function withoutUnknown (capabilities: Capabilities): Capabilities {
  return Object.fromEntries(Object.entries(capabilities).filter(([, value]) => value !== undefined))
}
