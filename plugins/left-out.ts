import type { FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'
import { isFlaskProxy } from '../src/config/environment/openrouter.ts'
import { isJsonObject } from '../src/wire/json.ts'

/** What is counted without a model is counted for the one that serves what no rule is for. */
const MODEL = 'default'
/** What an answer may have where the request does not say. */
const MAX_TOKENS = 4096

const MESSAGES = /\/v1\/messages$/
const COUNT = /\/v1\/messages\/count_tokens$/

/**
 * What the Messages API wants said and other gateways did not: claude-code-router counts tokens without a model, and an example
 * of the Flask proxy has no `max_tokens`, which is let pass where that one's variables are set.
 */
async function leftOut (app: FastifyInstance): Promise<void> {
  const flask = isFlaskProxy(app.env)
  app.addHook('preValidation', (request, _reply, done) => {
    const { body, routeOptions: { url = '' } } = request
    const missing = COUNT.test(url) ? { model: MODEL } : flask && MESSAGES.test(url) ? { max_tokens: MAX_TOKENS } : undefined
    const [name] = Object.keys(missing ?? {})
    if (name !== undefined && isJsonObject(body) && body[name] === undefined) {
      Object.assign(body, missing)
      // The bytes that came are not what is asked any more.
      request.rawBody = null
    }
    done()
  })
}

export default fp(leftOut, { name: 'left-out', fastify: '5.x', dependencies: ['env'] })
