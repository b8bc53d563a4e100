import { SUM_COLUMNS } from '../store/sum-columns.ts'
import type { Sums } from '../store/tables.ts'

/** Adds rows up. */
export function addSums (rows: readonly Sums[]): Sums {
  return Object.fromEntries(SUM_COLUMNS.map(column => [column, rows.reduce((sum, row) => sum + row[column], 0)])) as unknown as Sums
}

const MICRO = 1_000_000

/** Sums as the API shows them. */
export interface Summary {
  /** Requests of clients, and of these those that ended in an error. */
  requests: number
  errors: number
  /** Tries: a request that failed over has several. */
  attempts: number
  /** Tries whose tokens are estimated. */
  estimated: number
  tokens: { input: number, cacheRead: number, cacheWrite5m: number, cacheWrite1h: number, output: number, reasoning: number, total: number }
  /** The part of all prompts that was read from a cache, from 0 to 1; null without any. */
  cacheHitRate: number | null
  /** US dollars, and the tries that have no price. */
  cost: { usd: number, unpriced: number }
  /** Milliseconds; null where there is nothing to take the mean of. */
  averages: { firstContentMs: number | null, durationMs: number | null }
}

function mean (total: number, count: number): number | null {
  return count === 0 ? null : Math.round(total / count)
}

export function summarize (sums: Sums): Summary {
  const { input, cache_read: cacheRead, cache_write_5m: cacheWrite5m, cache_write_1h: cacheWrite1h, output, reasoning } = sums
  const prompts = input + cacheRead + cacheWrite5m + cacheWrite1h
  return {
    requests: sums.requests,
    errors: sums.errors,
    attempts: sums.attempts,
    estimated: sums.estimated,
    tokens: { input, cacheRead, cacheWrite5m, cacheWrite1h, output, reasoning, total: prompts + output },
    cacheHitRate: prompts === 0 ? null : Math.round(cacheRead / prompts * 10_000) / 10_000,
    cost: { usd: sums.cost / MICRO, unpriced: sums.unpriced },
    averages: { firstContentMs: mean(sums.first_content_ms, sums.first_contents), durationMs: mean(sums.duration_ms, sums.attempts) }
  }
}
