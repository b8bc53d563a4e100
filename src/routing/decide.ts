import { ApiError } from '../errors.ts'
import { type Fitting, fit } from './fit.ts'
import { namedRule } from './named-rule.ts'
import type { Route } from './route.ts'
import type { Router } from './router.ts'
import type { Given } from './rules.ts'
import type { RequestTraits } from './traits.ts'

/**
 * Picks the targets of a request: the rule that it asks for by its model, else the first that fires, and then what the models
 * can do. Pure.
 * @throws {ApiError} 404 for a rule that there is not and, where `Router.strict` is set, a model that is not known here
 */
export function decide (traits: RequestTraits, router: Router, given: Given & Fitting): Route {
  const named = namedRule(traits, router)
  if (named !== undefined) return fit(named, traits, router, given)
  for (const { name, judge } of router.rules) {
    const { targets, why } = judge(traits, given)
    if (targets === null) continue
    if (router.strict && !isKnown(traits, router, name)) throw unknownModel(traits, router)
    return fit({ rule: name, reason: why, targets }, traits, router, given)
  }
  // The last rule fires always.
  return fit({ rule: 'default', reason: 'no other rule applies', targets: router.default }, traits, router, given)
}

/** Rules that choose by the model's name, or in spite of it. */
const CHOSEN = /^(?:explicit|custom|subagent|rules\..*|opus|sonnet|haiku)$/

/**
 * A model is known if a provider has it, or if `Router` has a key for its tier. What the user's own rules, or router, or
 * the tag of a subagent chose was chosen on purpose.
 */
function isKnown ({ model, tier }: RequestTraits, { known, tiers }: Router, rule: string): boolean {
  return CHOSEN.test(rule) || known.includes(model) || tiers.includes(tier)
}

/** The most names that an error lists. */
const LISTED = 50

function unknownModel ({ model }: RequestTraits, { known, tiers }: Router): ApiError {
  const names = known.slice(0, LISTED).join(', ') + (known.length > LISTED ? ` and ${known.length - LISTED} more` : '')
  return new ApiError('not_found_error', `model: ${model.slice(0, 200)} is not a model of this gateway. It has ${names}${tiers.length === 0 ? '' : `; and any name that holds ${tiers.join(', ')}`}`)
}
