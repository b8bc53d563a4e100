import type { FastifyInstance } from 'fastify'

/** `GET /health`: for load balancers and container health checks. */
export default async function health (app: FastifyInstance): Promise<void> {
  app.get('/health', { config: { public: true } }, async () => ({ status: 'ok' }))
}
