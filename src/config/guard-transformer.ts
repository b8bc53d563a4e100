import { ApiError } from '../errors.ts'
import type { MessageWriter } from '../message/writer.ts'
import type { Adapter, AdapterFactory, Probe, ProbeResult, ProviderFacts, Relay, ReplyDecoder, Target, TransformerPair, UpstreamRequest } from '../provider.ts'
import { atOnce } from '../transformer-kit.ts'
import { isJsonObject } from '../wire/json.ts'
import { completeRequest } from './complete-request.ts'
import { isListOfStrings } from './is-list-of.ts'

/** Where a transformer of a user's comes from. */
export interface Origin { name: string, file: string }

/** A user's pair that can do no harm but to its own requests: what goes wrong in it is told with its name and its file. */
export function guardPair (pair: TransformerPair, origin: Origin): TransformerPair {
  const { endpoint, probe, relay } = pair
  return {
    name: pair.name,
    wire: pair.wire,
    file: origin.file,
    ...(pair.hosts !== undefined && { hosts: pair.hosts }),
    ...(pair.options !== undefined && { options: pair.options }),
    ...(pair.inlinesMedia !== undefined && { inlinesMedia: pair.inlinesMedia }),
    ...(typeof pair.probePause === 'number' && { probePause: pair.probePause }),
    ...(endpoint !== undefined && { endpoint: base => guarded(origin, () => new URL(atOnce(endpoint.call(pair, base)))) }),
    ...(probe !== undefined && { probe: guardProbe(probe.bind(pair), origin) }),
    ...(relay !== undefined && { relay: guardRelay(relay, origin) }),
    encodeRequest: (request, target, client) => guarded(origin, () => complete(pair.encodeRequest(request, target, client), target, origin)),
    decodeReply: (writer, target, asked) => guarded(origin, () => new GuardedDecoder(decoderOf(pair.decodeReply(writer, target, asked)), writer, origin)),
    decodeError: (status, headers, body, target) => guarded(origin, () => errorOf(pair.decodeError(status, headers, body, target)))
  }
}

function guardProbe (probe: Probe, origin: Origin): Probe {
  return async (provider, get) => {
    try {
      return resultOf(await probe(provider, get))
    } catch (error) {
      return { problem: faultOf(error, origin).message }
    }
  }
}

function resultOf (result: unknown): ProbeResult {
  const { facts, problem } = isJsonObject(result) ? result : {}
  const told = problem === undefined || typeof problem === 'string'
  if (told && facts === undefined && problem !== undefined) return { problem }
  if (told && areFacts(facts)) return problem === undefined ? { facts } : { facts, problem }
  throw new TypeError('probe must return { facts: { contextWindows } } with a Map, or { problem } in words')
}

/** All that is known of servers is known by model. */
function areFacts (facts: unknown): facts is ProviderFacts {
  return isJsonObject(facts) && 'contextWindows' in facts && Object.values(facts).every((fact: unknown) => fact instanceof Map)
}

function guardRelay (relay: Relay, origin: Origin): Relay {
  return {
    request: (request, target) => guarded(origin, () => complete(relay.request(request, target), target, origin)),
    family: target => guarded(origin, () => relay.family(target)),
    decodeEvent: (data, target) => guarded(origin, () => errorOf(relay.decodeEvent(data, target)))
  }
}

/** The same for an adapter, which bears its factory's name wherever it is used. */
export function guardFactory (factory: AdapterFactory, origin: Origin): AdapterFactory {
  return {
    name: factory.name,
    file: origin.file,
    ...(factory.description !== undefined && { description: String(factory.description) }),
    ...(factory.wires !== undefined && { wires: factory.wires }),
    ...(factory.options !== undefined && { options: factory.options }),
    create: options => guarded(origin, () => guardAdapter(factory.create(options), origin))
  }
}

export function isAdapter (value: object): boolean {
  const { request, chunk, reply } = value as Partial<Adapter>
  return [request, chunk, reply].some(part => typeof part === 'function')
}

function guardAdapter (adapter: Adapter, origin: Origin): Adapter {
  atOnce(adapter)
  if (!isJsonObject(adapter) || !isAdapter(adapter)) throw new TypeError('create() must return an object with request, chunk or reply')
  const { request, chunk, reply, carries } = adapter
  if (carries !== undefined && !isListOfStrings(carries)) throw new TypeError('carries must be a list of names of request fields')
  return {
    name: origin.name,
    file: origin.file,
    ...(carries !== undefined && { carries }),
    ...(request !== undefined && { request: (body, target, original) => guarded(origin, () => request.call(adapter, body, target, original)) }),
    ...(chunk !== undefined && { chunk: (piece, target) => guarded(origin, () => chunk.call(adapter, piece, target)) }),
    ...(reply !== undefined && {
      reply (target) {
        const adapt = guarded(origin, () => reply.call(adapter, target))
        return piece => guarded(origin, () => adapt(piece))
      }
    })
  }
}

/** A fault ends the reply there and then, and the connection with it. */
class GuardedDecoder implements ReplyDecoder {
  readonly #decoder: ReplyDecoder
  readonly #writer: MessageWriter
  readonly #origin: Origin

  constructor (decoder: ReplyDecoder, writer: MessageWriter, origin: Origin) {
    this.#decoder = decoder
    this.#writer = writer
    this.#origin = origin
  }

  get finished (): boolean { return this.#decoder.finished === true }

  push (chunk: unknown): void {
    try {
      atOnce(this.#decoder.push(chunk))
    } catch (error) {
      this.#writer.fail(faultOf(error, this.#origin))
    }
  }

  end (): void {
    try {
      atOnce(this.#decoder.end())
    } catch (error) {
      this.#writer.fail(faultOf(error, this.#origin))
    }
  }
}

function guarded <T> (origin: Origin, work: () => T): T {
  try {
    return atOnce(work())
  } catch (error) {
    throw faultOf(error, origin)
  }
}

/** What the transformer means the client to read passes. A fault of it is the same at every repetition. */
function faultOf (error: unknown, { name, file }: Origin): ApiError {
  if (error instanceof ApiError) return error
  return new ApiError('api_error', `The transformer ${name} (${file}) failed: ${wordsOf(error)}`, { cause: error ?? new Error('nothing was thrown'), retryable: false })
}

function wordsOf (error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

function complete (made: unknown, target: Target, origin: Origin): UpstreamRequest {
  const upstream = completeRequest(atOnce(made), target)
  const { answer } = upstream
  if (answer !== undefined) upstream.answer = writer => guarded(origin, () => answer(writer))
  return upstream
}

function decoderOf (decoder: ReplyDecoder): ReplyDecoder {
  atOnce(decoder)
  if (typeof decoder?.push !== 'function' || typeof decoder.end !== 'function') throw new TypeError('decodeReply must return { push, end, finished }')
  return decoder
}

function errorOf (error: unknown): ApiError {
  atOnce(error)
  if (error instanceof ApiError) return error
  throw new TypeError('decodeError must return an ApiError')
}
