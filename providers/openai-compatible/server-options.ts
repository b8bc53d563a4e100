import type { ThinkTagPlace } from '../../src/message/think-tags.ts'
import type { OptionSchemas, Provider, Target } from '../../src/provider.ts'
import { isJsonObject } from '../../src/wire/json.ts'

/** Options of the pairs that speak to servers of any make. */
export const SERVER_OPTIONS = {
  auth: {
    enum: ['bearer', 'api-key'],
    description: 'the header that carries the key: `authorization: Bearer`, or `api-key`, as Azure wants it; by default as the host needs it'
  },
  headers: {
    type: 'object',
    propertyNames: { pattern: '^[A-Za-z0-9_-]+$' },
    additionalProperties: { type: 'string', pattern: '^[\\x20-\\x7e]*$' },
    description: 'headers to send beside ours'
  },
  think_tags: {
    enum: ['head', 'implied', 'off'],
    description: 'where thinking is read out of the text itself: between `<think>` and `</think>` at its head, or (`implied`) up to a `</think>` that nothing opens'
  }
} as const satisfies OptionSchemas

const AZURE = /\.azure\.(com|us|cn)$/

/** The key's header, where it is not `authorization`, and what `headers` lists. */
export function serverHeaders ({ options, apiKey, url }: Provider): Record<string, string> {
  const headers: Record<string, string> = {}
  const auth = options['auth'] ?? (AZURE.test(url.hostname) ? 'api-key' : 'bearer')
  if (auth === 'api-key' && apiKey !== undefined) headers['api-key'] = apiKey
  if (isJsonObject(options['headers'])) for (const [name, value] of Object.entries(options['headers'])) headers[name.toLowerCase()] = String(value)
  return headers
}

/** Puts the key where it belongs, unless it is in a header of its own already. */
export function addKey (headers: Record<string, string>, { apiKey }: Provider): void {
  if (apiKey !== undefined && headers['authorization'] === undefined && headers['api-key'] === undefined) headers['authorization'] = `Bearer ${apiKey}`
}

/** Where thinking tags are looked for. A model that was told not to think does not begin in the middle of a thought. */
export function thinkTagPlace ({ provider: { options } }: Target, thinking: { type: string } | null | undefined, standard: ThinkTagPlace | 'off'): ThinkTagPlace | undefined {
  const place = options['think_tags'] ?? standard
  if (place === 'implied') return thinking?.type === 'disabled' ? 'head' : 'implied'
  return place === 'head' ? 'head' : undefined
}
