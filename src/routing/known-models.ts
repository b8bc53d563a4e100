import type { Capabilities, ClaudeRules } from '../target.ts'

/** What a model can do, and which names mean it: `match` is tried on the name as `plainName` makes it. */
interface KnownModel extends Capabilities { match: RegExp }

const LONG_WINDOW = 1_000_000
const NEWER_CLAUDE = { vision: true, tools: true, thinking: true, contextWindow: LONG_WINDOW, maxOutput: 128_000 }
const CLAUDE = { vision: true, tools: true, thinking: true, contextWindow: 200_000 }
/** What they take since Opus 4.7, since the fives, and since Fable 5.1. */
const BY_ITSELF: ClaudeRules = { thinking: 'adaptive', sampling: 'none', prefill: false }
const UNASKED: ClaudeRules = { ...BY_ITSELF, thinksUnasked: true }
const UNFORCED: ClaudeRules = { ...UNASKED, forcedCalls: false }
const OLDER_CLAUDE = { vision: true, tools: true, thinking: false, claude: { thinking: 'budget' }, contextWindow: 200_000 } as const
const SEEING = { vision: true, tools: true, thinking: true }
const BLIND = { vision: false, tools: true, thinking: true }
const PLAIN = { vision: false, tools: true, thinking: false }

/**
 * Common models, as of November 2026; the first that matches counts. What is not known for certain is left out, as a wrong
 * `vision: false` drops a user's picture and a wrong window sends a conversation away. So are models newer than the list.
 *
 * Of open weights, which anyone may host, the window is the longest they were made for and the limit of output is not
 * told: both are the host's choice. Sources: platform.claude.com/docs/en/models, api-docs.deepseek.com/quick_start/pricing,
 * Google's model pages, and for the rest models.dev and LiteLLM's table of July 2026, where their entries agree.
 */
const MODELS: readonly KnownModel[] = [
  { match: /^claude-(fable|mythos)-5(?![.\d])/, ...NEWER_CLAUDE, claude: { ...UNASKED, off: 'never' } },
  { match: /^claude-((fable|mythos)-5\.[12]|opus-5\.5)(?![.\d])/, ...NEWER_CLAUDE, claude: { ...UNFORCED, off: 'never' } },
  { match: /^claude-sonnet-5\.5(?![.\d])/, ...NEWER_CLAUDE, claude: { ...UNFORCED, off: 'between_tools' } },
  { match: /^claude-haiku-5\.5(?![.\d])/, ...NEWER_CLAUDE, claude: UNFORCED },
  { match: /^claude-(opus|sonnet)-5(?![.\d])/, ...NEWER_CLAUDE, claude: UNASKED },
  { match: /^claude-opus-4\.[78](?!\d)/, ...NEWER_CLAUDE, claude: BY_ITSELF },
  { match: /^claude-(opus|sonnet)-4\.6(?!\d)/, ...NEWER_CLAUDE, claude: { sampling: 'one', prefill: false, xhigh: false } },
  { match: /^claude-(opus|sonnet|haiku)-4\.5(?!\d)/, ...CLAUDE, claude: { thinking: 'budget', sampling: 'one' }, maxOutput: 64_000 },
  { match: /^claude-sonnet-(4(\.0)?|3\.7)(?![.\d])/, ...CLAUDE, claude: { thinking: 'budget' }, maxOutput: 64_000 },
  { match: /^claude-opus-4\.1(?![.\d])/, ...CLAUDE, claude: { thinking: 'budget', sampling: 'one' }, maxOutput: 32_000 },
  { match: /^claude-opus-4(\.0)?(?![.\d])/, ...CLAUDE, claude: { thinking: 'budget' }, maxOutput: 32_000 },
  { match: /^claude-sonnet-3\.5(?!\d)/, ...OLDER_CLAUDE, maxOutput: 8_192 },
  // It learnt to see at Anthropic, not at every host.
  { match: /^claude-haiku-3\.5(?!\d)/, ...OLDER_CLAUDE, vision: undefined, maxOutput: 8_192 },
  { match: /^claude-(opus|sonnet|haiku)-3(?![.\d])/, ...OLDER_CLAUDE, maxOutput: 4_096 },

  { match: /^gpt-4o-2024-05-13/, vision: true, tools: true, thinking: false, contextWindow: 128_000, maxOutput: 4_096 },
  { match: /^gpt-4o(-mini)?(-\d{4}-\d\d-\d\d)?$/, vision: true, tools: true, thinking: false, contextWindow: 128_000, maxOutput: 16_384 },
  { match: /^gpt-4\.1(-mini|-nano)?(?![.\da-z])/, vision: true, tools: true, thinking: false, contextWindow: 1_047_576, maxOutput: 32_768 },
  { match: /^gpt-5(\.[123])?-(chat|instant|codex-spark|image|search)/ },
  { match: /^gpt-5(\.1|\.2)?-pro|^gpt-5\.4-(mini|nano)|^gpt-5(\.[123])?(-codex|-mini|-nano)*(-max)?(?![.\da-z])/, ...SEEING, contextWindow: 400_000, maxOutput: 128_000 },
  { match: /^gpt-5\.[456](-pro|-sol)?(-\d{4}-\d\d-\d\d)?$/, ...SEEING, contextWindow: 1_050_000, maxOutput: 128_000 },
  { match: /^gpt-oss(?!-safeguard)/, ...BLIND, contextWindow: 131_072 },
  { match: /^o3-mini/, ...BLIND, contextWindow: 200_000, maxOutput: 100_000 },
  { match: /^o(1|3|3-pro|4-mini)(-high|-\d{4}-\d\d-\d\d)?$/, ...SEEING, contextWindow: 200_000, maxOutput: 100_000 },

  { match: /^gemini-.*(image|tts|live|audio|embedding|robotics|computer)/ },
  { match: /^gemini-2\.0-flash(-lite)?(-001)?$/, vision: true, tools: true, thinking: false, contextWindow: 1_048_576, maxOutput: 8_192 },
  { match: /^gemini-(2\.5|3|3\.[0-8])-(pro|flash|flash-lite)(?![a-z])/, ...SEEING, contextWindow: 1_048_576, maxOutput: 65_536 },

  { match: /^deepseek-r1-.*(distill|qwen|llama)/, vision: false, thinking: true },
  { match: /^deepseek-r1/, vision: false, thinking: true, contextWindow: 163_840 },
  { match: /^deepseek-v3\.2-speciale/, vision: false, tools: false, thinking: true, contextWindow: 163_840 },
  { match: /^deepseek-(chat-)?v3\.[12]/, ...BLIND, contextWindow: 163_840 },
  { match: /^deepseek-(chat-)?v3(?![.p])/, ...PLAIN, contextWindow: 163_840 },
  { match: /^deepseek-v4-pro/, tools: true, thinking: true, contextWindow: 1_000_000, maxOutput: 384_000 },
  // The weights of V4 Flash are blind; under its name DeepSeek itself serves V4.1, which sees.
  { match: /^deepseek-v4-flash(?!-vision)/, tools: true, thinking: true, contextWindow: 1_000_000, maxOutput: 384_000 },
  { match: /^deepseek-(flash$|v4\.1-flash|v4-flash-vision)/, ...SEEING, contextWindow: 1_000_000, maxOutput: 384_000 },
  // OpenRouter calls the old V3 deepseek-chat: no window.
  { match: /^deepseek-chat$/, ...PLAIN },
  { match: /^deepseek-reasoner$/, ...BLIND },

  { match: /^qwen-?3-coder-(plus|flash)/, ...PLAIN, contextWindow: 1_048_576, maxOutput: 65_536 },
  { match: /^qwen-?3-coder/, ...PLAIN, contextWindow: 262_144 },
  { match: /^qwen-?2\.5-coder/, vision: false, thinking: false },
  { match: /^qwen-?3-?(vl|omni).*thinking/, vision: true, thinking: true },
  { match: /^qwen-?((2|2\.5|3)-?(vl|omni)|vl-|omni-)/, vision: true },
  { match: /^qvq-/, vision: true, thinking: true },
  { match: /^qwq-(32b|plus)(?!-preview)/, vision: false, thinking: true, contextWindow: 131_072 },
  { match: /^qwen-?3-.*thinking-2507/, ...BLIND, contextWindow: 262_144 },
  { match: /^qwen-?3-.*2507/, ...PLAIN, contextWindow: 262_144 },
  { match: /^qwen-?3-(max|next)(?!\w)/, vision: false, tools: true, contextWindow: 262_144 },
  { match: /^qwen-?3-(235b|32b|30b|14b|8b|4b|1\.7b|0\.6b)/, vision: false, tools: true },
  { match: /^qwen-?3\.[56]-(plus|flash)|^qwen-?3\.7-plus/, ...SEEING, contextWindow: 1_000_000, maxOutput: 65_536 },
  { match: /^qwen-?3\.7-max/, ...BLIND, contextWindow: 1_000_000, maxOutput: 65_536 },
  { match: /^qwen-?3\.[56]-\d+b/, ...SEEING, contextWindow: 262_144 },

  { match: /^glm-4\.5v/, ...SEEING, contextWindow: 65_536 },
  { match: /^glm-4\.6v/, ...SEEING, contextWindow: 131_072 },
  { match: /^glm-5v/, ...SEEING, contextWindow: 204_800 },
  { match: /^glm-4\.5(?![.\dv])/, ...BLIND, contextWindow: 131_072 },
  { match: /^glm-(4\.[67]|5|5\.1)(?![.\dv])/, ...BLIND, contextWindow: 204_800 },
  { match: /^glm-5\.2(?!\d)/, ...BLIND, contextWindow: 1_048_576 },

  { match: /^kimi-k2\.[567](?!\d)/, ...SEEING, contextWindow: 262_144 },
  { match: /^kimi-k2-thinking/, ...BLIND, contextWindow: 262_144 },
  { match: /^kimi-k2-(instruct-)?0711/, ...PLAIN, contextWindow: 131_072 },
  { match: /^kimi-k2(?![.\d])/, ...PLAIN, contextWindow: 262_144 },
  { match: /^minimax-m3(?![.\d])/, ...SEEING, contextWindow: 1_048_576 },
  { match: /^minimax-m2(\.[157])?(?![.\d]|-her)/, ...BLIND, contextWindow: 204_800 },

  { match: /^devstral-small-(2(?!\d)|2512)/, vision: true, tools: true, thinking: false, contextWindow: 262_144 },
  { match: /^devstral-(2(?!\d)|2512|medium-latest)/, ...PLAIN, contextWindow: 262_144 },
  { match: /^devstral-(small|medium)-25(05|07)/, ...PLAIN, contextWindow: 131_072 },
  { match: /^(codestral|mistral-code)-(25|latest)/, vision: false, thinking: false, contextWindow: 262_144 },
  { match: /^mistral-large-(2512|3(?!\d)|latest)/, vision: true, tools: true, thinking: false, contextWindow: 262_144 },
  { match: /^mistral-large-24(07|11)/, ...PLAIN, contextWindow: 131_072 },
  { match: /^mistral-medium-(3(?!\d)|25|26|latest)|^mistral-small-(3\.[12]|2503|2506|2603|latest)|^pixtral-/, vision: true },

  { match: /^llama-?v?3\.2-(11|90)b/, vision: true, thinking: false, contextWindow: 131_072 },
  { match: /^llama-?v?3\.[13](?!.*nemotron)/, vision: false, thinking: false, contextWindow: 131_072 },
  { match: /^llama-?v?4-maverick/, vision: true, thinking: false, contextWindow: 1_048_576 },
  { match: /^llama-?v?4-scout/, vision: true, thinking: false },

  { match: /^grok-3-mini/, ...BLIND, contextWindow: 131_072 },
  { match: /^grok-3(?![.\da-z])/, ...PLAIN, contextWindow: 131_072 },
  { match: /^grok-(4|4\.1)-fast(?!.*non-reasoning)/, ...SEEING, contextWindow: 2_000_000 },
  { match: /^grok-(4|4\.1)-fast/, vision: true, tools: true, thinking: false, contextWindow: 2_000_000 },
  { match: /^grok-4\.3(?!\d)/, ...SEEING, contextWindow: 1_000_000 },
  { match: /^grok-4(-0709|-latest)?$/, ...SEEING, contextWindow: 256_000 },
  { match: /^grok-code-fast-1/, tools: true, contextWindow: 256_000 }
]

const NOTHING: Capabilities = Object.freeze({})

/**
 * What a model can do, so far as the gateway knows it from its name alone.
 * @param model the model as a provider calls it, with whatever vendor, date, tag or host's own version stands around it
 */
export function knownCapabilities (model: string): Capabilities {
  const name = plainName(model)
  const known = MODELS.find(({ match }) => match.test(name))
  if (known === undefined) return NOTHING
  const { match, ...capabilities } = known
  return name.startsWith('claude-') && /\[1m\]/i.test(model) ? { ...capabilities, contextWindow: LONG_WINDOW } : capabilities
}

/** Whom Anthropic gives a longer window for its beta of long contexts: platform.claude.com/docs/en/build-with-claude/context-windows. */
const LONG_BY_BETA = /^claude-sonnet-4(\.[05])?(?![.\d])/

/** The window that a model has where a request names the beta of long contexts; undefined for those that it does not change. */
export function knownLongWindow (model: string): number | undefined {
  return LONG_BY_BETA.test(plainName(model)) && knownCapabilities(model).contextWindow !== LONG_WINDOW ? LONG_WINDOW : undefined
}

/** `us.anthropic.Claude-3-5-Sonnet-v2:0` → `claude-sonnet-3.5-v2`: without vendor and tag, and versions with a dot. */
function plainName (model: string): string {
  const id = model.toLowerCase().replace(/\[1m\]/, '').split(/[:@]/, 1)[0] ?? ''
  return id.slice(id.lastIndexOf('/') + 1)
    .replace(/^([a-z-]+\.)+(?=[a-z])/, '')
    .replace(/^(anthropic|databricks|openai|google|meta|labs)-+/, '')
    // Hosts write 4.5 as 4-5 or 4p5; `3-8b` and `4-20250514` are no versions.
    .replace(/(\d)[-_p](\d)(?![\da-z])/g, '$1.$2')
    .replace(/^claude-(\d(?:\.\d)?)-(opus|sonnet|haiku)/, 'claude-$2-$1')
}
