import type { FastifyInstance, FastifySchema } from 'fastify'
import fp from 'fastify-plugin'
import { standsInForFlask } from '../src/config/stands-in.ts'
import { type JsonObject, isJsonObject } from '../src/wire/json.ts'

/** What is counted without a model is counted for the one that serves what no rule is for. */
const COUNTED = { model: 'default' }
/** What an answer may have where the request does not say. */
const ANSWERED = { max_tokens: 4096 }

const MESSAGES = /\/v1\/messages$/
const COUNT = /\/v1\/messages\/count_tokens$/

/** The schema of a route whose body need not have these members. */
function withOptional (schema: FastifySchema, members: object): FastifySchema {
  const { body } = schema as { body: { required: readonly string[] } }
  return { ...schema, body: { ...body, required: body.required.filter(name => !(name in members)) } }
}

/**
 * What the Messages API wants said and other gateways did not: claude-code-router counts tokens without a model, and an example
 * of the Flask proxy has no `max_tokens`, which is let pass where that one's variables count.
 */
async function leftOut (app: FastifyInstance): Promise<void> {
  const missing = (url: string, body: JsonObject): object => {
    if (COUNT.test(url)) return body['model'] === undefined ? COUNTED : {}
    const needed = MESSAGES.test(url) && body['max_tokens'] === undefined
    return needed && standsInForFlask(app.config.current, app.env, app.processEnv) ? ANSWERED : {}
  }
  // The description of the API says so, too.
  app.addHook('onRoute', route => {
    if (route.schema !== undefined && COUNT.test(route.url)) route.schema = withOptional(route.schema, COUNTED)
  })
  app.addHook('preValidation', (request, _reply, done) => {
    const { body, routeOptions: { url = '' } } = request
    const added = isJsonObject(body) ? missing(url, body) : {}
    if (Object.keys(added).length > 0) {
      Object.assign(body as JsonObject, added)
      // The bytes that came are not what is asked any more.
      request.rawBody = null
    }
    done()
  })
}

export default fp(leftOut, { name: 'left-out', fastify: '5.x', dependencies: ['env', 'config'] })
