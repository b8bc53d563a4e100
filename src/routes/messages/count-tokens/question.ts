import { createHash } from 'node:crypto'
import type { Target, UpstreamRequest } from '../../../provider.ts'
import { isJsonObject, parseJson } from '../../../wire/json.ts'
import { relayOf } from '../relay-of.ts'
import { prepare } from '../send.ts'
import type { Work } from '../work.ts'

/** What a server's counter is asked. */
export interface Question {
  readonly upstream: UpstreamRequest
  /** What was changed for the target, in words. */
  readonly told: readonly string[]
  /** Whether it is the client's own, so that the answer is the client's, be it an error. */
  readonly passes: boolean
  /** What the client is told; undefined for an answer without a count. @param body of the server's answer */
  answerOf (body: Buffer): Buffer | undefined
}

/**
 * A request for a count as the target's counter takes it.
 * @returns undefined where there is none, or it cannot be asked that way
 * @throws {ApiError} when a server of the client's own wire cannot be asked so: it could not answer either
 */
export function questionFor (work: Work, target: Target): Question | undefined {
  const { routed: { traits, config } } = work
  const relay = relayOf(target)
  if (relay === undefined) return wrapped(work, target)
  const { upstream, told, passes } = prepare(work, target, relay, traits, config.systemPrompt, '/count_tokens')
  return { upstream, told, passes, answerOf: body => isCount(body) ? body : undefined }
}

/** The request as it would be sent, inside a question of the server's own. */
function wrapped (work: Work, target: Target): Question | undefined {
  const { body, head, wire, routed: { traits, config } } = work
  const { counter } = target.provider.pair
  if (counter === undefined) return undefined
  try {
    // No answer is asked for, and encoders are made for requests that want one.
    const parsed = { ...body.parsed, max_tokens: 1, stream: false }
    const { upstream: encoded, told } = prepare({ body: { parsed, raw: body.raw }, head, wire }, target, undefined, traits, config.systemPrompt)
    const upstream = counter.request(encoded, target)
    return { upstream: { ...upstream, body: Buffer.from(JSON.stringify(upstream.body)), dropped: encoded.dropped }, told, passes: false, answerOf: answer => printed(counter.read(answer.toString())) }
  } catch {
    // What the wire cannot carry, what a strict provider refuses, what a user's own file cannot do: all of it can be estimated.
    return undefined
  }
}

function printed (count: number | null): Buffer | undefined {
  return count === null ? undefined : Buffer.from(JSON.stringify({ input_tokens: count }))
}

function isCount (body: Buffer): boolean {
  const document = parseJson(body.toString())
  return isJsonObject(document) && typeof document['input_tokens'] === 'number'
}

/** What stands for a question: all that the count may depend on, and no key. */
export function digestOf ({ upstream: { url, headers, body } }: Question): string {
  const { 'anthropic-version': version = '', 'anthropic-beta': betas = '' } = headers
  return createHash('sha256').update(`${url.href}\n${version}\n${betas}\n`).update(body as Buffer).digest('base64')
}
