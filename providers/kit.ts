import type { FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'
import { ApiError } from '../src/errors.ts'
import { plainText, providerError, retryAfterOf } from '../src/provider-error.ts'
import type { TransformerPair } from '../src/provider.ts'
import { type ChatServer, type TransformerKit, atOnce } from '../src/transformer-kit.ts'
import type { ChatDialect } from './openai-compatible/dialect.ts'
import { chatPair } from './openai-compatible/pair.ts'
import { nameThinking } from './openai-compatible/reasoning-effort.ts'
import { encodeSampling } from './openai-compatible/sampling.ts'

function openaiCompatible (server: ChatServer): TransformerPair {
  const { name, hosts, thinkTags } = server
  const dialect: ChatDialect = {
    name,
    column: 'openai',
    cacheControl: server.cacheControl ?? false,
    mediaInToolResults: server.mediaInToolResults ?? false,
    files: server.files ?? 'none',
    maxStops: server.maxStops ?? 4,
    jsonSchema: server.jsonSchema ?? true,
    ...(server.options !== undefined && { options: server.options }),
    family: ({ provider }) => `${name}/${provider.name}`,
    headers: (target, request) => atOnce(server.headers?.(target, request) ?? {}),
    ...(thinkTags !== undefined && { thinkTags: () => thinkTags }),
    parameters (body, request, target, losses) {
      body.max_tokens = Math.max(1, request.max_tokens)
      encodeSampling(body, request)
      if (server.thinking === undefined) nameThinking(request, losses)
      else if (request.thinking) atOnce(server.thinking(body, request, target))
      atOnce(server.request?.(body, request, target))
    }
  }
  const { chatRelay, ...pair } = chatPair(dialect)
  // What the file changes in a request it would not see of one that passes as it came.
  const passes = server.request === undefined && server.thinking === undefined && chatRelay !== undefined
  return { ...pair, ...(passes && { chatRelay }), ...(hosts !== undefined && { hosts }) }
}

/** Nothing checks the types of a user's file, and what stands before a server may answer in its place. */
const complaintError: TransformerKit['providerError'] = (complaint, provider) => {
  const { status, words } = complaint
  return providerError({ ...complaint, words: (typeof words === 'string' ? plainText(words) : undefined) ?? `status ${status} without a message` }, provider)
}

/** What users' own transformers are made with. */
async function kit (app: FastifyInstance): Promise<void> {
  app.transformers.kit = { openaiCompatible, ApiError, providerError: complaintError, retryAfterOf }
}

export default fp(kit, { name: 'transformer-kit', fastify: '5.x', dependencies: ['transformers'] })
