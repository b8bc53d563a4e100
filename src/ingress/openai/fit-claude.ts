import type { ClaudeRules } from '../../target.ts'
import type { MessagesRequest } from '../../wire/anthropic.ts'
import { fitConversation } from './claude/conversation.ts'
import { fitSampling } from './claude/sampling.ts'
import { fitSchemas } from './claude/schema.ts'
import { fitThinking, isOn } from './claude/thinking.ts'

/**
 * What OpenAI's clients may ask for, and servers of the Messages API refuse.
 * @param request as it was decoded; its members are replaced, and nothing below them is changed
 * @param rules of the model; where it is not known, what is known to be wrong for all models is put right
 * @returns names of what is lost by it
 */
export function fitClaude (request: MessagesRequest, rules: ClaudeRules = {}): string[] {
  const lost: string[] = []
  fitThinking(request, rules, lost)
  fitSampling(request, rules, lost)
  // A beginning of an answer would have to begin with what the model thought.
  fitConversation(request, rules.prefill !== false && !isOn(request), lost)
  fitSchemas(request)
  return lost
}
