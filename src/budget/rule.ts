import type { Budget } from '../account/identity.ts'
import { type Period, endOf } from '../account/period.ts'
import { type Amount, UNITS, type Unit, type Worst, amountOf } from './book.ts'

/** How it stands with a key. */
export interface Standing {
  /** When that was: milliseconds since 1970. */
  readonly now: number
  /** What was spent in the periods that run. */
  readonly spent: Readonly<Record<Period, Amount>>
  /** What is kept free for requests that run. */
  readonly held: Amount
}

/** A budget in one unit. */
export interface Limit {
  readonly per: Period
  readonly unit: Unit
  /** Micro-dollars, or tokens. */
  readonly most: number
}

/** Why a request is refused. */
export interface Refusal {
  readonly limit: Limit
  readonly spent: number
  readonly held: number
  /** What the request may come to; null where that is not known. */
  readonly worst: number | null
  /** Whether there is room again when requests end that run; else there is none before the period is over. */
  readonly later: boolean
}

/** Every request asks for those of its key, which stay what they are. */
const known = new WeakMap<readonly Budget[], readonly Limit[]>()

/** Limits of budgets, each in one unit. */
export function limitsOf (budgets: readonly Budget[]): readonly Limit[] {
  let limits = known.get(budgets)
  if (limits === undefined) known.set(budgets, limits = budgets.flatMap(inUnits))
  return limits
}

function inUnits (budget: Budget): Limit[] {
  return UNITS.flatMap(unit => {
    const most = budget[unit]
    return most === undefined ? [] : [{ per: budget.per, unit, most }]
  })
}

/** What a request may come to in each unit, as it is counted; null where that is not known. */
export function counted (worst: Worst): Readonly<Record<Unit, number | null>> {
  const { cost, tokens } = amountOf(worst)
  return { cost: worst.cost === null ? null : cost, tokens }
}

/** What stands against a request; null where nothing does. Of several budgets, the one that does so for the longest. */
export function refusalOf (limits: readonly Limit[], { now, spent, held }: Standing, worst: Worst): Refusal | null {
  const wanted = counted(worst)
  let refusal: Refusal | null = null
  for (const limit of limits) {
    const { per, unit, most } = limit
    const room = roomFor(wanted[unit], spent[per][unit], held[unit], most)
    if (room === 'enough') continue
    const found = { limit, spent: spent[per][unit], held: held[unit], worst: wanted[unit], later: room === 'later' }
    if (refusal === null || (refusal.later && !found.later) || (!found.later && endOf(per, now) > endOf(refusal.limit.per, now))) refusal = found
  }
  return refusal
}

/** The rule; `reserve-message.ts` has it for the database. */
function roomFor (worst: number | null, spent: number, held: number, most: number): 'enough' | 'later' | 'none' {
  if (worst === 0) return 'enough'
  if (worst !== null && spent + held + worst <= most) return 'enough'
  if (spent >= most) return 'none'
  return worst === null || held === 0 ? 'enough' : 'later'
}
