import { rewriteSystem } from '../message/rewrite-system.ts'
import { withoutSubagentTag } from '../message/subagent-tag.ts'
import { thinkingOff } from '../message/thinking-off.ts'
import { withoutImages } from '../message/without-images.ts'
import type { Target } from '../provider.ts'
import type { MessagesRequest, ThinkingParam } from '../wire/anthropic.ts'
import type { RequestTraits } from './traits.ts'
import { windowOf } from './window.ts'

/** The members of a request that are changed for a target. */
type Members = Partial<Pick<MessagesRequest, 'max_tokens' | 'thinking' | 'messages' | 'system'>>

export interface Adjustment {
  /** What stands in the place of the client's own; null where nothing has to. */
  readonly members: Members | null
  /** What was changed, in words, for `x-router-adjusted`. */
  readonly told: readonly string[]
  /** Names of fields that are lost by it. */
  readonly dropped: readonly string[]
}

const NOTHING: Adjustment = { members: null, told: [], dropped: [] }

/** A share of the output that thinking may take, as OpenRouter takes it for a high effort. */
const THINKING_SHARE = 0.8
/** Anthropic takes no lower budget. */
const LEAST_BUDGET = 1024

/**
 * What has to be changed in a request for a target: what its model cannot do, so far as that is known, and what the
 * configuration asks for in the system prompt.
 * @param limited whether the client set a limit: what was never asked for is not told as changed
 */
export function adjust (request: MessagesRequest, target: Target, traits: RequestTraits, systemPrompt: string | undefined, limited = true): Adjustment {
  const { vision, thinking } = target.capabilities
  const maxOutput = outputLimit(target, traits)
  const blind = vision === false && traits.images + traits.earlierImages > 0
  const tooLong = request.max_tokens > maxOutput
  const lessThinking = tooLong ? lowerBudget(request, maxOutput) : undefined
  const thoughtless = lessThinking === 'off' || (thinking === false && thinks(traits))
  // Agents have prompts of their own, made for their task.
  const prompt = traits.subagent ? undefined : systemPrompt
  if (!blind && !tooLong && !thoughtless && traits.subagentTag === undefined && prompt === undefined) return NOTHING

  const members: Members = {}
  if (tooLong) members.max_tokens = maxOutput
  if (thoughtless) Object.assign(members, thinkingOff(request))
  else if (lessThinking !== undefined) members.thinking = lessThinking
  const told = loweredIn(members, request, limited)
  if (blind) {
    const { messages, count } = withoutImages(request.messages, 'all')
    members.messages = messages
    told.push(`${count} image${count === 1 ? '' : 's'} as placeholders`)
  }
  adjustSystem(request, prompt, members, told)
  return { members: Object.keys(members).length === 0 ? null : members, told, dropped: blind && traits.images > 0 ? ['messages.image'] : [] }
}

/** A budget is told where the limit, with which it fell, is not. */
function loweredIn ({ max_tokens: limit, thinking }: Members, request: MessagesRequest, limited: boolean): string[] {
  const told: string[] = []
  if (limit !== undefined && limited) told.push(`max_tokens ${request.max_tokens} to ${limit}`)
  if (thinking?.type === 'disabled') told.push('thinking off')
  else if (thinking && !limited) told.push(`thinking budget ${request.thinking?.budget_tokens} to ${thinking.budget_tokens}`)
  return told
}

function thinks ({ thinking }: RequestTraits): boolean {
  return thinking !== 'none' && thinking !== 'disabled'
}

/** Our estimate is one: what it may be short of, in shares of it and in tokens. */
const MARGIN = 1.1
const MARGIN_TOKENS = 128
/** An answer shorter than this is of no use; the provider then says better than we can that the prompt is too long. */
const LEAST_OUTPUT = 1024

/** What the model can answer, and what its context window leaves for it: most servers refuse to be asked for more. */
function outputLimit (target: Target, traits: RequestTraits): number {
  const { maxOutput = Infinity } = target.capabilities
  const room = Math.floor((windowOf(target, traits) ?? Infinity) - traits.promptTokens * MARGIN - MARGIN_TOKENS)
  return Math.min(maxOutput, room < LEAST_OUTPUT ? Infinity : room)
}

/** A budget is part of the output, and must leave some of it. @returns undefined where it does, or there is none */
function lowerBudget ({ thinking }: MessagesRequest, maxOutput: number): ThinkingParam | 'off' | undefined {
  if (thinking?.budget_tokens === undefined || thinking.budget_tokens < maxOutput) return undefined
  const budget = Math.floor(maxOutput * THINKING_SHARE)
  return budget < LEAST_BUDGET ? 'off' : { ...thinking, budget_tokens: budget }
}

function adjustSystem ({ system }: MessagesRequest, prompt: string | undefined, members: Members, told: string[]): void {
  const untagged = withoutSubagentTag(system)
  const rewritten = prompt === undefined ? untagged : rewriteSystem(untagged, prompt)
  if (rewritten === system || rewritten === undefined) return
  members.system = rewritten
  if (rewritten !== untagged) told.push('system prompt replaced')
}
