import type { FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'
import { identityOf } from '../../src/message/session.ts'
import type { Target } from '../../src/provider.ts'
import type { MessagesRequest, ToolParam } from '../../src/wire/anthropic.ts'
import type { JsonValue } from '../../src/wire/json.ts'
import type { ChatRequest } from '../../src/wire/openai-chat.ts'
import type { ChatDialect } from '../openai-compatible/dialect.ts'
import { chatPair } from '../openai-compatible/pair.ts'
import { encodeSampling } from '../openai-compatible/sampling.ts'
import { probe } from './probe.ts'
import { encodeReasoning } from './reasoning.ts'

/** OpenRouter (https://openrouter.ai/docs): one address for many vendors, with its own reasoning and caching fields. */
const dialect: ChatDialect = {
  name: 'openrouter',
  column: 'openrouter',
  cacheControl: true,
  mediaInToolResults: true,
  files: 'urls',
  maxStops: 4,
  jsonSchema: true,
  probe,
  probePause: 600_000,
  // What one vendor's models signed or encrypted, another's refuse.
  family: ({ model }) => `openrouter${vendorOf(model)}`,

  headers ({ provider: { options } }) {
    const { site_url: url = options['referer'], app_title: title = options['title'] } = options
    return {
      ...(typeof url === 'string' && { 'http-referer': url }),
      // The second is its name of old, which mirrors and other servers of this wire know.
      ...(typeof title === 'string' && { 'x-openrouter-title': title, 'x-title': title })
    }
  },

  parameters (body, request, target, losses) {
    body.max_tokens = Math.max(1, request.max_tokens)
    encodeSampling(body, request)
    if (typeof request.top_k === 'number') body['top_k'] = request.top_k
    if (request.cache_control) body['cache_control'] = request.cache_control
    encodeReasoning(body, request, target, losses)
    encodeIdentity(body, request)
    if (typeof request.service_tier === 'string') body['service_tier'] = request.service_tier === 'standard_only' ? 'default' : request.service_tier
    encodeOptions(body, target)
  },

  webSearch: encodeWebSearch
}

/** `/anthropic` for `anthropic/claude-opus-4.6` and `~anthropic/claude-opus-latest`; empty for a mirror's names without a vendor. */
function vendorOf (model: string): string {
  const vendor = /^~?([^/]+)\//.exec(model)?.[1]
  return vendor === undefined ? '' : `/${vendor}`
}

/** Ours, and what they are called in the example file of claude-code-router. */
const OWN_OPTIONS = new Set(['site_url', 'app_title', 'referer', 'title', 'providerOrder'])

/**
 * Options that are not ours are fields of OpenRouter's request (`provider`, `models`, `transforms` …), as users of
 * claude-code-router set them.
 */
function encodeOptions (body: ChatRequest, { provider: { options } }: Target): void {
  const { providerOrder: order } = options
  if (Array.isArray(order) && order.length > 0) body['provider'] = { order }
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
