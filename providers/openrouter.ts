import type { FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'
import type { Losses } from '../src/message/losses.ts'
import { identityOf } from '../src/message/session.ts'
import type { Target } from '../src/provider.ts'
import type { MessagesRequest, ToolParam } from '../src/wire/anthropic.ts'
import type { JsonValue } from '../src/wire/json.ts'
import type { ChatRequest } from '../src/wire/openai-chat.ts'
import type { ChatDialect } from './openai-compatible/dialect.ts'
import { chatPair } from './openai-compatible/pair.ts'
import { encodeSampling } from './openai-compatible/sampling.ts'

/** OpenRouter (https://openrouter.ai/docs): one address for many vendors, with its own reasoning and caching fields. */
const dialect: ChatDialect = {
  name: 'openrouter',
  column: 'openrouter',
  cacheControl: true,
  mediaInToolResults: true,
  files: 'urls',
  maxStops: 4,
  jsonSchema: true,
  family: () => 'openrouter',

  headers ({ provider: { options } }) {
    const { site_url: url, app_title: title } = options
    return {
      ...(typeof url === 'string' && { 'http-referer': url }),
      ...(typeof title === 'string' && { 'x-openrouter-title': title })
    }
  },

  parameters (body, request, target, losses) {
    body.max_tokens = Math.max(1, request.max_tokens)
    encodeSampling(body, request)
    if (typeof request.top_k === 'number') body['top_k'] = request.top_k
    if (request.cache_control) body['cache_control'] = request.cache_control
    encodeReasoning(body, request, target.model, losses)
    encodeIdentity(body, request)
    if (typeof request.service_tier === 'string') body['service_tier'] = request.service_tier === 'standard_only' ? 'default' : request.service_tier
    encodeOptions(body, target)
  },

  webSearch: encodeWebSearch
}

const OWN_OPTIONS = new Set(['site_url', 'app_title'])

/**
 * Options that are not ours are fields of OpenRouter's request (`provider`, `models`, `transforms` …), as users of
 * claude-code-router set them.
 */
function encodeOptions (body: ChatRequest, { provider: { options } }: Target): void {
  for (const [field, value] of Object.entries(options)) {
    if (OWN_OPTIONS.has(field)) continue
    body[field] = field === 'plugins' && Array.isArray(value) && Array.isArray(body['plugins']) ? [...body['plugins'] as JsonValue[], ...value] : value
  }
}

/** Anthropic's search tool as OpenRouter's `web` plugin (https://openrouter.ai/docs/features/web-search). */
function encodeWebSearch (body: ChatRequest, { allowed_domains: allowed, blocked_domains: blocked }: ToolParam): void {
  body['plugins'] = [{
    id: 'web',
    ...(Array.isArray(allowed) && allowed.length > 0 && { include_domains: allowed }),
    ...(Array.isArray(blocked) && blocked.length > 0 && { exclude_domains: blocked })
  }]
}

/**
 * Thinking as OpenRouter's `reasoning` (https://openrouter.ai/docs/use-cases/reasoning-tokens). Effort and a budget
 * exclude one another there, so the client's effort speaks only where there is no budget. For Claude, effort shapes the
 * whole answer and not just the thinking: `verbosity` is what OpenRouter turns into it.
 */
function encodeReasoning (body: ChatRequest, { thinking, output_config: config }: MessagesRequest, model: string, losses: Losses): void {
  const effort = config?.effort ?? undefined
  const budget = thinking?.type === 'enabled' ? thinking.budget_tokens : undefined
  const thinks = thinking && thinking.type !== 'disabled'
  if (thinking?.type === 'disabled') body['reasoning'] = { enabled: false }
  else if (budget !== undefined) body['reasoning'] = { max_tokens: budget }
  else if (thinks) body['reasoning'] = effort === undefined ? { enabled: true } : { effort }
  if (effort === undefined) return
  if (/claude/i.test(model)) body['verbosity'] = effort
  else if (!thinks || budget !== undefined) losses.add('output_config.effort')
}

/** The session keeps its requests with one upstream, where its cache is warm; the user is told as a digest only. */
function encodeIdentity (body: ChatRequest, { metadata }: MessagesRequest): void {
  const identity = identityOf(metadata?.user_id)
  if (identity === undefined) return
  body['user'] = identity.user
  if (identity.session !== undefined) body['session_id'] = identity.session.slice(0, 256)
}

async function openrouter (app: FastifyInstance): Promise<void> {
  app.transformers.add(chatPair(dialect))
}

export default fp(openrouter, { name: 'provider-openrouter', fastify: '5.x', dependencies: ['transformers'] })
