import { ApiError } from '../errors.ts'
import { spliceModel } from '../message/splice.ts'
import type { Relay, Target } from '../provider.ts'
import { type JsonObject, isJsonObject, parseJson } from '../wire/json.ts'
import { EventRelay } from './event-relay.ts'
import type { Passage, ReplyRelay } from './passage.ts'
import { RelayObserver } from './relay-observer.ts'

/** A reply of the Messages API, for a client that speaks it. */
export class MessagesPassage implements Passage {
  readonly observer: RelayObserver
  readonly #target: Target
  readonly #model: string

  /** @param model the name that the client asked for */
  constructor (relay: Relay, target: Target, model: string) {
    this.observer = new RelayObserver({ memory: target.provider.memory, family: relay.family(target) }, data => relay.decodeEvent(data, target))
    this.#target = target
    this.#model = model
  }

  relay (): ReplyRelay {
    return new EventRelay(this.observer, this.#model, this.#target.provider)
  }

  document (bytes: Buffer): Buffer {
    const { name } = this.#target.provider
    const message = parse(bytes, name)
    const { type, error = null, content, stop_reason: reason } = message
    if (type === 'error' || error !== null) throw this.observer.toError(message)
    if (type !== 'message' || !Array.isArray(content)) throw new ApiError('api_error', `${name} sent a reply that is no message.`, { status: 502 })
    if (content.length === 0 && reason === null) throw new ApiError('api_error', `${name} answered with an empty reply.`, { status: 502 })
    this.observer.message(message)
    return spliceModel(bytes, this.#model)
  }

  /** All that is one: clients recover by its wording. */
  passesError (body: unknown): boolean {
    return isErrorBody(body)
  }
}

/** Whether a parsed body is an error of the Messages API. */
export function isErrorBody (body: unknown): boolean {
  return isJsonObject(body) && body['error'] !== undefined
}

function parse (bytes: Buffer, provider: string): JsonObject {
  const value = parseJson(bytes.toString().replace(/^\uFEFF/, ''))
  if (isJsonObject(value)) return value
  throw new ApiError('api_error', `${provider} sent a reply that is not JSON.`, { status: 502 })
}
