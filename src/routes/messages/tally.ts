import { type AbortedBy, type Entry, NO_TOKENS, type Tokens, totalOf } from '../../account/entry.ts'
import { costOf } from '../../account/cost.ts'
import { tokensOf } from '../../account/tokens-of.ts'
import type { ApiError } from '../../errors.ts'
import type { Attempt } from '../../http/exchange.ts'
import type { Config } from '../../config/snapshot.ts'

/** Characters of an answer that make a token, where nobody counted. */
const CHARACTERS_PER_TOKEN = 4
/** What nginx and others say of a request whose client left. */
const CLIENT_LEFT = 499

/** How a try ended, as the ledger has it. */
export type Tally = Pick<Entry, 'servedModel' | 'state' | 'status' | 'stopReason' | 'errorType' | 'abortedBy' | 'tokens' | 'cost' | 'estimated' | 'firstContentMs' | 'durationMs'>

/** How a try ended before its time, if it did. */
export interface Cut {
  /** Whether the client left. */
  readonly left: boolean
  /** Whether the service stops. */
  readonly stopped: boolean
}

/**
 * What a try came to: what the provider counted and, where the reply broke before it had, an estimate.
 * @param prompt tokens of the prompt, estimated for this target
 */
export function tally (attempt: Attempt, error: ApiError | null, cut: Cut, prompt: number, { prices }: Pick<Config, 'prices'>): Tally {
  const { account, target, firstContent } = attempt
  const { tokens, estimated } = countTokens(attempt, error, cut, prompt)
  const spent = !attempt.own && (totalOf(tokens) > 0 || error === null)
  const price = prices.find(target.provider.name, target.model, tokens.input + tokens.cacheRead + tokens.cacheWrite5m + tokens.cacheWrite1h)
  const abortedBy = abortedByOf(attempt, error, cut)
  return {
    servedModel: account?.counts.servedModel ?? null,
    state: error === null ? 'ok' : abortedBy === null || abortedBy === 'upstream' ? 'failed' : 'aborted',
    status: error === null ? 200 : cut.left ? CLIENT_LEFT : error.status,
    stopReason: account?.stopReason ?? null,
    errorType: error === null ? null : error.type,
    abortedBy,
    tokens,
    // What a provider refused, or was not asked for, costs nothing, whatever its prices.
    cost: spent ? costOf(tokens, price, account?.counts.billed) : 0,
    estimated,
    firstContentMs: firstContent,
    durationMs: performance.now() - attempt.began
  }
}

function abortedByOf ({ firstContent }: Attempt, error: ApiError | null, { left, stopped }: Cut): AbortedBy | null {
  if (error === null) return null
  if (left) return 'client'
  if (stopped) return 'gateway'
  return firstContent === null ? null : 'upstream'
}

function countTokens (attempt: Attempt, error: ApiError | null, cut: Cut, prompt: number): { tokens: Tokens, estimated: boolean } {
  const { account } = attempt
  const reported = account === null ? NO_TOKENS : tokensOf(account.usageCounts)
  const { inputReported = false, outputReported = false, written = 0 } = account?.counts ?? {}
  const complete = inputReported && outputReported
  if (complete || attempt.own || (!inputReported && !hasWorked(attempt, error, cut))) return { tokens: reported, estimated: false }
  return {
    tokens: {
      ...(inputReported ? reported : { ...reported, input: prompt }),
      output: outputReported ? reported.output : Math.max(reported.output, Math.ceil(written / CHARACTERS_PER_TOKEN))
    },
    estimated: true
  }
}

/** Whether a provider has read the prompt, as far as can be known: one that was silent until we gave up has, one that said no has not. */
function hasWorked ({ account, firstContent }: Attempt, error: ApiError | null, { left, stopped }: Cut): boolean {
  if (error === null || firstContent !== null || (account !== null && account.counts.written > 0)) return true
  return left || stopped || error.type === 'timeout_error'
}
