import { ApiError } from '../errors.ts'
import { VIRTUAL, namedTarget, ruleOf } from './model-name.ts'
import type { Route } from './route.ts'
import type { Router } from './router.ts'
import type { RequestTraits } from './traits.ts'

/** The most names that an error lists. */
const LISTED = 50

/** The models that stand for rules of a router: those that have targets of their own. */
function virtualModels ({ rules }: Pick<Router, 'rules'>): string[] {
  return rules.flatMap(({ name, serves }) => serves === undefined ? [] : [VIRTUAL + name])
}

/**
 * The choice of the rule that a request asks for by its model, `switchyard/<rule>`: none of the others is asked then.
 * @returns undefined where the model stands for no rule
 * @throws {ApiError} 404 for a rule that is not configured
 */
export function namedRule (traits: RequestTraits, router: Router): Omit<Route, 'overflow'> | undefined {
  const { model } = traits
  const name = ruleOf(model)
  if (name === undefined || namedTarget(model, router.find) !== undefined) return undefined
  const why = `the request names ${model.slice(0, 200)}`
  const { targets } = router.rules.find(rule => rule.name === name)?.serves?.choose(traits, why) ?? { targets: null }
  if (targets === null) throw unknownRule(model, router)
  return { rule: name, reason: why, targets }
}

function unknownRule (model: string, router: Router): ApiError {
  const all = virtualModels(router)
  const names = all.slice(0, LISTED).join(', ') + (all.length > LISTED ? ` and ${all.length - LISTED} more` : '')
  return new ApiError('not_found_error', `model: ${model.slice(0, 200)} is not a model of this gateway. It has ${names} for its rules`)
}
