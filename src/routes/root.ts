import type { FastifyInstance } from 'fastify'

/** What people and scripts look for first; `/openapi.json` has the rest. */
const ENDPOINTS = {
  messages: '/v1/messages',
  count_tokens: '/v1/messages/count_tokens',
  chat_completions: '/v1/chat/completions',
  models: '/v1/models',
  health: '/health',
  ready: '/ready',
  stats: '/stats',
  openapi: '/openapi.json'
}

/** `GET|HEAD /` and `/api/hello`: what clients ask to warm up a connection, and people to see what answers here. */
export default async function root (app: FastifyInstance): Promise<void> {
  const hello = async (): Promise<object> => ({ name: 'switchyard', status: 'ok', ...ENDPOINTS })
  app.get('/', { config: { public: true } }, hello)
  app.get('/api/hello', { config: { public: true } }, hello)
}
