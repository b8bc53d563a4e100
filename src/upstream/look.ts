import type { ProbeResult, Provider } from '../provider.ts'
import { withoutKey } from '../provider-error.ts'
import type { UpstreamCall } from './call.ts'
import { networkError } from './network-error.ts'
import { readBytes } from './read-bytes.ts'

/** Milliseconds that a look may take. */
const TIME = 10_000
/** A list of models longer than this is none; OpenRouter's has about a megabyte. */
const MAX_BODY = 8 * 1024 * 1024

/**
 * Looks at a provider by its pair's probe. Whatever goes wrong is a result, in words; a probe that does not end by itself
 * is left behind.
 * @param get sends a GET request; @param signal gives up
 */
export async function look (provider: Provider, get: (url: URL, headers: Record<string, string>) => UpstreamCall, signal: AbortSignal): Promise<ProbeResult> {
  const limit = AbortSignal.any([signal, AbortSignal.timeout(TIME)])
  try {
    const looking = provider.pair.probe?.(provider, async (url, headers) => {
      limit.throwIfAborted()
      const call = get(url, headers)
      const abort = (): void => call.abort(new Error('the look is over'))
      limit.addEventListener('abort', abort)
      try {
        const { status } = await call.head()
        const { bytes } = await readBytes(call, MAX_BODY)
        return { status, body: bytes.toString() }
      } finally {
        limit.removeEventListener('abort', abort)
      }
    })
    return await Promise.race([looking, endOf(limit)]) ?? { problem: 'it cannot be looked at' }
  } catch (error) {
    return { problem: limit.aborted ? `it did not answer within ${TIME / 1000} seconds` : withoutKey(networkError(error, provider.name).message, provider) }
  }
}

function endOf (limit: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => limit.addEventListener('abort', () => reject(limit.reason), { once: true }))
}
