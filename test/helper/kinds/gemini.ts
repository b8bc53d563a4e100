import type { JsonObject } from '../../../src/wire/json.ts'
import type { Received } from '../upstream.ts'
import { type GeminiContent, type GeminiPart, type GeminiRequest, geminiProblems, signedPart } from './gemini-rules.ts'
import { type Finish, KEY, type Kind, type Piece, type Utterance, piecesOf, utterance } from './kind.ts'
import { read, sign } from './signature.ts'

const MODEL = 'gemini-3.6-flash'
const PATHS = { stream: `/v1beta/models/${MODEL}:streamGenerateContent?alt=sse`, plain: `/v1beta/models/${MODEL}:generateContent` }

const FINISH: Record<Finish, string> = { stop: 'STOP', calls: 'STOP', length: 'MAX_TOKENS' }
const COUNTS = { promptTokenCount: 10, candidatesTokenCount: 3, thoughtsTokenCount: 2, totalTokenCount: 15 }

const STATUS: Record<number, string> = { 400: 'INVALID_ARGUMENT', 401: 'UNAUTHENTICATED', 403: 'PERMISSION_DENIED', 404: 'NOT_FOUND', 429: 'RESOURCE_EXHAUSTED', 500: 'INTERNAL', 503: 'UNAVAILABLE' }

function bodyOf (request: Received): GeminiRequest {
  return request.body as unknown as GeminiRequest
}

function doorProblems ({ path, headers }: Received): string[] {
  return [
    ...(path === PATHS.stream || path === PATHS.plain ? [] : [`no such path: ${path}`]),
    ...(headers['x-goog-api-key'] === KEY ? [] : ['API key not valid. Please pass a valid API key.']),
    ...(headers.authorization === undefined ? [] : ['Request had invalid authentication credentials.'])
  ]
}

function config (request: Received): { includeThoughts?: boolean } {
  return (bodyOf(request).generationConfig?.['thinkingConfig'] ?? {}) as { includeThoughts?: boolean }
}

/**
 * Pieces as parts. The first call of an answer is signed; in an answer without calls the signature comes last, in a part with an
 * empty text. Thoughts are shown where they were asked for, and signed either way.
 */
function partsOf (pieces: readonly Piece[], request: Received): GeminiPart[] {
  const thought = pieces.map(piece => 'think' in piece ? piece.think : '').join('')
  const parts: GeminiPart[] = []
  let signed = thought === ''
  for (const piece of pieces) {
    if ('think' in piece) {
      if (config(request).includeThoughts === true) parts.push({ text: piece.think, thought: true })
    } else if ('say' in piece) {
      for (const text of piecesOf(piece.say, Math.ceil(piece.say.length / 3))) parts.push({ text })
    } else {
      const { id, name, input } = piece.call
      const part: GeminiPart = { functionCall: { ...(id !== undefined && { id }), name, args: input as JsonObject } }
      parts.push(signed ? part : { ...part, thoughtSignature: sign('gemini', thought, signedPart(part)) })
      signed = true
    }
  }
  parts.push(signed ? { text: '' } : { text: '', thoughtSignature: sign('gemini', thought, 'text') })
  return parts
}

function candidate (parts: GeminiPart[], finish?: string): object {
  return { candidates: [{ content: { parts, role: 'model' }, ...(finish !== undefined && { finishReason: finish }), index: 0 }], usageMetadata: COUNTS, modelVersion: MODEL, responseId: 'r' }
}

function readContent ({ role, parts }: GeminiContent): Utterance {
  const calls = parts.flatMap(part => part.functionCall ?? [])
  const responses = parts.flatMap(part => part.functionResponse ?? [])
  return utterance(role === 'model' ? 'assistant' : 'user', {
    text: parts.filter(part => part.thought !== true).map(part => part.text ?? '').join(role === 'model' ? '' : '\n'),
    reasoning: parts.flatMap(part => read(part.thoughtSignature ?? '')?.thought ?? []),
    calls: calls.map(({ id = '', name, args: input = {} }) => ({ id, name, input })),
    results: responses.map(({ id = '', response }) => ({ id, text: String(response['output'] ?? response['error']) })),
    media: [...parts, ...responses.flatMap(response => response.parts ?? [])].flatMap(part => part.inlineData?.data ?? [])
  })
}

export const gemini: Kind = {
  name: 'gemini',
  base: '/v1beta',
  model: MODEL,
  overloaded: 503,
  judge: request => [...doorProblems(request), ...geminiProblems(bodyOf(request))],
  thinks: () => true,
  streams: ({ path }) => path === PATHS.stream,
  read: request => bodyOf(request).contents.map(readContent),
  frames: (pieces, finish, request) => {
    const parts = partsOf(pieces, request)
    return parts.map((part, i) => `data: ${JSON.stringify(candidate([part], i === parts.length - 1 ? FINISH[finish] : undefined))}\r\n\r\n`)
  },
  plain: (pieces, finish, request) => JSON.stringify(candidate(partsOf(pieces, request), FINISH[finish])),
  failure: (code, message, retryAfter) => ({
    headers: {},
    body: {
      error: {
        code,
        message,
        status: STATUS[code] ?? 'UNKNOWN',
        ...(retryAfter !== undefined && { details: [{ '@type': 'type.googleapis.com/google.rpc.RetryInfo', retryDelay: `${retryAfter}s` }] })
      }
    }
  })
}
