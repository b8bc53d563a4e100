import type { ServerResponse } from 'node:http'
import { type Received, answer, delta, json, sse } from './upstream.ts'

/** How a scripted provider speaks a wire: rightly, and in its errors. */
export interface Speech {
  /** The whole answer, as a stream or as one document, whichever was asked for. */
  answer (response: ServerResponse, request: Received, text: string): void
  /** What a stream begins with before there is any content; it counts 7 tokens of the prompt. */
  beginning: string
  /** The first content of a stream. */
  content (text: string): string
  /** The body of an error. */
  error (status: number, type: string, message: string): object
  /** The same as an event. */
  errorEvent (status: number, type: string, message: string): string
}

export type WireName = 'openai' | 'anthropic'

/** What goes with an error of an Anthropic server. */
export const ERROR_HEADERS = { 'request-id': 'req_upstream', 'anthropic-ratelimit-requests-remaining': '0' }

const MESSAGE = { id: 'msg_upstream', type: 'message', role: 'assistant', model: 'upstream', content: [], stop_reason: null, stop_sequence: null, usage: { input_tokens: 7, output_tokens: 1 } }

function event (data: { type: string, [field: string]: unknown }): string {
  return `event: ${data.type}\ndata: ${JSON.stringify(data)}\n\n`
}

const openai: Speech = {
  answer,
  beginning: sse(delta({ role: 'assistant', content: '' }, null, { usage: { prompt_tokens: 7, completion_tokens: 0 } })),
  content: text => sse(delta({ content: text })),
  error: (status, type, message) => ({ error: { message, type, code: status } }),
  errorEvent: (status, type, message) => sse(openai.error(status, type, message))
}

const anthropic: Speech = {
  answer (response, request, text) {
    const end = { stop_reason: 'end_turn', stop_sequence: null }
    if (request.body.stream !== true) return json(response, { ...MESSAGE, ...end, content: [{ type: 'text', text }], usage: { input_tokens: 10, output_tokens: 5 } })
    const last = event({ type: 'content_block_stop', index: 0 }) + event({ type: 'message_delta', delta: end, usage: { input_tokens: 10, output_tokens: 5 } }) + event({ type: 'message_stop' })
    response.writeHead(200, EVENT_STREAM).end(anthropic.beginning + anthropic.content(text) + last)
  },
  beginning: event({ type: 'message_start', message: MESSAGE }),
  content: text => event({ type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } }) + event({ type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text } }),
  error: (_status, type, message) => ({ type: 'error', error: { type, message }, request_id: ERROR_HEADERS['request-id'] }),
  errorEvent: (_status, type, message) => event({ type: 'error', error: { type, message } })
}

export const SPEECH: Record<WireName, Speech> = { openai, anthropic }

export const EVENT_STREAM = { 'content-type': 'text/event-stream' }

/** What a provider does to a request. */
export type Play = (response: ServerResponse, request: Received, wire: WireName) => void

/** An error reply in the form of its wire. */
export function refuse (status: number, type: string, headers: Record<string, string> = {}): Play {
  return (response, _request, wire) => json(response, SPEECH[wire].error(status, type, `upstream says ${status}`), status, { ...ERROR_HEADERS, ...headers })
}

/** A 200 with such a head and body, which ends there. */
export function send (type: string, body: (speech: Speech) => string): Play {
  return (response, _request, wire) => { response.writeHead(200, { 'content-type': type }).end(body(SPEECH[wire])) }
}

/** The connection is reset: before the head, or after it and what the provider said until then. */
export function reset (said?: (speech: Speech) => string): Play {
  return (response, _request, wire) => {
    if (said === undefined) response.socket?.resetAndDestroy()
    else begin(response, said(SPEECH[wire])).then(() => response.socket?.resetAndDestroy(), () => response.destroy())
  }
}

/** Nothing more comes. */
export function fallSilent (said?: (speech: Speech) => string): Play {
  return (response, _request, wire) => { if (said !== undefined) begin(response, said(SPEECH[wire])).catch(() => {}) }
}

/** Sends the head of a stream, and what follows it; resolves when it is on its way. */
function begin (response: ServerResponse, said: string): Promise<void> {
  response.writeHead(200, EVENT_STREAM)
  response.flushHeaders()
  return new Promise(resolve => {
    if (said === '') setImmediate(resolve)
    else response.write(said, () => resolve())
  })
}
