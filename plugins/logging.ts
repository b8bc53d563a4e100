import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import type { Logger } from 'pino'
import type { ApiError } from '../src/errors.ts'
import type { Attempt, Exchange } from '../src/http/exchange.ts'
import type { LogOutput } from '../src/log/output.ts'
import { type JsonValue, isJsonObject } from '../src/wire/json.ts'

export interface LoggingOptions {
  /** Where the log goes; undefined where somebody else sees to that. */
  output?: LogOutput | undefined
}

/** Rules of the user's, which may ask for any header. */
const OWN_RULE = /^rules\./

/**
 * What the log says of a model request. Never a header, never a body: a reason of the user's own rules repeats what they ask
 * for, so there the name of the rule has to do.
 */
function describeExchange ({ route, stream, attempts, current, error }: Exchange): object {
  const target = current?.target ?? route.targets[0]
  return {
    provider: target.provider.name,
    model: target.model,
    rule: route.rule,
    ...(!OWN_RULE.test(route.rule) && { reason: route.reason }),
    stream,
    ...(current !== undefined && describeReply(current)),
    ...(attempts.length > 1 && { attempts: attempts.map(describeAttempt) }),
    ...(error !== null && { error: describeError(error) })
  }
}

function describeReply ({ account, firstContent, upstreamId, dropped, adjusted }: Attempt): object {
  return {
    ...(upstreamId !== null && { upstreamRequestId: upstreamId }),
    ...(dropped.length > 0 && { dropped }),
    ...(adjusted.length > 0 && { adjusted }),
    ...(account !== null && { usage: account.usageCounts, stopReason: account.stopReason }),
    firstContentMs: round(firstContent)
  }
}

/** The tokens of a try that failed were paid for, too. */
function describeAttempt ({ target, duration, error, account }: Attempt): object {
  return { target: target.name, durationMs: round(duration), ...(error === null ? {} : { error: describeError(error) }), ...(account !== null && { usage: account.usageCounts }) }
}

/** A message of the provider may repeat what was sent to it; one of ours, about the connection, does not. */
function describeError ({ type, status, message, cause }: ApiError): object {
  return { type, status, ...(cause !== undefined && { message }) }
}

/** A name that the client chose: its length must not be its choice as well. */
const MAX_NAME = 100

/** What the log says of a model request that has come, at `debug`: its form and its size, and nothing of what it holds. */
function describeAsked (body: JsonValue, bytes: number): object {
  if (!isJsonObject(body)) return { bytes }
  const { model, stream, messages, tools } = body
  return {
    ...(typeof model === 'string' && { model: model.slice(0, MAX_NAME) }),
    stream: stream === true,
    messages: countOf(messages),
    tools: countOf(tools),
    bytes
  }
}

function countOf (list: JsonValue | undefined): number {
  return Array.isArray(list) ? list.length : 0
}

function round (milliseconds: number | null): number | null {
  return milliseconds === null ? null : Math.round(milliseconds * 10) / 10
}

/** What nginx and others say of a request whose client left. */
const CLIENT_LEFT = 499

/** Where models are asked, or tokens of what they would be asked counted. */
const MODEL_ROUTE = /\/v1\/(?:messages|chat\/completions)\b/

/** An id on every reply, and one line of log by that id. Health checks and probes are a debug matter. */
async function logging (app: FastifyInstance, { output }: LoggingOptions): Promise<void> {
  const log = app.log as Logger
  app.decorateRequest('exchange', null)
  if (output !== undefined) {
    output.keep(app.config.current.logFiles)
    app.config.onChange(({ logFiles }) => output.keep(logFiles))
    app.addHook('onListen', () => output.open())
    app.addHook('onClose', () => output.close())
  }

  function logRequest (level: 'info' | 'debug', request: FastifyRequest, reply: FastifyReply): void {
    const { method, exchange, routeOptions: { url: route } } = request
    const status = reply.raw.writableFinished ? reply.raw.statusCode : CLIENT_LEFT
    const line = { requestId: request.id, method, route, status, durationMs: round(reply.elapsedTime) }
    log[level](exchange === null ? line : { ...line, ...describeExchange(exchange) }, 'request')
  }

  // Not onResponse: it is left out when the client leaves before the end.
  app.addHook('onRequest', (request, reply, done) => {
    const level = request.routeOptions.config.public === true ? 'debug' : 'info'
    if (log.isLevelEnabled(level)) reply.raw.once('close', () => logRequest(level, request, reply))
    done()
  })

  // Before its route takes the body away.
  app.addHook('preHandler', (request, _reply, done) => {
    if (log.isLevelEnabled('debug') && request.rawBody !== null && MODEL_ROUTE.test(request.url)) {
      log.debug({ requestId: request.id, method: request.method, route: request.routeOptions.url, ...describeAsked(request.body as JsonValue, request.rawBody.length) }, 'received')
    }
    done()
  })

  // Model replies carry it already: they are written past Fastify.
  app.addHook('onSend', (request, reply, payload, done) => {
    reply.header('request-id', request.id)
    done(null, payload)
  })
}

export default fp(logging, { name: 'logging', fastify: '5.x', dependencies: ['config'] })
