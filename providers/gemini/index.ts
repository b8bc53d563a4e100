import type { FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'
import type { OptionSchemas, TransformerPair } from '../../src/provider.ts'
import { counter } from './count-tokens.ts'
import { decodeGeminiError } from './decode-error.ts'
import { GeminiDecoder } from './decode-reply.ts'
import { encodeGeminiRequest } from './encode-request.ts'
import { geminiBase } from './endpoint.ts'

const options: OptionSchemas = {
  safety_settings: {
    type: 'array',
    items: { type: 'object', properties: { category: { type: 'string' }, threshold: { type: 'string' } }, required: ['category', 'threshold'], additionalProperties: false },
    description: 'What Google blocks, by category (https://ai.google.dev/gemini-api/docs/safety-settings); sent as `safetySettings`.'
  },
  generation: {
    type: 'number',
    description: 'The version of Gemini (2, 2.5, 3) that models behave like whose names do not tell.'
  }
}

/** Google Gemini's own wire (https://ai.google.dev/api/generate-content). */
const pair: TransformerPair = {
  name: 'gemini',
  wire: 'gemini',
  hosts: ['generativelanguage.googleapis.com'],
  options,
  inlinesMedia: true,
  endpoint: geminiBase,
  encodeRequest: encodeGeminiRequest,
  decodeReply: (writer, target, asked) => new GeminiDecoder(writer, target, asked),
  decodeError: (status, headers, body, { provider }) => decodeGeminiError(status, headers, body, provider),
  counter
}

async function gemini (app: FastifyInstance): Promise<void> {
  app.transformers.add(pair)
}

export default fp(gemini, { name: 'provider-gemini', fastify: '5.x', dependencies: ['transformers'] })
