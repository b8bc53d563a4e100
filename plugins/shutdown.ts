import type { FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'
import { ApiError } from '../src/errors.ts'
import { Running } from '../src/http/running.ts'

/**
 * A clean end: no new requests, running replies go on to their end, and those that outlast the grace are told so in
 * their own form.
 */
async function shutdown (app: FastifyInstance): Promise<void> {
  app.decorate('running', new Running())
  let closing = false

  app.addHook('onRequest', (_request, reply, done) => {
    if (!closing) return done()
    reply.header('connection', 'close')
    done(new ApiError('overloaded_error', 'The gateway is shutting down.', { retryAfter: 1 }))
  })

  app.addHook('preClose', done => {
    closing = true
    const grace = app.config.current.stream.shutdownGrace
    setTimeout(() => app.running.failAll(new ApiError('overloaded_error', 'The gateway was shut down.')), grace).unref()
    done()
  })
}

export default fp(shutdown, { name: 'shutdown', fastify: '5.x', dependencies: ['config'] })
