import type { ServerResponse } from 'node:http'
import type { Recording } from './recordings.ts'
import type { Script } from './upstream.ts'

/** Writes the pieces, each in a turn of its own, so that they leave as several packets. */
export async function write (response: ServerResponse, pieces: readonly Buffer[]): Promise<void> {
  response.socket?.setNoDelay(true)
  for (const piece of pieces) {
    await new Promise<void>(resolve => { response.write(piece, () => resolve()) })
    await new Promise(resolve => setImmediate(resolve))
  }
}

/** Plays a recording, or these pieces of it. */
export function playing ({ status, contentType, body }: Recording, pieces: readonly Buffer[] = [body], end: (response: ServerResponse) => void = response => response.end()): Script {
  return async response => {
    response.writeHead(status, { 'content-type': contentType })
    await write(response, pieces)
    end(response)
  }
}

/** What an answer failed by; where it did not, the answer. */
export async function failureOf (answer: Promise<unknown>): Promise<unknown> {
  try {
    return { answer: await answer }
  } catch (error) {
    return error
  }
}
