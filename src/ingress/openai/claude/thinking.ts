import type { ClaudeRules } from '../../../target.ts'
import type { MessagesRequest } from '../../../wire/anthropic.ts'

/** The share of an answer that thinking may take, as OpenRouter takes it (https://openrouter.ai/docs/use-cases/reasoning-tokens). */
const SHARE: Readonly<Record<string, number>> = { low: 0.2, medium: 0.5, high: 0.8, xhigh: 0.95, max: 0.95 }
/** Anthropic takes no lower budget, and some of the answer must be left. */
const LEAST_BUDGET = 1024

const EFFORT = 'reasoning_effort'
const BUDGET = 'reasoning.max_tokens'

/**
 * Thinking in the way in which the model can be asked for it; none beside a forced call, where that can be
 * (https://platform.claude.com/docs/en/build-with-claude/extended-thinking).
 */
export function fitThinking (request: MessagesRequest, rules: ClaudeRules, lost: string[]): void {
  if (isForced(request) && rules.forcedCalls === false) unforce(request, lost)
  if (isForced(request)) beforeCall(request, rules, lost)
  else if (isOn(request)) fitDepth(request, rules, lost)
  else if (request.thinking && rules.off !== undefined) {
    if (rules.off === 'never') withoutThinking(request, lost)
    else request.thinking = { type: rules.off }
  }
  if (rules.thinking === 'budget') withoutEffort(request)
  else if (rules.xhigh === false && request.output_config?.effort === 'xhigh') request.output_config = { ...request.output_config, effort: 'high' }
  // Those that think as they see fit show nothing of it unless they are told to.
  if (rules.thinking === 'adaptive' && isOn(request)) request.thinking = { type: 'adaptive', display: 'summarized' }
}

/** Whether the model is asked to think. */
export function isOn ({ thinking }: MessagesRequest): boolean {
  return thinking !== undefined && thinking !== null && thinking.type !== 'disabled' && thinking.type !== 'between_tools'
}

function isForced ({ tool_choice: choice }: MessagesRequest): boolean {
  return choice?.type === 'any' || choice?.type === 'tool'
}

/** The model may call, and need not. */
function unforce (request: MessagesRequest, lost: string[]): void {
  const { disable_parallel_tool_use: single } = request.tool_choice as { disable_parallel_tool_use?: boolean }
  request.tool_choice = { type: 'auto', ...(single !== undefined && { disable_parallel_tool_use: single }) }
  lost.push('tool_choice')
}

/** The call is what the client waits for. */
function beforeCall (request: MessagesRequest, { thinksUnasked, off }: ClaudeRules, lost: string[]): void {
  withoutThinking(request, isOn(request) ? lost : [])
  if (thinksUnasked && off === undefined) request.thinking = { type: 'disabled' }
}

function fitDepth (request: MessagesRequest, rules: ClaudeRules, lost: string[]): void {
  const { thinking } = request
  if (thinking?.type === 'adaptive') {
    if (rules.thinking === 'budget') asBudget(request, lost)
  } else if (rules.thinking === 'adaptive') asEffort(request)
  else withinLimit(request, thinking?.budget_tokens ?? 0, BUDGET, lost)
}

function withoutThinking (request: MessagesRequest, lost: string[]): void {
  delete request.thinking
  withoutEffort(request)
  lost.push(EFFORT)
}

function withoutEffort (request: MessagesRequest): void {
  const { effort: _, ...config } = request.output_config ?? {}
  if (Object.keys(config).length > 0) request.output_config = config
  else delete request.output_config
}

function asBudget (request: MessagesRequest, lost: string[]): void {
  const share = SHARE[request.output_config?.effort ?? 'medium'] ?? 0.5
  withinLimit(request, Math.floor(request.max_tokens * share), EFFORT, lost)
}

function asEffort (request: MessagesRequest): void {
  const share = (request.thinking?.budget_tokens ?? 0) / request.max_tokens
  const effort = (['low', 'medium'] as const).find(each => share <= (SHARE[each] ?? 0)) ?? 'high'
  request.thinking = { type: 'adaptive' }
  request.output_config = { ...request.output_config, effort }
}

/** A budget that leaves something of the answer. @param name of the field that asked for it */
function withinLimit (request: MessagesRequest, wanted: number, name: string, lost: string[]): void {
  const most = wanted < request.max_tokens ? wanted : Math.floor(request.max_tokens * 0.8)
  const tokens = Math.max(LEAST_BUDGET, most)
  if (tokens < request.max_tokens) request.thinking = { type: 'enabled', budget_tokens: tokens }
  else {
    delete request.thinking
    lost.push(name)
  }
}
