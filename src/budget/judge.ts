import type { Budget } from '../account/identity.ts'
import { endOf, firstDayOf } from '../account/period.ts'
import { ApiError } from '../errors.ts'
import type { Amount, Worst } from './book.ts'

/** What a key has spent in the period of a budget, and what is kept free for its other requests. */
export interface Standing {
  readonly budget: Budget
  readonly spent: Amount
  readonly reserved: Amount
}

/** The longest that official clients wait; at more they give up at once. Seconds. */
const LONGEST = 60
/** While something is kept free that may come back, another attempt makes sense. Seconds. */
const SOON = 5

const UNITS = ['cost', 'tokens'] as const
type Unit = typeof UNITS[number]

/** The first day of each budget's period. */
export function firstDays (budgets: readonly Budget[], now: number): number[] {
  return budgets.map(({ per }) => firstDayOf(per, now))
}

/**
 * What of a budget a request may exceed; null if it may run: if its worst case still fits, or if nothing else runs and
 * something is left. (Otherwise one whose worst case is larger than the rest would never run.) So no budget is exceeded
 * by more than one request's worst case.
 */
export function exceededUnit ({ budget, spent, reserved }: Standing, worst: Worst): Unit | null {
  return UNITS.find(unit => {
    const [limit, wanted] = [budget[unit], worst[unit]]
    if (limit === undefined || wanted === null) return false
    return spent[unit] + reserved[unit] + wanted > limit && (reserved[unit] > 0 || spent[unit] >= limit)
  }) ?? null
}

/**
 * Holds a request against budgets.
 * @param name how people name the key; @param now milliseconds since 1970
 * @throws {ApiError} 429 for the first that it may exceed
 */
export function check (name: string, standings: readonly Standing[], worst: Worst, now: number): void {
  for (const standing of standings) {
    const unit = exceededUnit(standing, worst)
    if (unit !== null) throw budgetExceeded(name, standing, unit, worst[unit] ?? 0, now)
  }
}

function budgetExceeded (name: string, { budget, spent, reserved }: Standing, unit: Unit, wanted: number, now: number): ApiError {
  const end = endOf(budget.per, now)
  const left = Math.ceil((end - now) / 1000)
  const running = reserved[unit] > 0 ? `, ${amount(unit, reserved[unit])} may still be spent by requests that run` : ''
  return new ApiError('rate_limit_error', `budgets: the key ${name} may spend ${amount(unit, budget[unit] ?? 0)} a ${budget.per}; it has spent ${amount(unit, spent[unit])}${running}, and this request may come to ${amount(unit, wanted)}. The budget resets at ${time(end)}.`, {
    retryAfter: Math.max(1, reserved[unit] > 0 ? SOON : Math.min(LONGEST, left)),
    // A repetition within a minute cannot help where the period is longer, and nothing runs that may cost less than feared.
    retryable: reserved[unit] > 0 || left <= LONGEST
  })
}

/** What is told of the first budget of which so much is spent; null while there is none. @param part from 0 to 1 */
export function warningOf (standings: readonly Standing[], part: number, now: number): string | null {
  for (const { budget, spent } of standings) {
    for (const unit of UNITS) {
      const limit = budget[unit]
      if (limit !== undefined && spent[unit] >= part * limit) return `${budget.per} ${amount(unit, spent[unit])} of ${amount(unit, limit)}; resets ${time(endOf(budget.per, now))}`
    }
  }
  return null
}

function amount (unit: Unit, value: number): string {
  return unit === 'cost' ? `$${(value / 1_000_000).toFixed(2)}` : `${value} tokens`
}

function time (at: number): string {
  return new Date(at).toISOString().replace('.000Z', 'Z')
}
