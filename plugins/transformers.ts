import type { FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'
import type { TransformerPair } from '../src/provider.ts'

declare module 'fastify' {
  interface FastifyInstance {
    /** The transformer pairs that provider plugins registered. */
    transformers: TransformerRegistry
  }
}

/** Transformer pairs by name, whatever its case: old files say `OpenAI`. */
class TransformerRegistry {
  readonly #pairs = new Map<string, TransformerPair>()

  get names (): readonly string[] { return [...this.#pairs.keys()] }

  /** @throws {Error} when the name is taken */
  add (pair: TransformerPair): void {
    const name = pair.name.toLowerCase()
    if (this.#pairs.has(name)) throw new Error(`There is already a transformer pair named ${pair.name}.`)
    this.#pairs.set(name, pair)
  }

  get (name: string): TransformerPair | undefined {
    return this.#pairs.get(name.toLowerCase())
  }
}

/** The registry that provider plugins add their pairs to. */
async function transformers (app: FastifyInstance): Promise<void> {
  app.decorate('transformers', new TransformerRegistry())
}

export default fp(transformers, { name: 'transformers', fastify: '5.x' })
