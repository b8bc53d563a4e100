import type { FastifyInstance } from 'fastify'

/** `GET /openapi.json`: the description of everything under `/v1` and `/api`. */
export default async function openapi (app: FastifyInstance): Promise<void> {
  app.get('/openapi.json', { config: { public: true } }, async () => app.swagger())
}
