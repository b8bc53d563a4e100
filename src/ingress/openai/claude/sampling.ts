import type { ClaudeRules } from '../../../target.ts'
import type { MessagesRequest } from '../../../wire/anthropic.ts'
import { isBlank } from '../decode-parts.ts'
import { isOn } from './thinking.ts'

/** OpenAI's temperatures go up to 2, Anthropic's to 1. */
const WARMEST = 1
/** Where sampling cannot be set, this much may be said of it. */
const LEAST_TOP_P = 0.99

/**
 * Temperature and the like, as far as the model takes them: newer ones take none, older ones not two at once, and none does while it
 * thinks (https://platform.claude.com/docs/en/about-claude/models/migration-guide). Of stop sequences none is blank.
 */
export function fitSampling (request: MessagesRequest, { sampling }: ClaudeRules, lost: string[]): void {
  const drop = (field: 'temperature' | 'top_p' | 'top_k', says = true): void => {
    if (request[field] === undefined) return
    delete request[field]
    if (says) lost.push(field)
  }
  if (typeof request.temperature === 'number' && request.temperature > WARMEST) request.temperature = WARMEST
  if (sampling === 'none' || isOn(request)) {
    drop('temperature', request.temperature !== WARMEST)
    drop('top_p', Number(request.top_p) < LEAST_TOP_P)
    drop('top_k')
  } else if (sampling === 'one' && request.temperature !== undefined && request.top_p !== undefined) {
    // Of the two, one often says nothing.
    if (request.temperature === WARMEST) drop('temperature', false)
    else drop('top_p', Number(request.top_p) < LEAST_TOP_P)
  }

  const { stop_sequences: stops } = request
  if (stops?.some(isBlank)) {
    request.stop_sequences = stops.filter(stop => !isBlank(stop))
    lost.push('stop')
  }
}
