import type { Headers, Provider } from '../../src/provider.ts'
import { isJsonObject } from '../../src/wire/json.ts'

/** What the API asks for where a client sent none. */
const DEFAULT_VERSION = '2023-06-01'

/** The client's own headers that go on: whatever is Anthropic's, and what says which client and session this is. */
const PASSED = /^(?:anthropic-|x-claude-code-|x-stainless-|x-app$|user-agent$)/

/**
 * Headers of a request: the client's as they came (an open list: a beta header and its body field must travel together),
 * our credential in the place of the client's, and what the provider's options add.
 */
export function requestHeaders (client: Headers, provider: Provider, stream: boolean): Record<string, string> {
  const headers: Record<string, string> = {}
  for (const name in client) {
    const value = client[name]
    if (value !== undefined && PASSED.test(name)) headers[name] = Array.isArray(value) ? value.join(', ') : value
  }
  headers['content-type'] = 'application/json'
  headers['accept'] = stream ? 'text/event-stream' : 'application/json'
  headers['anthropic-version'] ??= DEFAULT_VERSION
  addCredential(headers, provider)
  const { headers: extra } = provider.options
  if (isJsonObject(extra)) for (const [name, value] of Object.entries(extra)) headers[name.toLowerCase()] = String(value)
  return headers
}

function addCredential (headers: Record<string, string>, { apiKey, options }: Provider): void {
  if (apiKey === undefined) return
  const bearer = options['auth'] === 'bearer' || options['UseBearer'] === true
  if (bearer) headers['authorization'] = `Bearer ${apiKey}`
  else headers['x-api-key'] = apiKey
}
