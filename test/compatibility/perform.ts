import { setTimeout as pause } from 'node:timers/promises'
import { type Ask as Request, failure, send } from '../helper/kinds/server.ts'
import type { Play } from './case.ts'

/** Does what a step says, in the words of the provider's wire. */
export async function perform (request: Request, play: Play | undefined): Promise<void> {
  if (play === undefined) return failure(request.kind, request.response, 400, 'nothing is to be played')
  if ('answers' in play) return await send(request, play.answers)
  if ('refuses' in play) return failure(request.kind, request.response, play.refuses, play.words, play.retryAfter)
  await sendHalf(request, play)
}

/** A stream as far as some of its text, or half of a document. */
async function sendHalf ({ kind, request, response }: Request, { halves, by }: Extract<Play, { halves: unknown }>): Promise<void> {
  const streamed = kind.streams(request)
  const whole = kind.plain(halves, 'stop', request)
  const frames = kind.frames(halves, 'stop', request)
  const pieces = streamed ? frames.slice(0, Math.ceil(frames.length / 2)) : [whole.slice(0, whole.length / 2)]
  response.writeHead(200, { 'content-type': streamed ? 'text/event-stream' : 'application/json' })
  for (const piece of pieces) {
    response.write(piece)
    await pause(1)
  }
  if (by === 'an end') response.end()
  else response.socket?.destroy()
}
