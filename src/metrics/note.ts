import { type Tokens, totalOf } from '../account/entry.ts'
import type { Attempt, Exchange } from '../http/exchange.ts'
import { tokensOf } from '../account/tokens-of.ts'
import type { Instruments } from './instruments.ts'
import { modelLabel } from './model-label.ts'

const MILLISECONDS = 1000
const OPERATION = 'chat'

function labelsOf ({ target }: Attempt): { gen_ai_operation_name: string, gen_ai_provider_name: string, gen_ai_request_model: string } {
  return { gen_ai_operation_name: OPERATION, gen_ai_provider_name: target.provider.name, gen_ai_request_model: modelLabel(target) }
}

/** Kinds of tokens, as a label has them. */
const KINDS = { input: 'input', cacheRead: 'input_cache_read', cacheWrite5m: 'input_cache_write', cacheWrite1h: 'input_cache_write_1h', output: 'output' } as const satisfies Partial<Record<keyof Tokens, string>>

/**
 * Notes what became of a request, once it is over.
 * @param received when its head arrived, by the clock of `performance.now()`
 */
export function noteExchange (to: Instruments, { attempts }: Exchange, received: number): void {
  const [first] = attempts
  if (first === undefined) return
  to.overheads.observe(Math.max(0, first.began - received) / MILLISECONDS)
  for (const [i, attempt] of attempts.entries()) {
    noteAttempt(to, attempt)
    if (i === 0) continue
    const { provider, name } = attempt.target
    const again = attempts.slice(0, i).some(({ target }) => target.name === name)
    const counter = again ? to.retries : to.fallbacks
    counter.inc({ gen_ai_provider_name: provider.name })
  }
}

function noteAttempt (to: Instruments, attempt: Attempt): void {
  const labels = labelsOf(attempt)
  const { account, duration, firstContent, error, dropped } = attempt
  if (duration !== null) to.durations.observe(error === null ? labels : { ...labels, error_type: error.type }, duration / MILLISECONDS)
  if (firstContent !== null) to.firstTokens.observe(labels, firstContent / MILLISECONDS)
  if (dropped.length > 0) to.dropped.inc({ gen_ai_provider_name: labels.gen_ai_provider_name }, dropped.length)
  if (account === null) return
  const tokens = tokensOf(account.usageCounts)
  if (totalOf(tokens) === 0) return
  for (const [kind, type] of Object.entries(KINDS)) {
    const count = tokens[kind as keyof typeof KINDS]
    if (count > 0) to.tokens.observe({ ...labels, gen_ai_token_type: type }, count)
  }
}
