import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import type { Logger } from 'pino'
import type { Exchange } from '../src/http/exchange.ts'

/** What the log says of a model request. Never a header, never a body. */
function describeExchange (exchange: Exchange): object {
  const { route, target, writer, error } = exchange
  return {
    provider: target.provider.name,
    model: target.model,
    rule: route.rule,
    stream: exchange.stream,
    ...(exchange.dropped.length > 0 && { dropped: exchange.dropped }),
    ...(writer !== null && { usage: writer.usageCounts, stopReason: writer.stopReason }),
    firstContentMs: round(exchange.firstContent),
    ...(exchange.left && { left: true }),
    ...(error !== null && { error: { type: error.type, status: error.status } })
  }
}

function round (milliseconds: number | null): number | null {
  return milliseconds === null ? null : Math.round(milliseconds * 10) / 10
}

/** One line for each request, when its reply is over. Health checks and probes are a debug matter. */
async function logging (app: FastifyInstance): Promise<void> {
  const log = app.log as Logger
  app.decorateRequest('exchange', null)

  app.addHook('onResponse', (request: FastifyRequest, reply: FastifyReply, done) => {
    const level = request.routeOptions.config.public === true ? 'debug' : 'info'
    if (log.isLevelEnabled(level)) {
      const { method, routeOptions: { url: route } } = request
      const line = { requestId: request.id, method, route, status: reply.statusCode, durationMs: round(reply.elapsedTime) }
      log[level](request.exchange === null ? line : { ...line, ...describeExchange(request.exchange) }, 'request')
    }
    done()
  })
}

export default fp(logging, { name: 'logging', fastify: '5.x' })
