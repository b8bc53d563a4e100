import type { Target } from '../provider.ts'
import { targetOf } from './resolve-provider.ts'
import type { ProviderTargets } from './snapshot.ts'

/** `google/gemini-2.5-pro:free`, `~anthropic/claude-opus-latest`, `@preset/mine`: a vendor, and what it calls its model. */
const VENDOR_MODEL = /^[~@]?[\w.-]+\/[\w./:@~+-]+$/
const MAX_NAME = 200
/** Models that are remembered: a client may name as many as it likes. */
const MAX_MODELS = 500

/** The targets of models that clients name as `vendor/model`, listed or not. */
export class VendorModels {
  readonly #providers: ReadonlyMap<string, ProviderTargets>
  readonly #provider: ProviderTargets
  /** What was named last is last. */
  readonly #unlisted = new Map<string, Target>()

  /** @param provider whose models may be named without being listed; @param providers all: a model that one of them lists is its own */
  constructor (provider: ProviderTargets, providers: ReadonlyMap<string, ProviderTargets>) {
    this.#provider = provider
    this.#providers = providers
  }

  find (model: string): Target | undefined {
    if (model.length > MAX_NAME || !VENDOR_MODEL.test(model)) return undefined
    const listing = [this.#provider, ...this.#providers.values()].find(targets => targets.has(model))
    return listing?.get(model) ?? this.#named(model)
  }

  #named (model: string): Target | undefined {
    const target = this.#unlisted.get(model) ?? targetOf(this.#provider, model)
    if (target === undefined) return undefined
    this.#unlisted.delete(model)
    this.#unlisted.set(model, target)
    if (this.#unlisted.size > MAX_MODELS) this.#unlisted.delete(this.#unlisted.keys().next().value as string)
    return target
  }
}
