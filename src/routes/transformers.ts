import type { FastifyInstance } from 'fastify'
import type { ProviderTargets } from '../config/snapshot.ts'
import type { OptionSchemas, Provider, Wire } from '../provider.ts'

/** What stands in for the options of a transformer that takes any. */
const ANY = null

interface Listed {
  name: string
  /** JSON Schemas by the name of an option. */
  options: OptionSchemas | typeof ANY
  /** The user's file that it comes from. */
  file?: string
  /** Providers by name, or `provider,model` where only some of their models use it. */
  usedBy: string[]
}

/** `GET /api/transformers`: every transformer that the configuration may name, and where it does. The options' values stay private. */
export default async function transformers (app: FastifyInstance): Promise<void> {
  app.get('/api/transformers', { schema: { summary: 'Transformers, and who uses them', tags: ['gateway'] } }, async () => {
    const { catalogue, providers } = app.config.current
    return {
      pairs: catalogue.pairs.map((pair): Listed & { wire: Wire } => ({ ...listed(pair, providers, provider => provider.pair === pair), wire: pair.wire })),
      adapters: catalogue.adapters.map((factory): Listed & { description: string, wires: readonly Wire[] | null } => ({
        ...listed(factory, providers, provider => provider.adapters.some(adapter => adapter.name === factory.name)),
        description: factory.description ?? '',
        wires: factory.wires ?? null
      }))
    }
  })
}

function listed ({ name, options, file }: { name: string, options?: OptionSchemas, file?: string }, providers: ReadonlyMap<string, ProviderTargets>, uses: (provider: Provider) => boolean): Listed {
  const usedBy = [...providers].flatMap(([provider, targets]) => usersOf(provider, targets, uses))
  return { name, options: options ?? ANY, ...(file !== undefined && { file }), usedBy }
}

function usersOf (provider: string, targets: ProviderTargets, uses: (provider: Provider) => boolean): string[] {
  const models = [...targets.values()].filter(target => uses(target.provider)).map(({ model }) => model)
  return models.length === targets.size ? [provider] : models.map(model => `${provider},${model}`)
}
