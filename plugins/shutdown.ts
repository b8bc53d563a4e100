import type { Server } from 'node:http'
import type { Socket } from 'node:net'
import type { FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'
import { ApiError } from '../src/errors.ts'
import { Running } from '../src/http/running.ts'

/** Connections that have not sent a request: Node takes them for busy when it closes, and would wait for them. */
function unusedSockets (server: Server): Set<Socket> {
  const sockets = new Set<Socket>()
  server.on('connection', socket => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
  })
  server.on('request', request => sockets.delete(request.socket))
  return sockets
}

/**
 * A clean end: no new requests, running replies go on to their end, and those that outlast the grace are told so in
 * their own form.
 */
async function shutdown (app: FastifyInstance): Promise<void> {
  app.decorate('running', new Running())
  let closing = false
  const unused = unusedSockets(app.server)
  // A connection that was busy when the service began to close is kept alive behind its reply unless it is closed then.
  app.server.on('request', (_request, response) => {
    response.once('close', () => { if (closing) setImmediate(() => app.server.closeIdleConnections()) })
  })

  app.addHook('onRequest', (_request, reply, done) => {
    if (!closing) return done()
    reply.header('connection', 'close')
    done(new ApiError('overloaded_error', 'The gateway is shutting down.', { retryAfter: 1 }))
  })

  app.addHook('preClose', done => {
    closing = true
    for (const socket of unused) socket.destroy()
    const grace = app.config.current.stream.shutdownGrace
    setTimeout(() => app.running.failAll(new ApiError('overloaded_error', 'The gateway was shut down.')), grace).unref()
    done()
  })
}

export default fp(shutdown, { name: 'shutdown', fastify: '5.x', dependencies: ['config'] })
