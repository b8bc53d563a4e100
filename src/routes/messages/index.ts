import type { FastifyInstance } from 'fastify'
import { messagesSchema } from '../../ingress/anthropic/schema.ts'
import { PREFIXES } from './paths.ts'
import { serve } from './serve.ts'
import { asMessages } from './work.ts'

/** `POST /v1/messages`, under each of its names; Claude Code sends it as `/v1/messages?beta=true`. */
export default async function messages (app: FastifyInstance): Promise<void> {
  for (const prefix of PREFIXES) {
    app.post(`${prefix}/v1/messages`, { config: { rateLimit: {}, access: 'inference' }, schema: { body: messagesSchema, summary: 'Ask a model', tags: ['models'], hide: prefix !== '' } }, async (request, reply) => {
      await serve(app, request, reply, asMessages(request))
    })
  }
}
