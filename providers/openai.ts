import type { FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'
import type { Losses } from '../src/message/losses.ts'
import type { MessagesRequest } from '../src/wire/anthropic.ts'
import type { ChatRequest } from '../src/wire/openai-chat.ts'
import type { ChatDialect } from './openai-compatible/dialect.ts'
import { chatPair } from './openai-compatible/pair.ts'
import { encodeSampling } from './openai-compatible/sampling.ts'

/**
 * Models that know `reasoning_effort`. Others refuse the whole request for it, and Claude Code asks for thinking with
 * every request, so it is sent only where it is known; the provider's option `reasoning_effort` overrides the list.
 */
const KNOWS_EFFORT = /(^|\/)(o[1-9]|gpt-5|gpt-oss|grok-3-mini|grok-4)/i

/** OpenAI's own reasoning models, which refuse `max_tokens` and any sampling (https://platform.openai.com/docs/guides/reasoning). */
const OPENAI_REASONING = /(^|\/)(o[1-9]|gpt-5)/i

/** OpenAI itself, and any server that speaks its chat-completions wire. */
const dialect: ChatDialect = {
  name: 'openai',
  column: 'openai',
  cacheControl: false,
  mediaInToolResults: false,
  files: 'data',
  maxStops: 4,
  jsonSchema: true,
  family: ({ provider }) => `openai/${provider.name}`,
  headers: () => ({}),

  parameters (body, request, { model, provider }, losses) {
    const reasons = OPENAI_REASONING.test(model)
    body[reasons ? 'max_completion_tokens' : 'max_tokens'] = Math.max(1, request.max_tokens)
    if (reasons) leaveOutSampling(body, request, losses)
    else encodeSampling(body, request)
    const knowsEffort = provider.options['reasoning_effort'] ?? KNOWS_EFFORT.test(model)
    if (knowsEffort === true) encodeEffort(body, request, losses)
    else nameThinking(request, losses)
  }
}

/** A thinking budget as an effort: the thresholds of OpenRouter's ratios for a 32,000-token answer. */
function effortOf (budget: number): string {
  return budget <= 4000 ? 'low' : budget <= 16000 ? 'medium' : 'high'
}

function encodeEffort (body: ChatRequest, { thinking, output_config: config }: MessagesRequest, losses: Losses): void {
  const effort = config?.effort ?? undefined
  if (thinking?.type === 'disabled') losses.add('thinking')
  else if (effort !== undefined) body.reasoning_effort = effort === 'max' || effort === 'xhigh' ? 'high' : effort
  else if (thinking?.type === 'enabled') body.reasoning_effort = effortOf(thinking.budget_tokens ?? Infinity)
}

/** What asks for thinking cannot be said; what asks for none needs no saying to a model that does not think. */
function nameThinking ({ thinking, output_config: config }: MessagesRequest, losses: Losses): void {
  if (thinking && thinking.type !== 'disabled') losses.add('thinking')
  if (config?.effort) losses.add('output_config.effort')
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
