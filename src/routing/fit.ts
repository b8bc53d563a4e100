import type { Target } from '../provider.ts'
import type { Route, Targets } from './route.ts'
import type { Router } from './router.ts'
import type { RequestTraits } from './traits.ts'
import { windowOf } from './window.ts'

/** What is known of the targets beside the configuration. */
export interface Fitting {
  /** What a target will count for a prompt of so many tokens by our estimate. */
  tokensFor (target: Target, traits: RequestTraits): number
}

/** What a rule chose. */
type Choice = Pick<Route, 'rule' | 'reason' | 'targets'>

/** Corrects a rule's choice by what the models can do, so far as that is known. */
export function fit (choice: Choice, traits: RequestTraits, router: Router, fitting: Fitting): Route {
  const { rule, reason, targets } = toLongContext(toSight(choice, traits, router), traits, router, fitting)
  const usable = withoutUnfit(targets, traits, fitting)
  return { rule, reason, targets: usable, overflow: router.longContext?.filter(target => !usable.includes(target)) ?? [] }
}

/** An image that was just shown goes to a model that can see; older ones become placeholders. */
function toSight (choice: Choice, { images }: RequestTraits, { image }: Router): Choice {
  const [target] = choice.targets
  if (images === 0 || image === undefined || isBlind(image[0]) || !isBlind(target)) return choice
  return { rule: 'image', reason: `the last turn holds an image, which ${target.name} cannot see, whom ${choice.rule} chose`, targets: image }
}

function toLongContext (choice: Choice, traits: RequestTraits, { longContext }: Router, fitting: Fitting): Choice {
  const [target] = choice.targets
  if (longContext === undefined || longContext[0] === target) return choice
  // An image that was just shown would be lost there. If the provider, too, finds the prompt too long, it goes there after all.
  if (traits.images > 0 && isBlind(longContext[0]) && !isBlind(target)) return choice
  const window = windowOf(target, traits)
  if (window === undefined || (windowOf(longContext[0], traits) ?? Infinity) <= window) return choice
  const prompt = fitting.tokensFor(target, traits)
  // A picture goes to the model that is there for pictures, if need be for a shorter answer.
  const answer = choice.rule === 'image' ? 0 : Math.min(traits.maxTokens, target.capabilities.maxOutput ?? Infinity)
  if (prompt + answer <= window) return choice
  return {
    rule: 'longContext',
    reason: `the prompt (about ${prompt} tokens) and its answer (${answer}) do not fit into the ${window} of ${target.name}, whom ${choice.rule} chose`,
    targets: longContext
  }
}

/** Leaves out what would surely fail, so long as something is left. */
function withoutUnfit (targets: Targets, traits: RequestTraits, fitting: Fitting): Targets {
  if (targets.length === 1) return targets
  const [first, ...rest] = targets.filter(target => !isUnfit(target, traits, fitting))
  return first === undefined || rest.length + 1 === targets.length ? targets : [first, ...rest]
}

function isUnfit (target: Target, traits: RequestTraits, fitting: Fitting): boolean {
  const window = windowOf(target, traits)
  return (target.capabilities.tools === false && traits.tools.length > 0) || (window !== undefined && fitting.tokensFor(target, traits) > window)
}

function isBlind (target: Target): boolean {
  return target.capabilities.vision === false
}
