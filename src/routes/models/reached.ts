import { permitted } from '../../account/allowance.ts'
import type { Identity } from '../../account/identity.ts'
import { decide } from '../../routing/decide.ts'
import { describe } from '../../routing/describe.ts'
import { ruleOf } from '../../routing/model-name.ts'
import type { Router } from '../../routing/router.ts'
import type { Target } from '../../target.ts'

/** Whether a plain request comes to a target that names its model without the provider: by the rules, such a name may mean another. */
export function isReached (target: Target, router: Router, identity: Identity): boolean {
  const { model } = target
  if (ruleOf(model) !== undefined) return false
  const { id, name, profile } = identity
  const traits = describe({ model, max_tokens: 1, messages: [] }, { headers: {}, key: id === '' ? undefined : name, profile })
  const { rule, targets } = decide(traits, router, { tokensFor: () => 0 })
  // Of several shares, the session has one.
  const shares = router.rules.find(({ name }) => name === rule)?.serves?.shares ?? []
  return shares.length <= 1 && permitted(identity, targets)[0] === target
}
