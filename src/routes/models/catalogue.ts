import { permitted } from '../../account/allowance.ts'
import type { Identity } from '../../account/identity.ts'
import type { Config } from '../../config/snapshot.ts'
import { ALIAS, LONG, VIRTUAL, namedTarget, ruleOf, withoutAlias, withoutLong } from '../../routing/model-name.ts'
import type { Router } from '../../routing/router.ts'
import type { ProviderFacts, Target } from '../../target.ts'

/** A model that a client may ask for. */
export interface Model {
  readonly id: string
  /** For people. */
  readonly name: string
  /** Who serves it: what it can do is what that one can. */
  readonly target: Target
}

/** What a key may ask for under one configuration. */
export interface Catalogue {
  /** Rules, the models of the providers as `provider,model`, and those that may be named without a provider. */
  readonly models: readonly Model[]
  /** What the servers behind them tell, by which windows change. */
  readonly facts: readonly ProviderFacts[]
  /** One of them, by any name that a request may have for it. */
  find (id: string): Model | undefined
}

/** A router is made anew with each configuration, and an identity with each change of its key: what is made of both lives as long. */
const catalogues = new WeakMap<Router, WeakMap<Identity, Catalogue>>()

/** The models of a configuration that a key may use, by the router that its requests go by; made once for both. */
export function catalogueOf (config: Pick<Config, 'providers'>, router: Router, identity: Identity): Catalogue {
  let known = catalogues.get(router)
  if (known === undefined) catalogues.set(router, known = new WeakMap<Identity, Catalogue>())
  let catalogue = known.get(identity)
  if (catalogue === undefined) known.set(identity, catalogue = create(config, router, identity))
  return catalogue
}

function create ({ providers }: Pick<Config, 'providers'>, router: Router, identity: Identity): Catalogue {
  const targets = permitted(identity, [...providers.values()].flatMap(targets => [...targets.values()]))
  const bare = targets.filter(target => router.ofVendor(target.model) === target)
  const models = [...rulesOf(router, identity), ...targets.map(target => modelOf(target, target.name)), ...bare.map(target => modelOf(target, target.model))]
  const byId = new Map(models.map(model => [model.id, model]))
  return {
    models,
    facts: [...new Set(models.map(({ target }) => target.provider.facts))],
    find (id) {
      const rule = ruleOf(id)
      const name = namedTarget(id, router.find)?.name ?? (rule === undefined ? withoutLong(withoutAlias(id)) : VIRTUAL + rule)
      const model = byId.get(name)
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
    return target === undefined || firsts.includes(undefined) ? [] : [{ id: VIRTUAL + name, name: `${name}: ${nameOf(target)}`, target }]
  })
}

function modelOf (target: Target, id: string): Model {
  return { id, name: nameOf(target), target }
}

function nameOf ({ model, provider }: Target): string {
  return `${model} (${provider.name})`
}

/** Names that Claude Code shows as they are. */
const SHOWN = /^(?:claude|anthropic)/i
/** From this window on a model's alias says that it is long: without that, Claude Code compacts a conversation at 200,000 tokens. */
const LONG_WINDOW = 1_000_000

/** The aliases by which Claude Code finds models whose own names it does not show; by what is known of their windows now. */
export function aliasesOf ({ models }: Catalogue): Model[] {
  const ids = new Set(models.map(({ id }) => id))
  return models.flatMap(({ id, name, target }) => {
    const short = withoutLong(id)
    // Claude Code would cut the mark off, and so ask for the one without it. One alias of a model is enough.
    if (SHOWN.test(id) || (short !== id && ids.has(short)) || id === target.model) return []
    const long = short !== id || (target.capabilities.contextWindow ?? 0) >= LONG_WINDOW
    return [{ id: ALIAS + short + (long ? LONG : ''), name, target }]
  })
}
