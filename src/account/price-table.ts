import { compileGlobs } from '../glob.ts'
import { DEFAULT_PRICES, OWN_SERVERS } from './default-prices.ts'
import type { Price, PriceEntry } from './price.ts'

type Glob = (text: string) => boolean

/** Targets whose prices are kept at hand. */
const MAX_KNOWN = 1000

/** An entry and whom it is for; its globs are compiled when they are first asked. */
class Row {
  readonly entry: PriceEntry
  #model: Glob | undefined
  #provider: Glob | undefined

  constructor (entry: PriceEntry) {
    this.entry = entry
  }

  fits (provider: string, model: string): boolean {
    this.#model ??= compileGlobs([this.entry.model])
    if (!this.#model(model)) return false
    if (this.entry.provider === undefined) return true
    this.#provider ??= compileGlobs([this.entry.provider])
    return this.#provider(provider)
  }
}

/** Compiled once for all tables: a configuration may be loaded often. */
const SHIPPED = DEFAULT_PRICES.map(entry => new Row(entry))
const isOwnServer = compileGlobs(OWN_SERVERS)

/** Prices by provider and model: the first entry that fits counts, and those of the configuration come first. */
export class PriceTable {
  readonly #own: readonly Row[]
  readonly #shipped: readonly Row[]
  /** What fits a target, up to the first that fits prompts of any length. */
  readonly #known = new Map<string, readonly PriceEntry[]>()

  /** @param own of the configuration, in its order; @param shipped what stands behind them, but for servers of one's own */
  constructor (own: readonly PriceEntry[], shipped: readonly PriceEntry[] = DEFAULT_PRICES) {
    this.#own = own.map(entry => new Row(entry))
    this.#shipped = shipped === DEFAULT_PRICES ? SHIPPED : shipped.map(entry => new Row(entry))
  }

  /**
   * The price of a model at a provider.
   * @param promptTokens of the whole prompt, cached or not: some models cost more for long ones
   * @returns undefined where none is known
   */
  find (provider: string, model: string, promptTokens = 0): Price | undefined {
    const key = `${provider}\n${model}`
    let entries = this.#known.get(key)
    if (entries === undefined) {
      entries = this.#fitting(provider, model)
      if (this.#known.size === MAX_KNOWN) this.#known.clear()
      this.#known.set(key, entries)
    }
    return entries.find(({ above }) => above === undefined || promptTokens > above)
  }

  #fitting (provider: string, model: string): PriceEntry[] {
    const entries: PriceEntry[] = []
    for (const row of isOwnServer(provider) ? this.#own : [...this.#own, ...this.#shipped]) {
      if (!row.fits(provider, model)) continue
      entries.push(row.entry)
      if (row.entry.above === undefined) break
    }
    return entries
  }
}
