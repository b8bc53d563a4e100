import type { FastifyInstance } from 'fastify'
import { standsInForFlask } from '../config/stands-in.ts'

const OK = { status: 'ok' }
const FLASK = { status: 'healthy', service: 'claude-code-proxy' }

/**
 * `GET /health`: for load balancers and container health checks. Two of the gateways that this one takes the place of disagree
 * on its words, and the checks of their users may read them: those of the Flask proxy get its own.
 */
export default async function health (app: FastifyInstance): Promise<void> {
  app.get('/health', { config: { public: true } }, async () => standsInForFlask(app.config.current, app.env, app.processEnv) ? FLASK : OK)
}
