import type { FastifyInstance } from 'fastify'

/**
 * `GET /ready`: whether requests can be served, for orchestrators that send none to an instance that cannot. That is no
 * longer so while the provider of the default route is known to be down. Nothing is known before the first look, nor of a
 * provider that cannot be looked at: the service counts as ready then, as it would without any looking.
 *
 * A configuration that somebody wrote and that cannot be used is told as `unhealthy_config`: the one before serves on, so the
 * service is as ready as it was.
 *
 * Anyone may ask, so it tells names and no more: neither addresses nor what is wrong, which is in the log.
 */
export default async function ready (app: FastifyInstance): Promise<void> {
  app.get('/ready', { config: { public: true } }, async (_request, reply) => {
    const { providers } = app.health
    const fallback = app.config.current.router.default[0].provider.name
    const down = providers.get(fallback)?.status === 'down'
    if (down) reply.code(503)
    return { status: down ? 'unavailable' : 'ready', ...(app.configTrouble !== null && { unhealthy_config: true }), providers: Object.fromEntries([...providers].map(([name, { status }]) => [name, { status }])) }
  })
}
