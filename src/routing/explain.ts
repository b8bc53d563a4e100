import { decide } from './decide.ts'
import type { Fitting } from './fit.ts'
import { namedRule } from './named-rule.ts'
import type { Route } from './route.ts'
import type { Router } from './router.ts'
import type { Given } from './rules.ts'
import type { RequestTraits } from './traits.ts'

/** What one rule said of a request. */
export interface Explanation { rule: string, matched: boolean, why: string, targets: string[] }

/** Asks every rule, those behind the first that fires, too, and decides as for a request; who names a rule gets that one. */
export function explain (traits: RequestTraits, router: Router, given: Given & Fitting): { rules: Explanation[], route: Route } {
  const named = namedRule(traits, router)
  const rules = router.rules.map(({ name, judge }): Explanation => {
    const { targets, why } = named === undefined ? judge(traits, given) : name === named.rule ? { targets: named.targets, why: named.reason } : { targets: null, why: `the request names the rule ${named.rule}` }
    return { rule: name, matched: targets !== null, why, targets: targets?.map(target => target.name) ?? [] }
  })
  return { rules, route: decide(traits, router, given) }
}
