import { once } from 'node:events'
import { type IncomingHttpHeaders, type ServerResponse, createServer } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import type { Test } from 'tap'
import type { ChatRequest } from '../../src/wire/openai-chat.ts'

/** A request as the upstream received it. */
export interface Received {
  method: string
  path: string
  headers: IncomingHttpHeaders
  body: ChatRequest
  /** The body's bytes. */
  raw: Buffer
  /** Whether the connection was closed before the reply was complete. */
  aborted: boolean
}

/** Plays the provider: gets the request and the raw response; `n` counts requests from 0. */
export type Script = (response: ServerResponse, request: Received, n: number) => void | Promise<void>

export interface ScriptedUpstream {
  url: string
  requests: Received[]
  /** Connections that are open. */
  sockets: Set<Socket>
}

/** A provider on a real socket of the loopback interface; closed with the test. */
export async function startUpstream (t: Pick<Test, 'teardown'>, script: Script): Promise<ScriptedUpstream> {
  const requests: Received[] = []
  const sockets = new Set<Socket>()
  const server = createServer((request, response) => {
    const pieces: Buffer[] = []
    request.on('data', (piece: Buffer) => pieces.push(piece))
    request.on('end', () => {
      const raw = Buffer.concat(pieces)
      const text = raw.toString()
      const received: Received = { method: request.method ?? '', raw, path: request.url ?? '', headers: request.headers, body: JSON.parse(text === '' ? '{}' : text) as ChatRequest, aborted: false }
      response.on('close', () => { received.aborted = !response.writableFinished })
      requests.push(received)
      Promise.resolve(script(response, received, requests.length - 1)).catch(() => response.destroy())
    })
  })
  server.on('connection', socket => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, requests, sockets }
}

/** Bytes of an event stream: one `data:` event per chunk, and `[DONE]`. */
export function sse (...chunks: unknown[]): string {
  return chunks.map(chunk => `data: ${typeof chunk === 'string' ? chunk : JSON.stringify(chunk)}\n\n`).join('')
}

/** A chat-completions chunk. */
export function delta (content: object, finish: string | null = null, rest: object = {}): object {
  return { id: 'chatcmpl-1', object: 'chat.completion.chunk', choices: [{ index: 0, delta: content, finish_reason: finish }], ...rest }
}

export const USAGE = { prompt_tokens: 10, completion_tokens: 5, total_tokens: 15 }

/** Answers with an event stream in one write. */
export function stream (response: ServerResponse, ...chunks: unknown[]): void {
  response.writeHead(200, { 'content-type': 'text/event-stream' }).end(sse(...chunks))
}

/** Answers with text, as a stream or as one document, whichever was asked for. */
export function answer (response: ServerResponse, request: Received, text: string): void {
  if (request.body.stream === true) stream(response, delta({ role: 'assistant', content: '' }), delta({ content: text }), delta({}, 'stop', { usage: USAGE }), '[DONE]')
  else json(response, { choices: [{ index: 0, message: { role: 'assistant', content: text }, finish_reason: 'stop' }], usage: USAGE })
}

export function json (response: ServerResponse, body: unknown, status = 200, headers: Record<string, string> = {}): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body))
}
