import type { Losses } from '../../src/message/losses.ts'
import type { MessagesRequest, ThinkingParam } from '../../src/wire/anthropic.ts'
import type { GeminiThinking, ThinkingLevel } from '../../src/wire/gemini.ts'
import type { ModelTraits } from './model.ts'

/** The range of `thinkingBudget` (https://ai.google.dev/gemini-api/docs/thinking#set-budget). */
const BUDGET = { flash: [0, 24_576], pro: [128, 32_768] } as const
/** Lets the model choose. */
const DYNAMIC = -1

/**
 * Thinking as the model's generation takes it: a budget by 2.5, a level from 3 on, never both; models before 2.5 do not think.
 * Thoughts are asked for where thinking is: Gemini thinks either way, and shows them only then.
 * @returns undefined where nothing is to be said
 */
export function encodeThinking ({ thinking, output_config: config }: MessagesRequest, traits: ModelTraits, losses: Losses): GeminiThinking | undefined {
  const effort = config?.effort ?? undefined
  if (traits.generation < 2.5) {
    if (thinking && thinking.type !== 'disabled') losses.add('thinking')
    if (effort !== undefined) losses.add('output_config.effort')
    return undefined
  }
  if (traits.generation < 3) {
    if (effort !== undefined) losses.add('output_config.effort')
    return thinking ? { thinkingBudget: budgetOf(thinking, traits), ...shown(thinking) } : undefined
  }
  // The more exact word counts.
  if (effort !== undefined && (thinking?.type === 'enabled' || thinking?.type === 'disabled')) losses.add('output_config.effort')
  const level = thinking ? levelOf(thinking, effort, traits) : levelOfEffort(effort, traits)
  if (!thinking) return level === undefined ? undefined : { thinkingLevel: level }
  return { ...(level !== undefined && { thinkingLevel: level }), ...shown(thinking) }
}

function shown ({ type }: ThinkingParam): { includeThoughts?: true } {
  return type === 'disabled' ? {} : { includeThoughts: true }
}

function budgetOf ({ type, budget_tokens: budget }: ThinkingParam, { pro }: ModelTraits): number {
  const [least, most] = pro ? BUDGET.pro : BUDGET.flash
  if (type === 'disabled') return least
  return type === 'enabled' && budget !== undefined ? Math.min(most, Math.max(least, budget)) : DYNAMIC
}

/** It cannot be switched off from Gemini 3 on: the lowest level is the nearest to that. */
function levelOf ({ type, budget_tokens: budget = Infinity }: ThinkingParam, effort: string | undefined, traits: ModelTraits): ThinkingLevel | undefined {
  if (type === 'disabled') return traits.lowest
  if (type !== 'enabled') return levelOfEffort(effort, traits)
  if (budget < 2000) return traits.lowest
  if (budget < 8000) return 'LOW'
  return budget < 24_000 ? medium(traits) : 'HIGH'
}

function levelOfEffort (effort: string | undefined, traits: ModelTraits): ThinkingLevel | undefined {
  switch (effort) {
    case undefined: return undefined
    case 'low': return 'LOW'
    case 'medium': return medium(traits)
    default: return 'HIGH'
  }
}

function medium ({ medium }: ModelTraits): ThinkingLevel {
  return medium ? 'MEDIUM' : 'HIGH'
}
