import type { Losses } from '../../src/message/losses.ts'
import type { Target } from '../../src/provider.ts'
import type { MessagesRequest } from '../../src/wire/anthropic.ts'
import type { ChatRequest } from '../../src/wire/openai-chat.ts'

/** What a model takes as `reasoning_effort`, where it knows the field: beside low, medium and high. */
interface Efforts { none: boolean, xhigh: boolean }

/**
 * Models that know `reasoning_effort`. Others refuse the whole request for it, and Claude Code asks for thinking with
 * every request, so it is sent only where it is known; the provider's option `reasoning_effort` overrides the list.
 * For Grok see https://docs.x.ai/developers/model-capabilities/text/reasoning: grok-4 itself refuses it.
 */
const OTHERS: [RegExp, Efforts][] = [
  [/(^|\/)(o[1-9]|gpt-oss|grok-3-mini)/i, { none: false, xhigh: false }],
  [/(^|\/)grok-4[.-]3/i, { none: true, xhigh: false }],
  [/(^|\/)grok-4[.-]([5-9]|20-multi-agent)/i, { none: false, xhigh: false }]
]

/** OpenAI's hosts, and Azure's, which run its servers. */
const OPENAI_HOST = /(^|\.)(openai|azure)\.com$/

/** Whether a model is one of OpenAI's own that reason: they refuse `max_tokens` and any sampling (https://platform.openai.com/docs/guides/reasoning). */
export function isOpenAiReasoning (model: string): boolean {
  return /(^|\/)o[1-9]/i.test(model) || gptVersion(model) >= 5
}

/** Thinking and effort as `reasoning_effort`; what cannot be said is named. */
export function encodeReasoningEffort (body: ChatRequest, request: MessagesRequest, target: Target, losses: Losses): void {
  const { thinking, output_config: config } = request
  const option = target.provider.options['reasoning_effort']
  const efforts = option === false ? undefined : effortsOf(target.model) ?? (option === true ? { none: false, xhigh: false } : undefined)
  if (efforts === undefined) return nameThinking(request, losses)
  if (option !== true && refusesTools(body, target)) {
    body.reasoning_effort = 'none'
    return nameThinking(request, losses)
  }
  const effort = config?.effort ?? undefined
  if (thinking?.type === 'disabled') {
    if (efforts.none) body.reasoning_effort = 'none'
    else losses.add('thinking')
    if (effort !== undefined) losses.add('output_config.effort')
  } else if (effort !== undefined) body.reasoning_effort = effort === 'max' || effort === 'xhigh' ? efforts.xhigh ? 'xhigh' : 'high' : effort
  else if (thinking?.type === 'enabled') body.reasoning_effort = effortOfBudget(thinking.budget_tokens ?? Infinity)
}

/** From 5.1 on reasoning can be switched off, but not for codex and pro; `xhigh` came with 5.1-codex-max and stayed. The chat models decide themselves. */
export function effortsOf (model: string): Efforts | undefined {
  const version = gptVersion(model)
  if (version >= 5 && /-chat/i.test(model)) return undefined
  if (version >= 5) return { none: version > 5 && !/codex|pro/i.test(model), xhigh: version > 5.1 || /codex-max/i.test(model) }
  return OTHERS.find(([pattern]) => pattern.test(model))?.[1]
}

/** From 5.4 on, OpenAI's chat completions take tools without reasoning only ("Function tools with reasoning_effort are not supported"). */
function refusesTools (body: ChatRequest, { model, provider }: Target): boolean {
  return body.tools !== undefined && gptVersion(model) >= 5.4 && OPENAI_HOST.test(provider.url.hostname)
}

/** 5 for `gpt-5-mini`, 5.1 for `openai/gpt-5.1`; 0 for any other model, be it `gpt-4o` or Azure's `gpt-35-turbo`. */
function gptVersion (model: string): number {
  return Number(/(?:^|\/)gpt-(\d(?:\.\d+)?)(?![\w.])/i.exec(model)?.[1] ?? 0)
}

/** A thinking budget as an effort: the thresholds of OpenRouter's ratios for a 32,000-token answer. */
function effortOfBudget (budget: number): string {
  return budget <= 4000 ? 'low' : budget <= 16_000 ? 'medium' : 'high'
}

/** What asks for thinking cannot be said; what asks for none needs no saying to a model that does not think. */
export function nameThinking ({ thinking, output_config: config }: MessagesRequest, losses: Losses): void {
  if (thinking && thinking.type !== 'disabled') losses.add('thinking')
  if (config?.effort) losses.add('output_config.effort')
}
