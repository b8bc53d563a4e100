import { ApiError, errorTypeOf } from './errors.ts'
import type { Headers, Provider } from './provider.ts'
import { isJsonObject } from './wire/json.ts'

/** What an upstream's status becomes for the client, where it is not the same (docs/architecture.md, "Errors"). */
const STATUS: Record<number, number> = { 408: 504, 412: 400, 422: 400, 503: 529 }

/** The longest piece of an upstream's message that is passed on. */
const MAX_MESSAGE = 2000

/** What a provider's error says, as its wire's decoder read it. */
export interface Complaint {
  /** The upstream's status, or the one that an error inside a 200 stands for. */
  status: number
  /** The provider's own words. */
  words: string
  /** Whole seconds. */
  retryAfter?: number | undefined
  /** Whether the provider refused what was said, whoever asks. */
  refusesContent?: boolean
  /** Says a context overflow in the words that Claude Code knows; undefined for any other error. */
  overflow?: (message: string) => string | undefined
}

/** A provider's error as the client gets it: Anthropic's types, the provider's name, no secrets. */
export function providerError ({ status: upstreamStatus, words, retryAfter, refusesContent = false, overflow }: Complaint, provider: Provider): ApiError {
  // First without the key, then cut, then looked at: half a key is a secret too, and a server may echo a whole prompt.
  const message = withoutKey(words, provider).slice(0, MAX_MESSAGE)
  const tooLong = overflow?.(message)
  if (tooLong !== undefined) return new ApiError('invalid_request_error', tooLong)
  const status = clientStatus(upstreamStatus)
  return new ApiError(errorTypeOf(status), `${prefix(status, provider.name)}${message}`, { status, retryAfter, refusesContent })
}

/** Headers that carry a credential, whatever its value. */
export const CREDENTIAL_HEADER = /^(?:authorization|proxy-authorization|cookie|.*(?:api-?key|token|secret).*)$/i

/** What is shorter is no secret, and would spoil the words around it: local servers have keys such as `none`. */
const SHORTEST_SECRET = 8

/** Some servers repeat the key that they refuse. It may also stand in a header or the URL of the configuration. */
export function withoutKey (message: string, { apiKeys, options: { headers }, url }: Provider): string {
  const inHeaders = isJsonObject(headers) ? Object.values(headers).flatMap(value => String(value).split(' ')) : []
  const secrets = [...apiKeys, ...inHeaders, url.password, ...url.searchParams.values()].filter(secret => secret.length >= SHORTEST_SECRET)
  return secrets.reduce((text, secret) => text.replaceAll(secret, '[key]'), message)
}

/**
 * `retry-after` in whole seconds: from milliseconds, seconds or a date. More than 60 is passed on as it is: Claude Code gives
 * up at once then, which is right where a provider is gone for an hour.
 */
export function retryAfterOf (headers: Headers): number | undefined {
  const ms = Number(headers['retry-after-ms'])
  if (headers['retry-after-ms'] !== undefined && Number.isFinite(ms)) return Math.ceil(ms / 1000)
  const value = headers['retry-after']
  if (typeof value !== 'string' || value.trim() === '') return undefined
  const seconds = Number(value)
  if (Number.isFinite(seconds)) return Math.max(0, Math.ceil(seconds))
  const date = Date.parse(value)
  return Number.isNaN(date) ? undefined : Math.max(0, Math.ceil((date - Date.now()) / 1000))
}

/** A body that is not in its wire's form; a page of HTML says nothing to a user, its status does. */
export function plainText (body: string): string | undefined {
  const text = body.trim()
  return text === '' || text.startsWith('<') || text.startsWith('{') || text.startsWith('[') ? undefined : text
}

/** A redirect is not followed, and proxies' own codes (520 …) mean nothing to clients: to them the provider is broken. */
function clientStatus (upstream: number): number {
  const status = STATUS[upstream] ?? upstream
  return status < 400 || (status > 500 && status !== 504 && status !== 529) ? 502 : status
}

/** Says whose fault it is: a credential that fails here is the gateway's, not the client's. */
function prefix (status: number, provider: string): string {
  if (status === 401) return `${provider} rejected the gateway's API key: `
  // At these words Claude Code compacts the conversation.
  return status === 413 ? `Prompt is too long: ${provider}: ` : `${provider}: `
}
