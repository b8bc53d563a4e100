import type { ServerResponse } from 'node:http'
import { setTimeout as pause } from 'node:timers/promises'
import type { Test } from 'tap'
import type { JsonObject } from '../../src/wire/json.ts'
import type { ChatMessage, ChatRequest } from '../../src/wire/openai-chat.ts'
import { USAGE, delta, json, sse, startUpstream } from '../helper/upstream.ts'
import { illegalities } from './legal.ts'

/** A piece of a reply, by the book: the product's own type of it takes anything. */
export interface Delta {
  content?: string
  reasoning?: string
  reasoning_content?: string
  reasoning_details?: JsonObject[]
  annotations?: JsonObject[]
  tool_calls?: CallDelta[]
}

interface CallDelta {
  index: number
  id?: string
  type?: 'function'
  function: { name?: string, arguments: string }
}

/** One request of Claude Code's, as it reached the provider. */
export interface Ask {
  body: ChatRequest
  response: ServerResponse
  /** Assistant messages in the conversation so far. */
  turn: number
  /** How often the same turn of the same conversation was asked for before. */
  attempt: number
}

/** What the model does when it is asked. */
export type Act = (ask: Ask) => void | Promise<void>

/**
 * What the model does, by conversation and turn. A conversation is known by a text in its first user message, so that
 * subagents, repetitions and requests that a later version may add find their part whenever they come.
 */
export type Screenplay = Record<string, Act[]>

export interface Model {
  url: string
  asks: Ask[]
}

/** A provider of the chat-completions wire that plays a screenplay, and is as strict about requests as the strictest. */
export async function startModel (t: Test, pair: 'openai' | 'openrouter', screenplay: Screenplay): Promise<Model> {
  const asks: Ask[] = []
  const upstream = await startUpstream(t, async (response, request, n) => {
    const body = request.body as ChatRequest
    const problems = illegalities(body, pair)
    t.strictSame(problems, [], `request ${n} is legal`)
    if (problems.length > 0) return refuse(response, problems.join('; '))
    const first = textOf(body.messages.find(message => message.role === 'user'))
    const name = Object.keys(screenplay).find(name => first.includes(name))
    const turn = body.messages.filter(message => message.role === 'assistant').length
    const act = name === undefined ? undefined : screenplay[name]?.[turn]
    const attempt = asks.filter(ask => ask.turn === turn && textOf(ask.body.messages.find(message => message.role === 'user')) === first).length
    const ask = { body, response, turn, attempt }
    asks.push(ask)
    if (act !== undefined) return act(ask)
    t.fail(`request ${n} is not in the screenplay`, { name, turn, first: first.slice(-500) })
    refuse(response, 'not in the screenplay')
  })
  return { url: upstream.url, asks }
}

function refuse (response: ServerResponse, message: string): void {
  json(response, { error: { message, type: 'invalid_request_error', code: 400 } }, 400)
}

/** All text of a message, in one string. */
export function textOf (message: ChatMessage | undefined): string {
  const content = message?.content ?? ''
  return typeof content === 'string' ? content : content.map(part => part.type === 'text' ? part.text : '').join('\n')
}

/** The messages that answer the calls of the last turn. */
export function resultsOf ({ body: { messages } }: Ask): Extract<ChatMessage, { role: 'tool' }>[] {
  const begin = messages.findLastIndex(message => message.role === 'assistant')
  return messages.slice(begin).filter(message => message.role === 'tool')
}

/** A reply in these pieces, each in a packet of its own; all of them at once where no stream was asked for. */
export function reply (deltas: Delta[], finish: 'stop' | 'tool_calls' | 'length' = deltas.some(delta => delta.tool_calls) ? 'tool_calls' : 'stop'): Act {
  return async ({ body, response }) => {
    if (!body.stream) return json(response, { choices: [{ index: 0, message: merge(deltas), finish_reason: finish }], usage: USAGE })
    response.writeHead(200, { 'content-type': 'text/event-stream' }).write(': PROCESSING\n\n')
    for (const piece of deltas) {
      response.write(sse(delta(piece)))
      await pause(1)
    }
    response.end(sse(delta({}, finish), delta({ content: '' }, null, { usage: USAGE }), '[DONE]'))
  }
}

/** An answer in words. */
export function say (text: string): Act {
  return reply([{ content: '' }, { content: text }])
}

/** A call of one tool, whose arguments come in pieces of so many characters. */
export function call (id: string, name: string, input: object, size = 12): Act {
  return reply(callDeltas(0, id, name, JSON.stringify(input), size))
}

export function callDeltas (index: number, id: string, name: string, input: string, size: number): Delta[] {
  return [{ tool_calls: [{ index, id, type: 'function', function: { name, arguments: '' } }] }, ...piecesOf(input, size).map(piece => ({ tool_calls: [{ index, function: { arguments: piece } }] }))]
}

export function piecesOf (text: string, size: number): string[] {
  return Array.from({ length: Math.ceil(text.length / size) }, (_, i) => text.slice(i * size, (i + 1) * size))
}

/** An answer with an HTTP error. */
export function fail (status: number, message: string, headers: Record<string, string> = {}): Act {
  return ({ response }) => json(response, { error: { message, code: status } }, status, headers)
}

/** First these, then the last one for good, as the same turn is asked for again. */
export function inTurn (...acts: Act[]): Act {
  return ask => (acts[ask.attempt] ?? acts.at(-1) as Act)(ask)
}

/** Deltas as the message of a plain reply. */
function merge (deltas: Delta[]): object {
  const calls: CallDelta[] = []
  for (const { index, id, function: { name, arguments: piece } } of deltas.flatMap(delta => delta.tool_calls ?? [])) {
    const begun = calls[index]
    if (begun === undefined) calls[index] = { index, id: id ?? '', type: 'function', function: { name: name ?? '', arguments: piece } }
    else begun.function.arguments += piece
  }
  return { role: 'assistant', content: deltas.map(delta => delta.content ?? '').join(''), ...(calls.length > 0 && { tool_calls: calls }) }
}
