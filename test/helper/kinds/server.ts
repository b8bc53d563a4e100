import type { ServerResponse } from 'node:http'
import { setTimeout as pause } from 'node:timers/promises'
import type { Test } from 'tap'
import { type Received, json, startUpstream } from '../upstream.ts'
import { type Finish, KEY, type Kind, type Piece, type Utterance, defaultFinish } from './kind.ts'

/** A request that the provider took. */
export interface Ask {
  kind: Kind
  request: Received
  /** The body as the chat-completions wire has it; other wires' tests look into `request`. */
  body: Received['body']
  /** The conversation, in no wire's words. */
  said: Utterance[]
  response: ServerResponse
}

export interface ScriptedKind {
  kind: Kind
  url: string
  asks: Ask[]
  /** For the configuration: a provider of this name. */
  entry (name: string): object
}

/** A provider that is as strict about requests as the real one: what it refuses fails the test. What it takes is played. */
export async function startKind (t: Pick<Test, 'teardown' | 'strictSame'>, kind: Kind, play: (ask: Ask) => void | Promise<void>): Promise<ScriptedKind> {
  const asks: Ask[] = []
  const { url } = await startUpstream(t, (response, request) => {
    if (request.method === 'GET') {
      const answer = kind.get?.(request.path)
      return json(response, answer ?? { detail: 'Not Found' }, answer === undefined ? 404 : 200)
    }
    const problems = kind.judge(request)
    t.strictSame(problems, [], `request ${asks.length} is legal for ${kind.name}`)
    if (problems.length > 0) return failure(kind, response, 400, problems.join('; '))
    const ask = { kind, request, body: request.body, said: kind.read(request), response }
    asks.push(ask)
    return play(ask)
  })
  return { kind, url, asks, entry: name => ({ name, api_base_url: url + kind.base, api_key: KEY, models: [kind.model], transformer: { use: [kind.name] } }) }
}

/**
 * Sends an answer, each event in a packet of its own, or all of it at once where no stream was asked for. One that is `cut` is
 * half the events, and then nothing but a closed connection.
 */
export async function send ({ kind, request, response }: Ask, pieces: readonly Piece[], finish: Finish | 'cut' = defaultFinish(pieces)): Promise<void> {
  const done = kind.thinks(request) ? pieces : pieces.filter(piece => !('think' in piece))
  if (!kind.streams(request)) {
    response.writeHead(200, { 'content-type': 'application/json' }).end(kind.plain(done, finish === 'cut' ? 'length' : finish, request))
    return
  }
  const frames = kind.frames(done, finish === 'cut' ? 'stop' : finish, request)
  response.writeHead(200, { 'content-type': 'text/event-stream' })
  for (const frame of finish === 'cut' ? frames.slice(0, Math.ceil(frames.length / 2)) : frames) {
    response.write(frame)
    await pause(1)
  }
  if (finish !== 'cut') response.end()
  else response.socket?.destroy()
}

/** Answers with an HTTP error, in the provider's form. */
export function failure (kind: Kind, response: ServerResponse, status: number, words: string, retryAfter?: number): void {
  const { headers, body } = kind.failure(status, words, retryAfter)
  json(response, body, status, headers)
}
