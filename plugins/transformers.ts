import type { FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'
import type { AdapterFactory, TransformerPair } from '../src/provider.ts'
import type { TransformerKit } from '../src/transformer-kit.ts'

declare module 'fastify' {
  interface FastifyInstance {
    /** The transformer pairs and adapters that provider plugins registered. */
    transformers: TransformerRegistry
  }
}

/** Transformer pairs and adapters by name, whatever its case: old files say `OpenAI`. They share the names. */
class TransformerRegistry {
  /** What users' own transformers are made with; a provider plugin sets it. */
  kit: TransformerKit | undefined
  readonly #pairs = new Map<string, TransformerPair>()
  readonly #adapters = new Map<string, AdapterFactory>()

  get pairs (): readonly TransformerPair[] { return [...this.#pairs.values()] }

  get adapters (): readonly AdapterFactory[] { return [...this.#adapters.values()] }

  /** @throws {Error} when the name is taken */
  add (pair: TransformerPair): void {
    this.#checkName(pair.name)
    this.#pairs.set(pair.name.toLowerCase(), pair)
  }

  /** @throws {Error} when the name is taken */
  addAdapter (adapter: AdapterFactory): void {
    this.#checkName(adapter.name)
    this.#adapters.set(adapter.name.toLowerCase(), adapter)
  }

  pair (name: string): TransformerPair | undefined {
    return this.#pairs.get(name.toLowerCase())
  }

  adapter (name: string): AdapterFactory | undefined {
    return this.#adapters.get(name.toLowerCase())
  }

  #checkName (name: string): void {
    if (this.pair(name) ?? this.adapter(name)) throw new Error(`There is already a transformer named ${name}.`)
  }
}

/** The registry that provider plugins add their pairs to. */
async function transformers (app: FastifyInstance): Promise<void> {
  app.decorate('transformers', new TransformerRegistry())
}

export default fp(transformers, { name: 'transformers', fastify: '5.x' })
