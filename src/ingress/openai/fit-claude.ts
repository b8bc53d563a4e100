import type { Capabilities } from '../../target.ts'
import type { MessagesRequest } from '../../wire/anthropic.ts'

/** The share of an answer that thinking may take, as OpenRouter takes it (https://openrouter.ai/docs/use-cases/reasoning-tokens). */
const SHARE: Readonly<Record<string, number>> = { low: 0.2, medium: 0.5, high: 0.8, xhigh: 0.95, max: 0.95 }
/** Anthropic takes no lower budget, and some of the answer must be left. */
const LEAST_BUDGET = 1024
/** OpenAI's temperatures go up to 2, Anthropic's to 1. */
const WARMEST = 1

/**
 * What OpenAI's clients may combine, and the Messages API refuses (https://platform.claude.com/docs/en/build-with-claude/extended-thinking):
 * thinking beside a forced call or a temperature, an effort where the model wants a budget, a temperature above 1.
 * @param request as it was decoded; it is changed in place
 * @returns names of the client's fields that are lost by it
 */
export function fitClaude (request: MessagesRequest, { adaptive }: Pick<Capabilities, 'adaptive'>): string[] {
  const lost: string[] = []
  const forced = request.tool_choice?.type === 'any' || request.tool_choice?.type === 'tool'
  if (isOn(request) && forced) {
    withoutThinking(request)
    lost.push('reasoning_effort')
  }
  if (adaptive === false && request.thinking?.type === 'adaptive') budget(request, lost)
  if (isOn(request)) {
    for (const field of ['temperature', 'top_p', 'top_k'] as const) {
      if (request[field] === undefined) continue
      delete request[field]
      lost.push(field)
    }
  }
  if (typeof request.temperature === 'number' && request.temperature > WARMEST) request.temperature = WARMEST
  return lost
}

function isOn ({ thinking }: MessagesRequest): boolean {
  return thinking !== undefined && thinking !== null && thinking.type !== 'disabled'
}

function withoutThinking (request: MessagesRequest): void {
  delete request.thinking
  const { effort: _, ...config } = request.output_config ?? {}
  if (Object.keys(config).length > 0) request.output_config = config
  else delete request.output_config
}

/** Tokens in the place of an effort. */
function budget (request: MessagesRequest, lost: string[]): void {
  const tokens = Math.max(LEAST_BUDGET, Math.floor(request.max_tokens * (SHARE[request.output_config?.effort ?? 'medium'] ?? 0.5)))
  withoutThinking(request)
  if (tokens < request.max_tokens) request.thinking = { type: 'enabled', budget_tokens: tokens }
  else lost.push('reasoning_effort')
}
