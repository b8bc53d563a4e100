import type { Target } from '../provider.ts'
import type { Check } from './condition.ts'
import { namedTarget, withoutAlias } from './model-name.ts'
import type { Targets } from './route.ts'
import type { Scenario } from './router.ts'
import type { RequestTraits } from './traits.ts'
import { type ThinkSign, thinkSign } from './think-sign.ts'
import { type WeightedUse, pick } from './weights.ts'

/** Whether a rule fires, and why or why not, in words. */
export interface Verdict { readonly targets: Targets | null, readonly why: string }

/** What is known beside the traits when a rule is asked. */
export interface Given {
  /** What the user's own router said, and what went wrong with it; undefined where there is none. */
  readonly custom?: { readonly said: string | null, readonly problem?: string } | undefined
}

/** A rule, ready to be asked. Pure. */
export interface Rule {
  readonly name: string
  judge (traits: RequestTraits, given: Given): Verdict
  /** What it serves with, whether it fires or not: for requests that ask for the rule. Without it there is nothing of its own. */
  readonly serves?: {
    /** All that it may choose, each a list in its order. */
    readonly shares: readonly Targets[]
    choose (traits: RequestTraits, why: string): Verdict
  }
}

/** A rule of the user's, from `Router.rules[]`. */
export interface OwnRule { readonly name: string, readonly check: Check, readonly use: WeightedUse }

/** What rules are made of. */
export interface RuleParts {
  /** Targets of the configured scenarios, their fallbacks behind them. */
  readonly scenarios: Readonly<Partial<Record<Scenario, Targets>>>
  readonly own: readonly OwnRule[]
  readonly threshold: number
  readonly thinkOn: readonly ThinkSign[]
  /** The target of `provider,model`, if both are configured. */
  find (name: string): Target | undefined
  /** The target of a bare `vendor/model`, where `Router.vendorModels` says whose such names are. */
  ofVendor (model: string): Target | undefined
  /** A target and, behind it, what `fallback` lists for this kind of rule. */
  withFallback (target: Target, rule: string): Targets
}

/** A kind of rule: a line of the table in docs/routing.md, which is made of this one. */
export interface RuleKind {
  readonly name: string
  /** Where it is configured. */
  readonly key: string
  /** When it fires, for the docs. */
  readonly fires: string
  create (parts: RuleParts): readonly Rule[]
}

function pass (why: string): Verdict {
  return { targets: null, why }
}

/** The rule of a scenario: it has targets of its own, and fires by the traits alone. */
function scenario (name: Scenario, fires: string, judge: (traits: RequestTraits, parts: RuleParts) => { holds: boolean, why: string }): RuleKind {
  const notSet = pass(`Router.${name} is not set`)
  return {
    name,
    key: `Router.${name}`,
    fires,
    create (parts) {
      const targets = parts.scenarios[name]
      if (targets === undefined) return [{ name, judge: () => notSet }]
      return [{
        name,
        judge (traits) {
          const { holds, why } = judge(traits, parts)
          return { targets: holds ? targets : null, why }
        },
        serves: { shares: [targets], choose: (_traits, why) => ({ targets, why }) }
      }]
    }
  }
}

const explicit: RuleKind = {
  name: 'explicit',
  key: 'the model of the request',
  fires: 'it is `provider,model`, and both are configured; [`claude/` may stand before it](#models-that-stand-for-a-rule). A bare name is never read as a provider. With `Router.vendorModels`, a bare `vendor/model` goes to that provider, whether it lists the model or not',
  create: ({ find, ofVendor, withFallback }) => [{
    name: 'explicit',
    judge ({ model }) {
      const target = namedTarget(model, find) ?? ofVendor(withoutAlias(model))
      if (target !== undefined) return { targets: withFallback(target, 'explicit'), why: `the request names ${model.slice(0, 200)}` }
      return pass(model.includes(',') ? 'the model names no provider and model that are configured' : 'the model is not of the form provider,model')
    }
  }]
}

const custom: RuleKind = {
  name: 'custom',
  key: '`CUSTOM_ROUTER_PATH`',
  fires: 'the function returns `provider,model`',
  create: ({ find, withFallback }) => [{
    name: 'custom',
    judge (_traits, { custom }) {
      if (custom === undefined) return pass('CUSTOM_ROUTER_PATH is not set')
      const { said, problem } = custom
      if (said === null) return pass(problem === undefined ? 'it returned nothing' : `it failed: ${problem}`)
      const target = find(said)
      return target === undefined ? pass(`it returned ${said.slice(0, 200)}, which is not configured`) : { targets: withFallback(target, 'custom'), why: `it returned ${said}` }
    }
  }]
}

const own: RuleKind = {
  name: 'rules.<name>',
  key: '`Router.rules[]`',
  fires: 'its `when` holds; in their order',
  create: ({ own }) => own.map(({ name, check, use }) => ({
    name: `rules.${name}`,
    judge (traits) {
      const { holds, why } = check(traits)
      return holds ? pick(use, traits, name, why) : pass(why)
    },
    serves: { shares: use.flatMap(({ targets, weight }) => weight > 0 ? [targets] : []), choose: (traits, why) => pick(use, traits, name, why) }
  }))
}

const subagent: RuleKind = {
  name: 'subagent',
  key: 'the prompt of the subagent',
  fires: 'a block of the system prompt holds `<CCR-SUBAGENT-MODEL>provider,model</CCR-SUBAGENT-MODEL>`, and both are configured. The tag is taken out',
  create: ({ find, withFallback }) => [{
    name: 'subagent',
    judge ({ subagentTag }) {
      if (subagentTag === undefined) return pass('the system prompt holds no tag')
      const target = find(subagentTag)
      if (target === undefined) return pass(`the tag names ${subagentTag.slice(0, 200)}, which is not configured`)
      return { targets: withFallback(target, 'subagent'), why: `the system prompt holds a tag that names ${target.name}` }
    }
  }]
}

function tier (name: 'opus' | 'sonnet' | 'haiku'): RuleKind {
  return scenario(name, `the model's name holds \`${name}\``, traits => ({ holds: traits.tier === name, why: `the model is ${traits.tier === 'other' ? 'of no known tier' : `a ${traits.tier}`}` }))
}

/** The rules in their order: the first that fires decides. Source of the table in docs/routing.md. */
export const RULES: readonly RuleKind[] = [
  explicit,
  custom,
  own,
  subagent,
  scenario('image', 'there is an image behind the last answer, in the result of a tool, too', ({ images }) => ({
    holds: images > 0,
    why: images > 0 ? `the last turn holds ${images} image${images === 1 ? '' : 's'}` : 'the last turn holds no image'
  })),
  scenario('webSearch', 'a tool of a type that begins with `web_search` is offered', ({ toolTypes }) => {
    const search = toolTypes.find(type => type.startsWith('web_search'))
    return { holds: search !== undefined, why: search === undefined ? 'no tool searches the web' : `a tool is ${search}` }
  }),
  scenario('longContext', 'the prompt has more tokens than `Router.longContextThreshold` (60000); or it and `max_tokens` do not fit into the context window of the model that a later rule chose', ({ promptTokens }, { threshold }) => ({
    holds: promptTokens > threshold,
    why: `the prompt has about ${promptTokens} tokens, ${promptTokens > threshold ? '' : 'not '}more than ${threshold}`
  })),
  scenario('background', 'the model is a haiku, or the request is a small job beside the conversation: no tools, no thinking, a title to be given', ({ tier, auxiliary }) => ({
    holds: tier === 'haiku' || auxiliary,
    why: tier === 'haiku' ? 'the model is a haiku' : auxiliary ? 'it asks for the title of a session' : 'the model is no haiku, and the request no small job beside the conversation'
  })),
  scenario('think', '`thinking.type` is `enabled`, the effort `xhigh` or `max`, or the prompt holds the keyword ultrathink; `Router.thinkOn` adds more signs', (traits, { thinkOn }) => {
    const sign = thinkSign(traits, thinkOn)
    return { holds: sign !== undefined, why: sign ?? `thinking is ${traits.thinking}, the effort ${traits.effort ?? 'not given'}, and there is no ultrathink` }
  }),
  tier('opus'),
  tier('sonnet'),
  tier('haiku'),
  scenario('default', 'no other rule does', () => ({ holds: true, why: 'no other rule applies' }))
]
