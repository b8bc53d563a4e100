import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { ChatBody } from '../../ingress/openai/body.ts'
import { decodeChat } from '../../ingress/openai/decode-request.ts'
import { chatSchema } from '../../ingress/openai/schema.ts'
import { serve } from '../messages/serve.ts'
import { RequestBody } from '../messages/request-body.ts'
import { type Understood, rawOf } from '../messages/work.ts'
import { ChatWire } from './chat-wire.ts'

/**
 * `POST /v1/chat/completions`: OpenAI's API, by the same router, limits, tries and account as the Messages API. A server of that
 * wire gets the request as it came; for every other it is written anew.
 */
export default async function chatCompletions (app: FastifyInstance): Promise<void> {
  app.post('/v1/chat/completions', { config: { rateLimit: {}, wire: 'openai' }, schema: { body: chatSchema, summary: 'Ask a model, by OpenAI\'s API', tags: ['models'] } }, async (request, reply) => {
    await serve(app, request, reply, asChat(request))
  })
}

/** @throws {ApiError} 400 for what no server is asked for here */
function asChat (request: FastifyRequest): Understood {
  const chat = request.body as ChatBody
  const decoded = decodeChat(chat)
  const body = new RequestBody(decoded.request, rawOf(request), raw => decodeChat(JSON.parse(raw.toString()) as ChatBody).request)
  return { body, wire: new ChatWire(chat, decoded.untold) }
}
