import type { FastifyInstance, FastifyRequest } from 'fastify'
import { permitted } from '../../account/allowance.ts'
import { worstCost } from '../../account/cost.ts'
import type { Identity } from '../../account/identity.ts'
import type { Reservation, Worst } from '../../budget/book.ts'
import { ApiError } from '../../errors.ts'
import type { Permit } from '../../limits/limiter.ts'
import type { Routed } from '../../routed.ts'
import type { Target } from '../../target.ts'
import type { Total } from './request-account.ts'

/** A request that was let in: what it holds until it is over. */
export interface Admission {
  /** What the client is told of a budget that is nearly used up; null where there is nothing to tell. */
  readonly warning: string | null
  /** The request is over. To say so again does nothing. @param total what it came to */
  leave (total: Total): void
}

/** The targets of a route that a key may use. @throws {ApiError} 403 where there are none */
export function allow (identity: Identity, routed: Routed): Routed {
  if (identity.models === null && identity.providers === null) return routed
  const { targets, overflow } = routed.route
  const [first, ...others] = permitted(identity, targets)
  if (first === undefined) throw new ApiError('permission_error', `The key ${identity.name} may not use ${targets.map(({ name }) => name).join(', ')}, where this request would go. It may use ${allowance(identity)}.`)
  return { ...routed, route: { ...routed.route, targets: [first, ...others], overflow: permitted(identity, overflow) } }
}

function allowance ({ models, providers }: Identity): string {
  return [models && `the models ${models.join(', ')}`, providers && `the providers ${providers.join(', ')}`].filter(Boolean).join(' of ')
}

/**
 * Lets a request in by the limits and budgets of its key, and holds what it may come to.
 * @throws {ApiError} 429 (or the promise rejects with it)
 */
export function admit (app: FastifyInstance, { identity, id }: FastifyRequest, routed: Routed): Admission | Promise<Admission> {
  const tokens = app.router.tokensFor(routed.route.targets[0], routed.traits)
  const permit = app.limiter.enter(identity, id, tokens)
  if (permit instanceof Promise) return permit.then(permit => reserve(app, identity, id, routed, permit))
  return reserve(app, identity, id, routed, permit)
}

function reserve (app: FastifyInstance, identity: Identity, id: string, routed: Routed, permit: Permit): Admission | Promise<Admission> {
  if (app.budgets === null) return new Held(permit, null)
  const refused = (error: unknown): never => {
    permit.leave(0)
    throw error
  }
  try {
    const reservation = app.budgets.reserve(identity, id, worstOf(app, routed))
    return reservation instanceof Promise ? reservation.then(held => new Held(permit, held), refused) : new Held(permit, reservation)
  } catch (error) {
    return refused(error)
  }
}

/** Estimates may be a little low, and some models cost more from some size of the prompt on. */
const MARGIN = 1.2

/** What a request may come to on the dearest of its targets. */
function worstOf ({ router }: FastifyInstance, { route: { targets, overflow }, traits, config }: Routed): Worst {
  const costOn = (target: Target, prompt: number): number | null => worstCost(prompt, traits.maxTokens, config.prices.find(target.provider.name, target.model, prompt * MARGIN))
  const all = [...targets, ...overflow].map(target => {
    const prompt = router.tokensFor(target, traits)
    return { cost: costOn(target, prompt), tokens: prompt + traits.maxTokens }
  })
  const costs = all.flatMap(({ cost }) => cost === null ? [] : [cost])
  return { cost: costs.length === 0 ? null : Math.max(...costs), tokens: Math.max(...all.map(({ tokens }) => tokens)) }
}

/** What a request comes to of which nothing was sent. */
export const NOTHING: Total = Object.freeze({ cost: null, tokens: 0, sent: false })

class Held implements Admission {
  readonly #permit: Permit
  readonly #reservation: Reservation | null

  constructor (permit: Permit, reservation: Reservation | null) {
    this.#permit = permit
    this.#reservation = reservation
  }

  get warning (): string | null { return this.#reservation?.warning ?? null }

  leave (total: Total): void {
    this.#permit.leave(total.tokens)
    if (total.sent) this.#reservation?.settled(total)
    else this.#reservation?.release()
  }
}
