import { setTimeout as pause } from 'node:timers/promises'
import type { Test } from 'tap'
import type { ChatMessage } from '../../src/wire/openai-chat.ts'
import { type Delta, USAGE, callDeltas, chunk, frame, mergeDeltas } from '../helper/kinds/chat.ts'
import type { Call, Finish, Kind, Piece } from '../helper/kinds/kind.ts'
import { type Ask as Request, type ScriptedKind, failure, send, startKind } from '../helper/kinds/server.ts'
import { json } from '../helper/upstream.ts'

export { type Delta, callDeltas, textOf } from '../helper/kinds/chat.ts'
export { piecesOf } from '../helper/kinds/kind.ts'

/** One request of Claude Code's, as it reached the provider. */
export interface Ask extends Request {
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

export interface Model extends Omit<ScriptedKind, 'asks'> {
  asks: Ask[]
}

/**
 * A provider of this kind that plays a screenplay, and is as strict about requests as the real one.
 * @param asks where to note them; several providers that play the same screenplay share it
 */
export async function startModel (t: Test, kind: Kind, screenplay: Screenplay, asks: Ask[] = []): Promise<Model> {
  const scripted = await startKind(t, kind, request => {
    const first = request.said[0]?.text ?? ''
    const name = Object.keys(screenplay).find(name => first.includes(name))
    const turn = request.said.filter(({ role }) => role === 'assistant').length
    const act = name === undefined ? undefined : screenplay[name]?.[turn]
    const attempt = asks.filter(ask => ask.turn === turn && ask.said[0]?.text === first).length
    const ask = Object.assign(request, { turn, attempt })
    asks.push(ask)
    if (act !== undefined) return act(ask)
    t.fail(`request ${asks.length - 1} is not in the screenplay`, { name, turn, first: first.slice(-500) })
    failure(kind, request.response, 400, 'not in the screenplay')
  })
  return { ...scripted, asks }
}

/** What the model does, in the form of whatever provider plays it. */
export function answer (...pieces: Piece[]): Act {
  return ask => send(ask, pieces)
}

/** The same, but the output limit ends it, or half-way through the connection does. */
export function ending (finish: Finish | 'cut', ...pieces: Piece[]): Act {
  return ask => send(ask, pieces, finish)
}

/** An answer in words. */
export function say (text: string): Act {
  return answer({ say: text })
}

/** A call of one tool, whose arguments come in pieces of so many characters. */
export function call (id: string, name: string, input: object, size = 12): Act {
  return answer({ call: { id, name, input, size } })
}

/** Calls as pieces of an answer. */
export function calls (...list: Call[]): Piece[] {
  return list.map(call => ({ call }))
}

/** An answer with an HTTP error; `retryAfter` in seconds. */
export function fail (status: number, words: string, retryAfter?: number): Act {
  return ({ kind, response }) => failure(kind, response, status, words, retryAfter)
}

/** First these, then the last one for good, as the same turn is asked for again. */
export function inTurn (...acts: Act[]): Act {
  return ask => (acts[ask.attempt] ?? acts.at(-1) as Act)(ask)
}

/** The messages of the chat-completions wire that answer the calls of the last turn. */
export function resultsOf ({ body: { messages } }: Ask): Extract<ChatMessage, { role: 'tool' }>[] {
  const begin = messages.findLastIndex(message => message.role === 'assistant')
  return messages.slice(begin).filter(message => message.role === 'tool')
}

/** A reply of the chat-completions wire in these pieces, each in a packet of its own; all of them at once where no stream was asked for. */
export function reply (deltas: Delta[], finish: 'stop' | 'tool_calls' | 'length' = deltas.some(delta => delta.tool_calls) ? 'tool_calls' : 'stop'): Act {
  return async ({ body, response }) => {
    if (!body.stream) return json(response, { choices: [{ index: 0, message: mergeDeltas(deltas), finish_reason: finish }], usage: USAGE })
    response.writeHead(200, { 'content-type': 'text/event-stream' }).write(': PROCESSING\n\n')
    for (const piece of deltas) {
      response.write(frame(chunk(piece)))
      await pause(1)
    }
    response.end([chunk({}, finish), { ...chunk({ content: '' }), usage: USAGE }, '[DONE]'].map(frame).join(''))
  }
}

/** Half of a call on the chat-completions wire, and then a closed connection. */
export function halfCall (id: string, name: string, input: object, before: Delta[] = []): Act {
  return async ({ response }) => {
    const [begin = {}, ...pieces] = callDeltas(0, id, name, JSON.stringify(input), 4)
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    response.write([...before, begin, ...pieces.slice(0, pieces.length / 2)].map(piece => frame(chunk(piece))).join(''))
    await pause(50)
    response.socket?.destroy()
  }
}
