import { validateHeaderName, validateHeaderValue } from 'node:http'
import type { Target, UpstreamRequest } from '../provider.ts'
import { isJsonObject } from '../wire/json.ts'
import { isListOfStrings } from './is-list-of.ts'

/** What the connection decides. */
const RESERVED = new Set(['connection', 'content-length', 'expect', 'keep-alive', 'transfer-encoding', 'upgrade'])

/**
 * What a user's transformer made of a request, as the gateway sends it; what goes without saying may be left out.
 * @throws {TypeError} that says what of it cannot be sent
 */
export function completeRequest (made: unknown, { provider }: Target): UpstreamRequest {
  const { url, headers, body, dropped = [], ...rest }: Record<string, unknown> = isJsonObject(made) ? made : {}
  if (typeof body !== 'object' || body === null) throw new TypeError('encodeRequest must return { url, headers, body }, the body an object')
  if (!isListOfStrings(dropped)) throw new TypeError('dropped must be a list of names of request fields')
  return { ...rest, url: url === undefined ? provider.url : urlOf(url), headers: headersOf(headers), body, dropped }
}

function urlOf (url: unknown): URL {
  const whole = new URL(String(url))
  if (whole.protocol !== 'http:' && whole.protocol !== 'https:') throw new TypeError('url must begin with http:// or https://')
  return whole
}

/** Names in lower case: of two that differ in nothing else both would be sent. */
function headersOf (given: unknown = {}): Record<string, string> {
  if (!isJsonObject(given)) throw new TypeError('headers must be an object')
  const headers: Record<string, string> = { 'content-type': 'application/json' }
  for (const [name, value] of Object.entries(given)) {
    if (value === undefined) continue
    if (typeof value !== 'string') throw new TypeError(`the header ${name} must be a text`)
    if (RESERVED.has(name.toLowerCase())) throw new TypeError(`the header ${name} is the gateway's to set`)
    validateHeaderName(name)
    validateHeaderValue(name, value)
    headers[name.toLowerCase()] = value
  }
  return headers
}
