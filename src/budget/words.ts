import { endOf } from '../account/period.ts'
import { ApiError } from '../errors.ts'
import type { Unit } from './book.ts'
import type { Limit, Refusal, Standing } from './rule.ts'

const MICRO = 1_000_000
/** The longest that official clients wait; at more they give up at once. Seconds. */
const LONGEST = 60
/** When requests end that run is not known: soon enough, and no flood of attempts. Seconds. */
const SOON = 5

/**
 * The refusal of a request because of a budget.
 * @param name how people name the key
 * @param now milliseconds since 1970
 */
export function budgetExceeded (name: string, { limit: { per, unit, most }, spent, held, worst, later }: Refusal, now: number): ApiError {
  const end = endOf(per, now)
  const left = Math.max(1, Math.ceil((end - now) / 1000))
  const retryAfter = Math.min(later ? SOON : LONGEST, left)
  const budget = `budgets: the key ${name} may spend ${amount(unit, most)} a ${per}`
  const reason = later
    ? `${budget}; it has spent ${amount(unit, spent)}, requests that run may come to ${amount(unit, held)}, and this one to ${amount(unit, worst ?? 0)}. Try again when one of them is over; the budget resets at ${time(end)}.`
    : `${budget}, and has spent ${amount(unit, spent)}. The budget resets at ${time(end)}.`
  // Clients repeat within a minute: that is of no use where nothing can change before the period is over.
  return new ApiError('rate_limit_error', reason, { retryAfter, retryable: later || left <= LONGEST })
}

/** What is told of a budget that is nearly used up. */
export function nearlySpent ({ per, unit, most }: Limit, { spent, now }: Standing): string {
  return `${per} ${unit === 'cost' ? `${dollars(spent[per].cost)} of ${dollars(most)}` : `${spent[per].tokens} of ${most} tokens`}, resets ${time(endOf(per, now))}`
}

function amount (unit: Unit, value: number): string {
  return unit === 'cost' ? dollars(value) : `${value} tokens`
}

/** Cents; parts of them only where there is little else. */
function dollars (micro: number): string {
  const digits = micro === 0 || micro >= MICRO ? 2 : micro >= MICRO / 100 ? 4 : 6
  return `$${(micro / MICRO).toFixed(digits)}`
}

function time (at: number): string {
  return new Date(at).toISOString().replace('.000Z', 'Z')
}
