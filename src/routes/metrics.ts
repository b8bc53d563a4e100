import type { FastifyInstance } from 'fastify'

/** `GET /metrics`, in Prometheus' form: for this machine, and for keys that may see usage. */
export default async function metrics (app: FastifyInstance): Promise<void> {
  app.get('/metrics', { config: { access: 'metrics' } }, async (_request, reply) => {
    const { register } = app.metrics
    return reply.header('content-type', register.contentType).send(await register.metrics())
  })
}
