import { request } from 'node:http'
import type { IncomingMessage } from 'node:http'
import { once } from 'node:events'

export interface StreamEvent { event: string, data: Record<string, unknown> }

/** Parses the text of an event stream, as it is printed by the gateway. */
export function parseEvents (text: string): StreamEvent[] {
  return text.split('\n\n').filter(frame => frame !== '').map(frame => {
    const [event = '', data = ''] = frame.split('\n')
    return { event: event.slice('event: '.length), data: JSON.parse(data.slice('data: '.length)) as Record<string, unknown> }
  })
}

export interface OpenStream {
  response: IncomingMessage
  /** Waits until the text received so far satisfies a condition. */
  until (condition: (text: string) => boolean): Promise<string>
  /** Waits for the end of the body. */
  end (): Promise<string>
  /** Closes the connection, as a user who leaves does. */
  leave (): void
}

/** Asks for a stream and reads it as it comes. */
export async function openStream (url: string, body: object, headers: Record<string, string> = {}): Promise<OpenStream> {
  const call = request(`${url}/v1/messages`, { method: 'POST', headers: { 'content-type': 'application/json', ...headers } })
  call.end(JSON.stringify({ model: 'claude-x', max_tokens: 100, stream: true, messages: [{ role: 'user', content: 'hi' }], ...body }))
  const [response] = await once(call, 'response') as [IncomingMessage]
  let text = ''
  response.setEncoding('utf8')
  response.on('data', (piece: string) => { text += piece })
  response.on('error', () => {})
  const ended = new Promise<void>(resolve => response.on('close', resolve))
  return {
    response,
    async until (condition) {
      while (!condition(text)) {
        if (response.closed) throw new Error(`the stream ended before it happened: ${text}`)
        await Promise.race([once(response, 'data'), ended])
      }
      return text
    },
    async end () {
      if (!response.closed) await ended
      return text
    },
    leave () { call.destroy() }
  }
}
