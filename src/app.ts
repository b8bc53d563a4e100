import Fastify, { type FastifyInstance, LogController } from 'fastify'
import type { Logger } from 'pino'
import audit from '../plugins/audit.ts'
import auth from '../plugins/auth.ts'
import budgets from '../plugins/budgets.ts'
import configEditor from '../plugins/config-editor.ts'
import config from '../plugins/config.ts'
import env, { type EnvOptions } from '../plugins/env.ts'
import errors from '../plugins/errors.ts'
import health from '../plugins/health.ts'
import keys from '../plugins/keys.ts'
import lanes from '../plugins/lanes.ts'
import ledger from '../plugins/ledger.ts'
import leftOut from '../plugins/left-out.ts'
import limiter from '../plugins/limiter.ts'
import logging from '../plugins/logging.ts'
import media from '../plugins/media.ts'
import metrics from '../plugins/metrics.ts'
import openapi from '../plugins/openapi.ts'
import rateLimit from '../plugins/rate-limit.ts'
import redis from '../plugins/redis.ts'
import router from '../plugins/router.ts'
import sensible from '../plugins/sensible.ts'
import shutdown from '../plugins/shutdown.ts'
import store from '../plugins/store.ts'
import transformers from '../plugins/transformers.ts'
import upstream from '../plugins/upstream.ts'
import { ApiError } from './errors.ts'
import { sendError } from './http/error-reply.ts'
import { jsonBody } from './http/json-body.ts'
import { refuseConnection } from './http/refuse-connection.ts'
import { LogOutput } from './log/output.ts'
import { createLogger } from './logger.ts'
import { newRequestId } from './message/ids.ts'
import { registerProviders } from './provider-plugins.ts'
import { QUICK_AJV } from './quick-ajv.ts'
import auditRoute from './routes/audit.ts'
import chatCompletions from './routes/chat-completions/index.ts'
import configRoute from './routes/config/index.ts'
import healthRoute from './routes/health.ts'
import keysRoute from './routes/keys.ts'
import countTokens from './routes/messages/count-tokens/index.ts'
import messages from './routes/messages/index.ts'
import metricsRoute from './routes/metrics.ts'
import modelsRoute from './routes/models/index.ts'
import openapiRoute from './routes/openapi.ts'
import providersRoute from './routes/providers.ts'
import ready from './routes/ready.ts'
import root from './routes/root.ts'
import routeRoute from './routes/route.ts'
import transformersRoute from './routes/transformers.ts'
import usage from './routes/usage/index.ts'

/** What the Messages API allows (https://docs.claude.com/en/api/overview#request-size-limits). */
const BODY_LIMIT = 32 * 1024 * 1024

export interface AppOptions extends EnvOptions {
  /** Where to log, for tests. */
  logger?: Logger
}

/**
 * Builds the whole service, not yet listening. Registration follows the path of the data.
 * @throws {ConfigError} (from `ready()`) when the configuration cannot be used
 */
export function buildApp (options: AppOptions = {}): FastifyInstance {
  const output = options.logger === undefined ? new LogOutput() : undefined
  const app = Fastify({
    loggerInstance: options.logger ?? createLogger(output),
    logController: new LogController({ disableRequestLogging: true }),
    genReqId: newRequestId,
    // A logger of its own for every request would cost more than all its lines, which name the request anyway.
    childLoggerFactory: logger => logger,
    bodyLimit: BODY_LIMIT,
    frameworkErrors: (error, request, reply) => { sendError(new ApiError('invalid_request_error', error.message), request, reply) },
    clientErrorHandler: refuseConnection,
    return503OnClosing: false,
    // A database that is slow to come up, or a machine that is busy, is not an error: what waits for others has limits of its own.
    pluginTimeout: 60_000,
    // Nothing of a request is changed on the way: what a client sent is what a provider gets.
    ajv: { customOptions: { coerceTypes: false, removeAdditional: false, useDefaults: false, allowUnionTypes: true, strictTypes: false, ...QUICK_AJV } }
  })
  setBodies(app as unknown as FastifyInstance)

  app.register(env, { ...(options.env !== undefined && { env: options.env }) })
  app.register(transformers)
  registerProviders(app as unknown as FastifyInstance)
  app.register(config)
  app.register(leftOut)
  app.register(sensible)
  app.register(errors)
  app.register(logging, { output })
  app.register(shutdown)
  app.register(openapi)
  app.register(store)
  app.register(ledger)
  app.register(keys)
  app.register(audit)
  app.register(configEditor)
  app.register(redis)
  app.register(auth)
  app.register(limiter)
  app.register(budgets)
  app.register(rateLimit)
  app.register(router)
  app.register(lanes)
  app.register(metrics)
  app.register(upstream)
  app.register(health)
  app.register(media)

  app.register(root)
  app.register(healthRoute)
  app.register(ready)
  app.register(transformersRoute)
  app.register(providersRoute)
  app.register(routeRoute)
  app.register(keysRoute)
  app.register(auditRoute)
  app.register(configRoute)
  app.register(usage)
  app.register(metricsRoute)
  app.register(openapiRoute)
  app.register(messages)
  app.register(countTokens)
  app.register(chatCompletions)
  app.register(modelsRoute)
  return app as unknown as FastifyInstance
}

/** How bodies are read and written. */
function setBodies (app: FastifyInstance): void {
  // Schemas of answers are for the description of the API: to compile a printer of each took a quarter of the start.
  app.setSerializerCompiler(() => value => JSON.stringify(value))
  app.removeAllContentTypeParsers()
  app.decorateRequest('rawBody', null)
  app.addContentTypeParser(['application/json', 'application/merge-patch+json'], { parseAs: 'buffer' }, jsonBody)
}
