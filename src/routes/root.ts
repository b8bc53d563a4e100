import type { FastifyInstance } from 'fastify'

/** `GET|HEAD /` and `/api/hello`: what clients ask to warm up a connection, and people to see what answers here. */
export default async function root (app: FastifyInstance): Promise<void> {
  const hello = async (): Promise<object> => ({ name: 'switchyard', messages: '/v1/messages', health: '/health' })
  app.get('/', { config: { public: true } }, hello)
  app.get('/api/hello', { config: { public: true } }, hello)
}
