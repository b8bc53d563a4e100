import type { FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'
import { conversationOf } from '../src/message/conversation-key.ts'
import type { Losses } from '../src/message/losses.ts'
import { identityOf } from '../src/message/session.ts'
import type { Target } from '../src/provider.ts'
import type { MessagesRequest } from '../src/wire/anthropic.ts'
import type { ChatRequest } from '../src/wire/openai-chat.ts'
import type { ChatDialect } from './openai-compatible/dialect.ts'
import { chatPair } from './openai-compatible/pair.ts'
import { replayInto } from './openai-compatible/replay-into.ts'
import { encodeSampling } from './openai-compatible/sampling.ts'
import { switchOff } from './openai-compatible/switch-off.ts'

/** Thinking included (https://api-docs.deepseek.com/quick_start/pricing). */
const MAX_OUTPUT = 384_000

/** DeepSeek's own API (https://api-docs.deepseek.com). */
const dialect: ChatDialect = {
  name: 'deepseek',
  column: 'deepseek',
  cacheControl: false,
  mediaInToolResults: false,
  files: 'none',
  maxStops: 16,
  jsonSchema: false,
  options: {},
  family: () => 'deepseek',
  headers: () => ({}),

  parameters (body, request, target, losses) {
    body.max_tokens = Math.min(MAX_OUTPUT, Math.max(1, request.max_tokens))
    encodeThinking(body, request, target, losses)
    const user = identityOf(request.metadata?.user_id)?.user
    if (user !== undefined) body['user_id'] = user
    encodePrefill(body, target, losses)
  },

  /** With thinking on, an answer without this field is refused; of one that another model gave, nothing is known. */
  assistant (message, request, target) {
    if (isThinking(request, target)) message.reasoning_content ??= ''
  },

  /** The same rules for a request that passes; thinking is on unless it is switched off. */
  passed (raw, request, { provider, model }, lost) {
    const { body, body: { thinking } } = request
    if (thinking?.type === 'disabled') return switchOff(raw, lost)
    if (model === 'deepseek-chat') return raw
    if (!forcesCall(body)) return replayInto(raw, provider.memory.of(conversationOf(body, request)), 'deepseek')
    if (thinking) lost.push('thinking')
    return switchOff(raw, lost)
  },

  /** Only there, and only where every tool is strict (https://api-docs.deepseek.com/guides/tool_calls). */
  strictTools: (tools, target) => isBeta(target) && tools.every(tool => tool.strict === true)
}

/**
 * Whether the model is to think. DeepSeek refuses a forced tool call while it thinks ("Thinking mode does not support this
 * tool_choice"). The call is what such a client waits for and cannot go on without, and a mere suggestion is not always
 * followed (https://github.com/deepseek-ai/DeepSeek-V3/issues/1376): the choice stays, and this one answer is not thought over.
 *
 * The old names stand for one model in two modes; who configured one of them chose the mode.
 */
function isThinking (request: MessagesRequest, { model }: Target): boolean {
  const { thinking } = request
  if (forcesCall(request) || model === 'deepseek-chat' || thinking?.type === 'disabled') return false
  return model === 'deepseek-reasoner' || Boolean(thinking)
}

function forcesCall ({ tool_choice: choice, tools = [] }: MessagesRequest): boolean {
  return (choice?.type === 'any' || choice?.type === 'tool') && tools.length > 0
}

/**
 * Thinking is on at DeepSeek unless it is switched off (https://api-docs.deepseek.com/guides/thinking_mode), at Anthropic
 * off unless it is asked for: so it is always told. While it is on, sampling has no effect.
 */
function encodeThinking (body: ChatRequest, request: MessagesRequest, target: Target, losses: Losses): void {
  const { thinking, output_config: config } = request
  const effort = config?.effort ?? undefined
  const thinks = isThinking(request, target)
  body['thinking'] = { type: thinks ? 'enabled' : 'disabled' }
  if (thinks) {
    const known = effort === undefined ? effortOfBudget(thinking?.budget_tokens) : EFFORTS[effort]
    if (known !== undefined) body.reasoning_effort = known
    for (const field of ['temperature', 'top_p'] as const) if (typeof request[field] === 'number') losses.add(field)
    return
  }
  encodeSampling(body, request)
  if (thinking && thinking.type !== 'disabled') losses.add('thinking')
  if (effort !== undefined) losses.add('output_config.effort')
}

const EFFORTS: Readonly<Record<string, string>> = { low: 'low', medium: 'high', high: 'high', xhigh: 'high', max: 'max' }

function effortOfBudget (budget: number | undefined): string | undefined {
  if (budget === undefined) return undefined
  return budget <= 4000 ? 'low' : budget <= 24_000 ? 'high' : 'max'
}

/**
 * The beginning of an answer that the client gives is continued at the `/beta` address only
 * (https://api-docs.deepseek.com/guides/chat_prefix_completion); elsewhere it is refused, so it is left out.
 */
function encodePrefill (body: ChatRequest, target: Target, losses: Losses): void {
  const last = body.messages.at(-1)
  if (last?.role !== 'assistant') return
  if (isBeta(target)) last.prefix = true
  else {
    body.messages.pop()
    losses.add('messages.prefill')
  }
}

function isBeta ({ provider: { url } }: Target): boolean {
  return url.pathname.split('/').includes('beta')
}

async function deepseek (app: FastifyInstance): Promise<void> {
  app.transformers.add(chatPair(dialect))
}

export default fp(deepseek, { name: 'provider-deepseek', fastify: '5.x', dependencies: ['transformers'] })
