import type { Target } from '../provider.ts'
import { type Condition, compileCondition } from '../routing/condition.ts'
import type { Targets } from '../routing/route.ts'
import { type Router, SCENARIOS, type Scenario } from '../routing/router.ts'
import { type OwnRule, RULES, type RuleParts } from '../routing/rules.ts'
import { THINK_ON } from '../routing/think-sign.ts'
import type { Tier } from '../routing/traits.ts'
import type { WeightedUse } from '../routing/weights.ts'
import { findTarget, resolveTarget } from './resolve-target.ts'
import type { ConfigDocument } from './schema.ts'
import type { ProviderTargets } from './snapshot.ts'
import { VendorModels } from './vendor-models.ts'

type Settings = Partial<Omit<ConfigDocument['Router'], 'profiles'>>
type RuleEntry = NonNullable<Settings['rules']>[number]
type Fallbacks = ConfigDocument['fallback']

const TIER_KEYS = ['opus', 'sonnet', 'haiku'] as const

/** Turns the names of a `Router` into targets, and its conditions into checks. */
export class RouterResolver {
  readonly #providers: ReadonlyMap<string, ProviderTargets>
  readonly #problems: string[]
  readonly #fallbacks: ReadonlyMap<string, readonly Target[]>

  /** @param problems gets a line for each name that leads nowhere */
  constructor (providers: ReadonlyMap<string, ProviderTargets>, fallbacks: Fallbacks, problems: string[]) {
    this.#providers = providers
    this.#problems = problems
    this.#fallbacks = new Map(Object.entries(fallbacks ?? {}).map(([rule, names]) => [rule, this.#targets(names, `fallback.${rule}`)]))
  }

  /**
   * @param base what holds where the settings say nothing; what is wrong there is told elsewhere
   * @returns undefined where the default leads nowhere
   */
  resolve (own: Settings, path: string, base: Settings = {}): Router | undefined {
    const settings = { ...base, ...own }
    const scenarios = this.#scenarios(settings, name => own[name] === undefined ? [] : this.#problems, path)
    const { default: fallback } = scenarios
    const parts: RuleParts = {
      scenarios,
      own: this.#ownRules(settings.rules ?? [], path, own.rules === undefined ? [] : this.#problems),
      threshold: Number(settings.longContextThreshold ?? 60000),
      thinkOn: [...THINK_ON, ...settings.thinkOn ?? []],
      find: name => findTarget(name, this.#providers),
      ofVendor: this.#vendorModels(settings, own.vendorModels === undefined ? [] : this.#problems, path),
      withFallback: (target, rule) => this.#withFallback(target, rule)
    }
    const rules = RULES.flatMap(kind => kind.create(parts))
    if (fallback === undefined) return undefined
    const targets = [...this.#providers.values()].flatMap(targets => [...targets.values()])
    return Object.freeze({
      rules,
      image: scenarios.image,
      longContext: scenarios.longContext,
      default: fallback,
      strict: settings.strict === true,
      known: [...new Set(targets.flatMap(({ name, model }) => [name, model]))],
      tiers: tiersOf(settings),
      find: parts.find,
      ofVendor: parts.ofVendor
    })
  }

  #scenarios (settings: Settings, problemsOf: (name: Scenario) => string[], path: string): Partial<Record<Scenario, Targets>> {
    const scenarios: Partial<Record<Scenario, Targets>> = {}
    for (const name of SCENARIOS) {
      const target = settings[name] && resolveTarget(settings[name], this.#providers, `${path}.${name}`, problemsOf(name))
      if (target) scenarios[name] = this.#withFallback(target, name)
    }
    return scenarios
  }

  #vendorModels ({ vendorModels: name }: Settings, problems: string[], path: string): (model: string) => Target | undefined {
    const provider = name === undefined ? undefined : this.#providers.get(name)
    if (name !== undefined && provider === undefined) problems.push(`${path}.vendorModels: must name a provider; Providers has ${[...this.#providers.keys()].join(', ') || 'none'}`)
    if (provider === undefined) return () => undefined
    const models = new VendorModels(provider, this.#providers)
    return model => models.find(model)
  }

  #ownRules (entries: readonly RuleEntry[], path: string, problems: string[]): OwnRule[] {
    return entries.map((entry, i) => {
      const place = `${path}.rules[${i}]`
      if (entries.findIndex(({ name }) => name === entry.name) !== i) problems.push(`${place}.name: there are two rules named ${entry.name}`)
      return { name: entry.name, check: compileCondition(entry.when as Condition), use: this.#use(entry, place, problems) }
    })
  }

  #use ({ use, fallback }: RuleEntry, path: string, problems: string[]): WeightedUse {
    // Its own list is all of it: a rule that keeps prompts at home must not leak them to the default's.
    const behind = fallback === undefined ? this.#behind('rules') : this.#targets(fallback, `${path}.fallback`, problems)
    const list: readonly { to: string, weight?: number }[] = typeof use === 'string' ? [{ to: use }] : use
    const shares = list.flatMap(({ to, weight = 1 }, i) => {
      const target = resolveTarget(to, this.#providers, typeof use === 'string' ? `${path}.use` : `${path}.use[${i}].to`, problems)
      return target === undefined ? [] : [{ targets: unique([target, ...behind]), weight }]
    })
    if (shares.length > 0 && shares.every(({ weight }) => weight === 0)) problems.push(`${path}.use: one of the weights must be more than 0`)
    return shares
  }

  #withFallback (target: Target, rule: string): Targets {
    return unique([target, ...this.#behind(rule)])
  }

  /**
   * A scenario has its own list, and none without it: what searches the web, or sees, has no stand-in that does not. Rules
   * that are no scenario fall back to the default's, as in claude-code-router.
   */
  #behind (rule: string): readonly Target[] {
    const own = this.#fallbacks.get(rule)
    return own ?? (SCENARIOS.some(name => name === rule) ? [] : this.#fallbacks.get('default') ?? [])
  }

  #targets (names: readonly string[], path: string, problems = this.#problems): Target[] {
    return names.flatMap((name, i) => resolveTarget(name, this.#providers, `${path}[${i}]`, problems) ?? [])
  }
}

function unique ([first, ...rest]: [Target, ...Target[]]): Targets {
  return Object.freeze([first, ...new Set(rest.filter(target => target !== first))] as const)
}

/** A haiku is served by `background`, too. */
function tiersOf (settings: Settings): Tier[] {
  return TIER_KEYS.filter(tier => settings[tier] !== undefined || (tier === 'haiku' && settings.background !== undefined))
}
