import { setTimeout as pause } from 'node:timers/promises'
import type { Test } from 'tap'
import { KINDS, type KindName } from '../helper/kinds/index.ts'
import type { Kind, Piece } from '../helper/kinds/kind.ts'
import { type Act, type Ask, type Screenplay, fail, startModel } from './model.ts'

export interface ModelsOptions {
  /** Of the provider. */
  name: string
  models: string[]
  screenplay: Screenplay
  /** Where to note requests: providers of the same play share it. */
  asks: Ask[]
  kind?: KindName
}

/**
 * A scripted provider with a model for each purpose: which of them was asked tells how a request was routed.
 * @returns its entry in the configuration
 */
export async function startModels (t: Test, { name, models, screenplay, asks, kind = 'openrouter' }: ModelsOptions): Promise<object> {
  const { entry } = await startModel(t, withModels(KINDS[kind], models), screenplay, asks)
  return { ...entry(name), models }
}

/** A kind of provider knows one model; by its rules these are all like that one. */
function withModels (kind: Kind, models: string[]): Kind {
  const judge: Kind['judge'] = request => {
    const { body } = request
    return models.includes(body.model) ? kind.judge({ ...request, body: { ...body, model: kind.model } }) : [`no such model: ${body.model}`]
  }
  return { ...kind, judge }
}

/** The models that were asked, in order. */
export function modelsOf (asks: Ask[]): string[] {
  return asks.map(ask => ask.body.model)
}

/** What each model does with the same request; one that is not named was not to be asked, and refuses. */
export function byModel (acts: Record<string, Act>): Act {
  return ask => (acts[ask.body.model] ?? fail(400, `${ask.body.model} has no part`))(ask)
}

/** These, but the last of them stays open, whatever its wire closes it with: the connection closes instead. */
export function broken (...pieces: Piece[]): Act {
  return async ({ kind, request, response }) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    for (const frame of kind.frames(pieces, 'stop', request).slice(0, -2)) {
      response.write(frame)
      await pause(1)
    }
    response.socket?.destroy()
  }
}

/** An answer to a prompt of so many tokens, as the Messages API counts them. */
export function counted (text: string, tokens: number): Act {
  return ({ kind, request, response }) => {
    const frames = kind.frames([{ say: text }], 'stop', request).join('').replaceAll('"input_tokens":10,', `"input_tokens":${tokens},`)
    response.writeHead(200, { 'content-type': 'text/event-stream' }).end(frames)
  }
}
