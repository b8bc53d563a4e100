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

/** Some servers repeat the key that they refuse, as it is or encoded. It may also stand in a header or the URL of the configuration. */
export function withoutKey (message: string, { apiKeys, options: { headers }, url }: Provider): string {
  const inHeaders = isJsonObject(headers) ? Object.values(headers).flatMap(value => String(value).split(' ')) : []
  const inUrl = [url.username, url.password, ...url.search.slice(1).split('&').map(part => part.slice(part.indexOf('=') + 1))]
  const secrets = new Set([...apiKeys, ...inHeaders, ...inUrl, ...inUrl.map(decoded)].flatMap(formsOf))
  // The longest first: of an encoded one, its plain head would be taken, and the rest left.
  const long = [...secrets].filter(secret => secret.length >= SHORTEST_SECRET).sort((a, b) => b.length - a.length)
  return long.reduce((text, secret) => text.replaceAll(secret, '[key]'), message)
}

/** A secret as it is, as JSON has it, and as URLs do, with digits of either case. */
function formsOf (secret: string): string[] {
  const encoded = encodeURIComponent(secret.toWellFormed())
  const inForm = encoded.replaceAll('%20', '+')
  return [secret, JSON.stringify(secret).slice(1, -1), ...[encoded, inForm].flatMap(form => [form, form.replace(/%../g, digits => digits.toLowerCase())])]
}

/** A part of a URL as it was before it was encoded; what is not well encoded stays as it is. */
function decoded (part: string): string {
  try {
    return decodeURIComponent(part.replaceAll('+', ' '))
  } catch {
    return part
  }
}

/** A provider's URL to be shown: user, password and all values of the query are left out, whatever they are. */
export function shownUrl ({ protocol, username, password, host, pathname, search }: URL, provider: Provider): string {
  const user = `${username && '[key]'}${password && ':[key]'}`
  const parts = search.slice(1).split('&').map(part => part.replace(/(?<==).+|^[^=]+$/s, '[key]'))
  return withoutKey(`${protocol}//${user}${user && '@'}${host}${pathname}${search && `?${parts.join('&')}`}`, provider)
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
