import fastifySensible from '@fastify/sensible'
import type { FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'

/** HTTP errors and helpers for routes that speak plain HTTP. */
async function sensible (app: FastifyInstance): Promise<void> {
  await app.register(fastifySensible)
}

export default fp(sensible, { name: 'sensible', fastify: '5.x' })
