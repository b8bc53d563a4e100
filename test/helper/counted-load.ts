import type { Test } from 'tap'
import { delta, json, sse, startUpstream } from './upstream.ts'

/** Tokens that the scripted provider counts for request `n`: each request can be told by its own. */
export function tokensOfRequest (n: number): { input: number, cacheRead: number, output: number } {
  return { input: 10 + n % 997, cacheRead: n % 13, output: 1 + n % 101 }
}

/** A provider that answers `request <n>` with the counts of that number, streamed in two pieces or plain. */
export async function startCountingProvider (t: Pick<Test, 'teardown'>, pause = (): number => Math.random() * 30): Promise<string> {
  const { url } = await startUpstream(t, async (response, { body }) => {
    const n = Number(/request (\d+)/.exec(JSON.stringify(body.messages))?.[1])
    const { input, cacheRead, output } = tokensOfRequest(n)
    const usage = { prompt_tokens: input + cacheRead, completion_tokens: output, total_tokens: input + cacheRead + output, prompt_tokens_details: { cached_tokens: cacheRead } }
    await new Promise(resolve => setTimeout(resolve, pause()))
    if (body.stream !== true) return json(response, { choices: [{ index: 0, message: { role: 'assistant', content: 'Yes.' }, finish_reason: 'stop' }], usage })
    response.writeHead(200, { 'content-type': 'text/event-stream' }).write(sse(delta({ role: 'assistant', content: 'Ye' })))
    await new Promise(resolve => setTimeout(resolve, pause()))
    response.end(sse(delta({ content: 's.' }), delta({}, 'stop', { usage }), '[DONE]'))
  })
  return url
}

/** An answer that a client saw to its end. */
export interface Finished { readonly requestId: string, readonly n: number, readonly status: number }

/**
 * Asks again and again over several connections until it is told to stop, or the service is gone.
 * @param next the number of the next request
 * @param finished gets the answers as they come
 * @returns the answers that came to their end: a whole document, or a stream with its last event
 */
export async function askMany (url: string, { clients, next, signal, headers = {}, finished = [] }: { clients: number, next: () => number, signal: AbortSignal, headers?: Record<string, string>, finished?: Finished[] }): Promise<Finished[]> {
  await Promise.all(Array.from({ length: clients }, async () => {
    while (!signal.aborted) {
      const n = next()
      const stream = n % 2 === 0
      try {
        const reply = await fetch(`${url}/v1/messages`, {
          method: 'POST',
          headers: { 'content-type': 'application/json', 'x-claude-code-session-id': `session-${n % 5}`, ...headers },
          body: JSON.stringify({ model: 'any', max_tokens: 100, stream, messages: [{ role: 'user', content: `request ${n}` }] })
        })
        const text = await reply.text()
        const whole = reply.status !== 200 || (stream ? text.includes('event: message_stop') : text.endsWith('}'))
        if (whole) finished.push({ requestId: reply.headers.get('request-id') ?? '', n, status: reply.status })
      } catch {
        // The service is gone: what it had not finished nobody has seen.
        return
      }
    }
  }))
  return finished
}
