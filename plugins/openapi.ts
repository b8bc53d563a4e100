import swagger from '@fastify/swagger'
import type { FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'
import { version } from '../src/version.ts'

const KEY = { 'x-api-key': [] }
const BEARER = { bearer: [] }

/**
 * Describes all routes that are registered later, by their own schemas. What is described is put together when someone
 * asks for it.
 */
async function openapi (app: FastifyInstance): Promise<void> {
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: { title: 'Switchyard', version, description: 'A gateway between coding agents and model providers. Errors have the form of Anthropic\'s API on every path.' },
      tags: [
        { name: 'models', description: 'What clients ask models with.' },
        { name: 'usage', description: 'What was used, by whom, and what it cost.' },
        { name: 'keys', description: 'Keys of clients.' },
        { name: 'gateway', description: 'How the gateway is, and what it would do.' }
      ],
      components: {
        securitySchemes: {
          'x-api-key': { type: 'apiKey', in: 'header', name: 'x-api-key' },
          bearer: { type: 'http', scheme: 'bearer' }
        }
      },
      security: [KEY, BEARER]
    },
    // Probes and what is asked for without a key are no part of the API.
    hideUntagged: true
  })
}

export default fp(openapi, { name: 'openapi', fastify: '5.x' })
