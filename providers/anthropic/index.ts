import type { FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'
import type { TransformerPair } from '../../src/provider.ts'
import { decodeError, streamedError } from './decode-error.ts'
import { MessagesDecoder } from './decode-reply.ts'
import { encodeRequest, relayRequest } from './encode-request.ts'
import { messagesEndpoint } from './endpoint.ts'
import { familyOf } from './foreign-thinking.ts'

/**
 * Any server of the Messages API: Anthropic's, OpenRouter's (`/api`), DeepSeek's (`/anthropic`), vLLM's own. It is the
 * client's wire, so requests and replies pass byte for byte; they are read and written anew only where an adapter is to
 * change them.
 */
const pair: TransformerPair = {
  name: 'anthropic',
  wire: 'anthropic',
  options: {
    auth: { enum: ['x-api-key', 'bearer'], description: 'the header that carries the key: `x-api-key`, or `authorization: Bearer`' },
    UseBearer: { type: 'boolean', description: 'the same as `auth: "bearer"`, for files of claude-code-router' },
    headers: {
      type: 'object',
      propertyNames: { pattern: '^[A-Za-z0-9_-]+$' },
      additionalProperties: { type: 'string', pattern: '^[\\x20-\\x7e]*$' },
      description: 'headers to send beside ours'
    }
  },
  endpoint: messagesEndpoint,
  encodeRequest,
  decodeReply: (writer, target, asked) => new MessagesDecoder(writer, target, asked),
  decodeError: (status, headers, body, { provider }) => decodeError(status, headers, body, provider),
  relay: { request: relayRequest, family: familyOf, decodeEvent: (data, { provider }) => streamedError(data, provider) }
}

async function anthropic (app: FastifyInstance): Promise<void> {
  app.transformers.add(pair)
}

export default fp(anthropic, { name: 'provider-anthropic', fastify: '5.x', dependencies: ['transformers'] })
