import { permits, permitted } from '../../account/allowance.ts'
import type { Identity } from '../../account/identity.ts'
import type { Config } from '../../config/snapshot.ts'
import { ALIAS, LONG, VIRTUAL, namedTarget, ruleOf, withoutAlias, withoutLong } from '../../routing/model-name.ts'
import type { Router } from '../../routing/router.ts'
import type { ProviderFacts, Target } from '../../target.ts'
import { isReached } from './reached.ts'

/** A model that a client may ask for. */
export interface Model {
  readonly id: string
  /**
   * How the id says who serves: a rule's name, `provider,model`, `vendor/model` by `Router.vendorModels`, or a bare model, which the
   * rules lead there.
   */
  readonly kind: 'rule' | 'named' | 'vendor' | 'bare'
  /** For people. */
  readonly name: string
  /** Who serves it: what it can do is what that one can. */
  readonly target: Target
}

/** What a key may ask for under one configuration. */
export interface Catalogue {
  /** Rules, the models of the providers as `provider,model`, and those that come to the same under their bare name. */
  readonly models: readonly Model[]
  /** What the servers behind them tell, by which windows change. */
  readonly facts: readonly ProviderFacts[]
  /** One of them, by any name that a request may have for it. */
  find (id: string): Model | undefined
}

/** A router is made anew with each configuration, and an identity with each change of its key: what is made of both lives as long. */
const catalogues = new WeakMap<Router, WeakMap<Identity, Catalogue>>()

/** The models of a configuration that a key may use, by the router that its requests go by; made once for both. */
export function catalogueOf (config: Pick<Config, 'providers' | 'custom'>, router: Router, identity: Identity): Catalogue {
  let known = catalogues.get(router)
  if (known === undefined) catalogues.set(router, known = new WeakMap<Identity, Catalogue>())
  let catalogue = known.get(identity)
  if (catalogue === undefined) known.set(identity, catalogue = create(config, router, identity))
  return catalogue
}

function create ({ providers, custom }: Pick<Config, 'providers' | 'custom'>, router: Router, identity: Identity): Catalogue {
  const targets = permitted(identity, [...providers.values()].flatMap(targets => [...targets.values()]))
  const models = [...rulesOf(router, identity), ...targets.map(target => modelOf(target, 'named')), ...targets.flatMap(target => {
    if (router.ofVendor(target.model) === target) return [modelOf(target, 'vendor')]
    // What a router of the user's says is not known before it is asked.
    return custom === undefined && isReached(target, router, identity) ? [modelOf(target, 'bare')] : []
  })]
  const vendorModel = (id: string): Model | undefined => {
    const target = router.ofVendor(id)
    return target && permits(identity, target) ? modelOf(target, 'vendor') : undefined
  }
  const byId = new Map(models.map(model => [model.id, model]))
  return {
    models,
    facts: [...new Set(models.map(({ target }) => target.provider.facts))],
    find (id) {
      const rule = ruleOf(id)
      const name = namedTarget(id, router.find)?.name ?? (rule === undefined ? id : VIRTUAL + rule)
      const model = byId.get(name) ?? (name === id && rule === undefined ? vendorModel(withoutAlias(id)) : undefined)
      // An alias keeps its name: a client may look for what it asked for.
      return model !== undefined && id.startsWith(ALIAS) ? { ...model, id } : model
    }
  }
}

/** A rule is of use to a key that may use something of each of its shares: which of them a session gets is not the key's choice. */
function rulesOf ({ rules }: Router, identity: Identity): Model[] {
  return rules.flatMap(({ name, serves }) => {
    const firsts = (serves?.shares ?? []).map(targets => permitted(identity, targets)[0])
    const [target] = firsts
    return target === undefined || firsts.includes(undefined) ? [] : [{ id: VIRTUAL + name, kind: 'rule', name: `${name}: ${nameOf(target)}`, target }]
  })
}

function modelOf (target: Target, kind: 'named' | 'vendor' | 'bare'): Model {
  return { id: kind === 'named' ? target.name : target.model, kind, name: nameOf(target), target }
}

function nameOf ({ model, provider }: Target): string {
  return `${model} (${provider.name})`
}

/** Names that Claude Code shows as they are. */
const SHOWN = /^(?:claude|anthropic)/i
/** From this window on a model's alias says that it is long: without that, Claude Code compacts a conversation at 200,000 tokens. */
const LONG_WINDOW = 1_000_000

/**
 * The models as Anthropic's clients get them: before all others the aliases by which Claude Code finds those whose own names it does
 * not show. Of the names of a model it is shown one, by what is known of their windows now.
 */
export function withAliases ({ models }: Catalogue): Model[] {
  const ids = new Set(models.map(({ id }) => id))
  const listed = models.filter(model => !isDouble(model))
  const shown = new Set(listed.flatMap(({ id, kind, target }) => kind === 'vendor' && SHOWN.test(id) ? [target] : []))
  const aliases = models.flatMap(model => {
    const { id, kind, target } = model
    const short = withoutLong(id)
    // Claude Code would cut the mark off, and so ask for the one without it.
    const taken = short !== id && ids.has(short)
    if (SHOWN.test(id) || taken || (kind === 'named' ? shown.has(target) : kind !== 'rule')) return []
    return [{ ...model, id: ALIAS + short + (isLong(model) ? LONG : '') }]
  })
  return [...aliases, ...listed]
}

/** Whether Claude Code would show a bare name beside a better one: it is served by rules, or cannot say that its window is long. */
function isDouble (model: Model): boolean {
  const { id, kind, target } = model
  if (kind === 'rule' || kind === 'named' || !SHOWN.test(id)) return false
  return kind === 'bare' || isLong(model) || SHOWN.test(target.name)
}

function isLong ({ id, target }: Model): boolean {
  return withoutLong(id) !== id || (target.capabilities.contextWindow ?? 0) >= LONG_WINDOW
}
