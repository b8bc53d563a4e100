import type { IncomingHttpHeaders } from 'node:http'

/** Headers of a Messages reply that are the client's to see: limits, ids, when to try again. */
const PASSED = /^(?:anthropic-|request-id$|retry-after|x-should-retry$)/

/** The headers of an upstream's reply that go on to the client. */
export function passedHeaders (headers: IncomingHttpHeaders): Record<string, string> {
  const passed: Record<string, string> = {}
  for (const name in headers) {
    const value = headers[name]
    if (value !== undefined && PASSED.test(name)) passed[name] = Array.isArray(value) ? value.join(', ') : value
  }
  return passed
}
