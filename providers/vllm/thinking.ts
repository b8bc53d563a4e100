import type { Losses } from '../../src/message/losses.ts'
import type { OptionSchemas, Target } from '../../src/provider.ts'
import type { MessagesRequest } from '../../src/wire/anthropic.ts'
import { type JsonObject, isJsonObject } from '../../src/wire/json.ts'
import type { ChatRequest } from '../../src/wire/openai-chat.ts'

export const THINKING_OPTIONS = {
  reasoning_effort: {
    type: 'boolean',
    description: 'whether `reasoning_effort` may be sent; false for a server so old that it refuses `none` or `max`'
  },
  thinking_token_budget: {
    type: 'boolean',
    description: 'whether a thinking budget may be sent as it is; false for a server that was started without `--reasoning-parser`, which refuses it: it is sent as an effort then'
  },
  chat_template_kwargs: {
    type: 'object',
    description: 'variables of the chat template, sent with every request; they stand above ours'
  }
} as const satisfies OptionSchemas

/** gpt-oss has no template but OpenAI's Harmony format, with three efforts; vLLM refuses any other, and a budget too. */
const HARMONY = /gpt-oss/i
const HARMONY_EFFORTS: Readonly<Record<string, string>> = { none: 'low', minimal: 'low', xhigh: 'high', max: 'high' }

/** Tokens that are left for the answer where thinking has to be shortened; half of what there is, if that is less. */
const ANSWER = 4096

/** Families whose templates ask for `thinking` where Qwen's and GLM's ask for `enable_thinking`. */
const THINKING_VARIABLE = /deepseek|kimi/i

/**
 * Thinking as vLLM and the templates of its models know it (https://docs.vllm.ai/en/latest/features/reasoning_outputs.html).
 * Adaptive thinking, which Claude Code asks for on every turn, is left to the model: only the effort is told. `max_tokens` of
 * the body is set already.
 */
export function encodeThinking (body: ChatRequest, { thinking, max_tokens: wanted, output_config: config }: MessagesRequest, { model, provider: { options } }: Target, losses: Losses): void {
  const harmony = HARMONY.test(model)
  const budget = thinking?.type === 'enabled' && !harmony && options['thinking_token_budget'] !== false ? thinking.budget_tokens : undefined
  if (budget !== undefined) body['thinking_token_budget'] = budgetWithin(body.max_tokens ?? wanted, wanted, budget)

  const takesEffort = options['reasoning_effort'] !== false
  const effort = effortOf(thinking, config?.effort, budget === undefined)
  if (effort !== undefined && takesEffort) body.reasoning_effort = harmony ? HARMONY_EFFORTS[effort] ?? effort : effort
  if (config?.effort && (thinking?.type === 'disabled' || !takesEffort)) losses.add('output_config.effort')

  const variables = { ...(!harmony && templateVariables(thinking, model)), ...ownVariables(options) }
  if (Object.keys(variables).length > 0) body['chat_template_kwargs'] = variables
}

/** Where the limit was lowered, the client's budget leaves no room for an answer, or exceeds it by itself. */
function budgetWithin (limit: number, wanted: number, budget: number): number {
  return limit >= wanted ? budget : Math.min(budget, limit - Math.min(ANSWER, Math.floor(limit / 2)))
}

/** The client's own word stands above what a budget comes to; that one speaks where the budget itself cannot be sent. */
function effortOf (thinking: MessagesRequest['thinking'], given: string | null | undefined, needsEffort: boolean): string | undefined {
  if (thinking?.type === 'disabled') return 'none'
  if (given) return given
  const budget = thinking?.type === 'enabled' && needsEffort ? thinking.budget_tokens : undefined
  if (budget === undefined) return undefined
  return budget <= 4000 ? 'low' : budget <= 16_000 ? 'medium' : 'high'
}

/** Newer servers derive the variable from the effort; older ones need to be told. */
function templateVariables (thinking: MessagesRequest['thinking'], model: string): Record<string, boolean> | undefined {
  if (thinking?.type !== 'disabled' && thinking?.type !== 'enabled') return undefined
  const on = thinking.type === 'enabled'
  return THINKING_VARIABLE.test(model) ? { enable_thinking: on, thinking: on } : { enable_thinking: on }
}

function ownVariables (options: JsonObject): JsonObject {
  const own = options['chat_template_kwargs']
  return isJsonObject(own) ? own : {}
}
