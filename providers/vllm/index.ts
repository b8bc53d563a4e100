import type { FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'
import type { Target } from '../../src/provider.ts'
import { estimateTokens } from '../../src/message/estimate.ts'
import type { MessagesRequest } from '../../src/wire/anthropic.ts'
import type { ChatRequest } from '../../src/wire/openai-chat.ts'
import type { ChatDialect } from '../openai-compatible/dialect.ts'
import { mistralToolId } from '../openai-compatible/mistral.ts'
import { chatPair } from '../openai-compatible/pair.ts'
import { encodeSampling } from '../openai-compatible/sampling.ts'
import { SERVER_OPTIONS, serverHeaders, thinkTagPlace } from '../openai-compatible/server-options.ts'
import { counter } from './count-tokens.ts'
import { probe } from './probe.ts'
import { THINKING_OPTIONS, encodeThinking } from './thinking.ts'

/** vLLM's OpenAI-compatible server (https://docs.vllm.ai/en/latest/serving/openai_compatible_server.html). */
const dialect: ChatDialect = {
  name: 'vllm',
  column: 'vllm',
  cacheControl: false,
  mediaInToolResults: false,
  files: 'none',
  maxStops: Infinity,
  jsonSchema: true,
  options: { ...SERVER_OPTIONS, ...THINKING_OPTIONS },
  family: ({ provider }) => `vllm/${provider.name}`,
  headers: ({ provider }) => serverHeaders(provider),
  thinkTags: (target, { thinking }) => thinkTagPlace(target, thinking, 'head'),
  toolId: mistralToolId,
  probe,

  parameters (body, request, target, losses) {
    body.max_tokens = outputLimit(request, target)
    encodeSampling(body, request)
    if (typeof request.top_k === 'number') body['top_k'] = request.top_k
    encodeThinking(body, request, target, losses)
    encodePrefill(body)
  }
}

/** The estimate is one: what it may be short of, in shares of it and in tokens. */
const MARGIN = 1.1
const MARGIN_TOKENS = 128
/** An answer shorter than this is of no use; the server then says better than we can that the prompt is too long. */
const LEAST_OUTPUT = 1024

/** vLLM refuses a request whose prompt and `max_tokens` exceed the window together, and Claude Code asks for 32,000 and more. */
function outputLimit (request: MessagesRequest, { capabilities: { contextWindow: window } }: Target): number {
  const wanted = Math.max(1, request.max_tokens)
  if (window === undefined) return wanted
  const room = Math.floor(window - estimateTokens(request) * MARGIN - MARGIN_TOKENS)
  return Math.min(wanted, Math.max(room, LEAST_OUTPUT))
}

/** The beginning of an answer that the client gives is continued, not answered. */
function encodePrefill (body: ChatRequest): void {
  const last = body.messages.at(-1)
  if (last?.role !== 'assistant' || last.content === '') return
  body['add_generation_prompt'] = false
  body['continue_final_message'] = true
}

async function vllm (app: FastifyInstance): Promise<void> {
  app.transformers.add({ ...chatPair(dialect), counter })
}

export default fp(vllm, { name: 'provider-vllm', fastify: '5.x', dependencies: ['transformers'] })
