import type { Losses } from '../../src/message/losses.ts'
import type { ModelReasoning, Target } from '../../src/provider.ts'
import type { MessagesRequest } from '../../src/wire/anthropic.ts'
import type { ChatRequest } from '../../src/wire/openai-chat.ts'
import { effortsOf } from '../openai-compatible/reasoning-effort.ts'

/** What part of `max_tokens` an effort comes to, by OpenRouter's own reckoning. */
const SHARES = new Map([['minimal', 0.1], ['low', 0.2], ['medium', 0.5], ['high', 0.8], ['xhigh', 0.95]])
/** What is asked of a model that takes any effort. */
const COMMON = ['low', 'medium', 'high']

/** Models that always think, beside OpenAI's and xAI's; spoken of as long as OpenRouter itself has not said it. */
const MANDATORY = /(^|\/)(gemini-(3|2\.5-pro)|deepseek-r1|minimax-m\d|grok-(4(-\d{4})?$|code)|qwq)|[-:]thinking(-\d+)?$/i

/**
 * Thinking as OpenRouter's `reasoning` (https://openrouter.ai/docs/use-cases/reasoning-tokens). Effort and a budget
 * exclude one another there, so the client's effort speaks only where there is no budget. For Claude, effort shapes the
 * whole answer and not just the thinking: `verbosity` is what OpenRouter turns into it.
 */
export function encodeReasoning (body: ChatRequest, request: MessagesRequest, target: Target, losses: Losses): void {
  const { thinking, output_config: config } = request
  const effort = config?.effort ?? undefined
  const reasoning = reasoningOf(request, effort, traitsOf(target))
  if (reasoning !== undefined) body['reasoning'] = reasoning
  // "Reasoning is mandatory for this endpoint and cannot be disabled."
  else if (thinking?.type === 'disabled') losses.add('thinking')
  if (effort === undefined) return
  if (/claude/i.test(target.model)) body['verbosity'] = effort
  else if (reasoning?.['effort'] !== effort) losses.add('output_config.effort')
}

function reasoningOf ({ thinking, max_tokens: limit }: MessagesRequest, effort: string | undefined, traits: ModelReasoning): Record<string, unknown> | undefined {
  if (!thinking) return undefined
  if (thinking.type === 'disabled') return traits.mandatory ? undefined : { enabled: false }
  const budget = thinking.type === 'enabled' ? thinking.budget_tokens : undefined
  if (budget !== undefined && traits.budget) return { max_tokens: budget }
  const efforts = traits.efforts
  const told = effort ?? (budget === undefined ? undefined : effortOfShare(budget / limit, efforts ?? COMMON))
  return told === undefined || efforts?.length === 0 ? { enabled: true } : { effort: told }
}

/** A budget for a model that takes none, as the effort that comes next to it. */
function effortOfShare (share: number, efforts: readonly string[]): string | undefined {
  const distance = (effort: string): number => Math.abs((SHARES.get(effort) ?? Infinity) - share)
  return efforts.filter(effort => SHARES.has(effort)).sort((a, b) => distance(a) - distance(b))[0]
}

/** What OpenRouter's list says, also of a variant (`:nitro`); else what the model's name tells. */
function traitsOf ({ model, provider: { facts: { reasoning } } }: Target): ModelReasoning {
  return reasoning?.get(model) ?? reasoning?.get(model.replace(/:[^:]*$/, '')) ?? { mandatory: alwaysThinks(model), budget: true, efforts: undefined }
}

function alwaysThinks (model: string): boolean {
  const efforts = effortsOf(model)
  return efforts === undefined ? MANDATORY.test(model.replace(/:(free|nitro|floor|online|exacto)$/, '')) : !efforts.none
}
