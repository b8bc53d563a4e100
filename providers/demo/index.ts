import type { FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'
import { DemoServer } from './server.ts'
import type { ChatDialect } from '../openai-compatible/dialect.ts'
import { chatPair } from '../openai-compatible/pair.ts'

/**
 * The built-in demo: serves when nothing is configured, so that a first request can be made before there is any key. It
 * answers by itself, over the same wire and through the same code as a real provider.
 */
const dialect: ChatDialect = {
  name: 'demo',
  column: 'openai',
  cacheControl: false,
  mediaInToolResults: false,
  files: 'data',
  maxStops: 4,
  jsonSchema: true,
  family: () => 'demo',
  headers: () => ({}),
  parameters (body, { thinking }) {
    // Claude Code asks for adaptive thinking with every request; the demo thinks where it was told to.
    if (thinking?.type === 'enabled') body.reasoning_effort = 'high'
  }
}

async function demo (app: FastifyInstance): Promise<void> {
  app.transformers.add({ ...chatPair(dialect), dispatcher: new DemoServer() })
}

export default fp(demo, { name: 'provider-demo', fastify: '5.x', dependencies: ['transformers'] })
