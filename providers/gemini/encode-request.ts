import { Losses } from '../../src/message/losses.ts'
import type { ClientHead, Target, UpstreamRequest } from '../../src/provider.ts'
import type { MessagesRequest } from '../../src/wire/anthropic.ts'
import type { GeminiGeneration, GeminiRequest } from '../../src/wire/gemini.ts'
import { cleanSchema } from './clean-schema.ts'
import { encodeContents } from './encode-contents.ts'
import { encodeTools } from './encode-tools.ts'
import { modelUrl } from './endpoint.ts'
import { type ModelTraits, traitsOf } from './model.ts'
import { encodeThinking } from './thinking-config.ts'

/** https://ai.google.dev/api/generate-content#generationconfig */
const MAX_STOPS = 5

/**
 * A Messages request as a request of Gemini's.
 * @throws {ApiError} when the conversation holds media that are not there as base64
 */
export function encodeGeminiRequest (request: MessagesRequest, target: Target, client?: ClientHead): UpstreamRequest {
  const losses = new Losses(request, 'gemini')
  const traits = traitsOf(target)
  const body: GeminiRequest = { ...encodeContents(request, traits, target, losses, client), ...encodeTools(request, traits, losses), generationConfig: encodeGeneration(request, traits, losses) }
  if (body.tools !== undefined) checkFormat(body, traits, losses)
  const { provider, model } = target
  encodeTier(body, request, losses)
  if (provider.options['safety_settings'] !== undefined) body.safetySettings = provider.options['safety_settings']
  return { url: modelUrl(provider, model, request.stream === true), headers: headersOf(request, target), body, dropped: losses.names }
}

function headersOf (request: MessagesRequest, { provider: { apiKey } }: Target): Record<string, string> {
  const headers: Record<string, string> = { 'content-type': 'application/json', accept: request.stream === true ? 'text/event-stream' : 'application/json' }
  if (apiKey !== undefined) headers['x-goog-api-key'] = apiKey
  return headers
}

/** Google's names (https://ai.google.dev/api/generate-content#ServiceTier); what it does without one is what `auto` leaves to a provider. */
const TIERS = new Map(Object.entries({ standard_only: 'standard', standard: 'standard', flex: 'flex', priority: 'priority' }))

function encodeTier (body: GeminiRequest, { service_tier: tier }: MessagesRequest, losses: Losses): void {
  if (typeof tier !== 'string' || tier === 'auto') return
  const known = TIERS.get(tier)
  if (known === undefined) losses.add('service_tier')
  else body.serviceTier = known
}

/** Thinking counts into `maxOutputTokens`, as it counts into `max_tokens`. */
function encodeGeneration (request: MessagesRequest, traits: ModelTraits, losses: Losses): GeminiGeneration {
  const { temperature, top_p: topP, top_k: topK, stop_sequences: stops, output_config: config } = request
  const generation: GeminiGeneration = { maxOutputTokens: Math.min(Math.max(1, request.max_tokens), traits.maxOutput) }
  if (typeof temperature === 'number') generation.temperature = temperature
  if (typeof topP === 'number') generation.topP = topP
  if (typeof topK === 'number') generation.topK = topK
  if (stops && stops.length > 0) generation.stopSequences = stops.slice(0, MAX_STOPS)
  if (stops && stops.length > MAX_STOPS) losses.add('stop_sequences')
  const schema = config?.format?.schema
  if (schema !== undefined) {
    generation.responseMimeType = 'application/json'
    generation.responseJsonSchema = cleanSchema(schema)
  }
  const thinking = encodeThinking(request, traits, losses)
  if (thinking !== undefined) generation.thinkingConfig = thinking
  return generation
}

/** Before Gemini 3 an answer in JSON and tools exclude one another (https://ai.google.dev/gemini-api/docs/structured-output); without its tools an agent can do nothing. */
function checkFormat ({ generationConfig }: GeminiRequest, { generation }: ModelTraits, losses: Losses): void {
  if (generation >= 3 || generationConfig.responseJsonSchema === undefined) return
  delete generationConfig.responseMimeType
  delete generationConfig.responseJsonSchema
  losses.add('output_config.format')
}
