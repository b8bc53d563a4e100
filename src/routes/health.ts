import type { FastifyInstance } from 'fastify'
import { isFlaskProxy } from '../config/environment/openrouter.ts'

/**
 * `GET /health`: for load balancers and container health checks. Two of the gateways that this one takes the place of disagree
 * on its words, and the checks of their users may read them: those of the Flask proxy get its own.
 */
export default async function health (app: FastifyInstance): Promise<void> {
  const told = isFlaskProxy(app.env) ? { status: 'healthy', service: 'claude-code-proxy' } : { status: 'ok' }
  app.get('/health', { config: { public: true } }, async () => told)
}
