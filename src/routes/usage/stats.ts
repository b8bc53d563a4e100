import type { FastifyInstance } from 'fastify'
import type { Sums } from '../../store/tables.ts'
import { addSums } from '../../usage/summary.ts'
import { sumUsage } from '../../usage/totals.ts'
import { replies } from './schemas.ts'
import { withScope } from './scope.ts'

const MAX_LINES = 1000

/** `GET /stats`: token usage in a few flat numbers, as users of a small router know it. */
export default async function stats (app: FastifyInstance): Promise<void> {
  app.get('/stats', { config: { access: 'usage' }, schema: { summary: 'Token usage in a few flat numbers', tags: ['usage'], response: replies({ type: 'object', additionalProperties: true }) } }, async request => {
    return await withScope(app, request, {}, async ({ store, keys }) => {
      const rows = await sumUsage(store.reader, { keys }, ['provider', 'model'], undefined, MAX_LINES)
      const { provider: by, model } = { provider: group(rows, ({ provider }) => provider ?? ''), model: group(rows, ({ model }) => model ?? '') }
      return { ...flat(addSums(rows)), models: model, providers: by }
    })
  })
}

function flat ({ requests, errors, input, output, cache_read: cacheReadTokens, cache_write_5m: short, cache_write_1h: long, cost }: Sums): object {
  return { requests, errors, inputTokens: input, outputTokens: output, cacheReadTokens, cacheWriteTokens: short + long, totalTokens: input + output + cacheReadTokens + short + long, costUsd: cost / 1_000_000 }
}

function group<Row extends Sums> (rows: readonly Row[], nameOf: (row: Row) => string): object {
  return Object.fromEntries([...new Set(rows.map(nameOf))].sort().map(name => [name, flat(addSums(rows.filter(row => nameOf(row) === name)))]))
}
