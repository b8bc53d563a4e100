import type { FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'
import type { Losses } from '../src/message/losses.ts'
import type { MessagesRequest } from '../src/wire/anthropic.ts'
import type { ChatRequest } from '../src/wire/openai-chat.ts'
import type { ChatDialect } from './openai-compatible/dialect.ts'
import { mistralToolId } from './openai-compatible/mistral.ts'
import { chatPair } from './openai-compatible/pair.ts'
import { encodeReasoningEffort, isOpenAiReasoning } from './openai-compatible/reasoning-effort.ts'
import { encodeSampling } from './openai-compatible/sampling.ts'
import { SERVER_OPTIONS, serverHeaders, thinkTagPlace } from './openai-compatible/server-options.ts'

/** OpenAI itself, and any server that speaks its chat-completions wire. */
const dialect: ChatDialect = {
  name: 'openai',
  column: 'openai',
  cacheControl: false,
  mediaInToolResults: false,
  files: 'data',
  maxStops: 4,
  jsonSchema: true,
  options: {
    reasoning_effort: { type: 'boolean', description: 'whether its models know `reasoning_effort`; by default told by the model\'s name' },
    ...SERVER_OPTIONS
  },
  // Not the provider alone: behind one address, each model takes reasoning back in its own way, and some refuse it (Groq's Llama).
  family: ({ provider, model }) => `openai/${provider.name}/${model}`,
  headers: ({ provider }) => serverHeaders(provider),
  thinkTags: (target, { thinking }) => thinkTagPlace(target, thinking, 'off'),
  toolId: mistralToolId,

  parameters (body, request, target, losses) {
    const reasons = isOpenAiReasoning(target.model)
    body[reasons ? 'max_completion_tokens' : 'max_tokens'] = Math.max(1, request.max_tokens)
    if (reasons) leaveOutSampling(body, request, losses)
    else encodeSampling(body, request)
    encodeReasoningEffort(body, request, target, losses)
  }
}

function leaveOutSampling (body: ChatRequest, request: MessagesRequest, losses: Losses): void {
  delete body.stop
  for (const field of ['temperature', 'top_p', 'stop_sequences'] as const) {
    if (request[field] !== undefined && request[field] !== null) losses.add(field)
  }
}

async function openai (app: FastifyInstance): Promise<void> {
  app.transformers.add(chatPair(dialect))
}

export default fp(openai, { name: 'provider-openai', fastify: '5.x', dependencies: ['transformers'] })
