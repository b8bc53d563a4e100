import { crc32 } from 'node:zlib'
import { type JsonObject, type JsonValue, isJsonObject } from '../wire/json.ts'

/**
 * Reasoning must return to the provider that made it, and to no other. What a provider needs back (its signatures, its
 * own form of the reasoning) travels through the client in `thinking.signature`, wrapped as `sy1.<base64url of JSON>`.
 * Nothing is remembered here, so a conversation survives a restart and may move between replicas.
 */
export interface ReasoningEnvelope {
  /** Who made it. A block of another family is left out of a request. */
  family: string
  /** The message field that carries it back, e.g. `reasoning_content`. */
  field: string
  /** The provider's own items, in order; a text that stands in the thinking block itself is left out (see below). */
  details?: JsonObject[]
}

const PREFIX = 'sy1.'
/** The fields of a detail that the thinking block repeats. */
const TEXT_FIELDS = ['text', 'summary'] as const

/**
 * Wraps what a provider needs back.
 *
 * The thinking text would travel twice, once as itself and once in the details. So where the details' texts are
 * together the thinking text, each is replaced by its length, and a check sum tells whether the text is still the same.
 */
export function sealReasoning (envelope: ReasoningEnvelope, thinking: string): string {
  const { details } = envelope
  const texts = details?.map(wordsOf).join('')
  const sealed = details !== undefined && thinking !== '' && texts === thinking ? { ...envelope, details: details.map(shorten), sum: crc32(thinking) } : envelope
  return PREFIX + Buffer.from(JSON.stringify(sealed)).toString('base64url')
}

/** Whether a signature is an envelope, whatever it holds. */
export function isSealed (signature: string): boolean {
  return signature.startsWith(PREFIX)
}

/**
 * Reads a signature back.
 * @returns undefined for a signature that is not ours, is damaged, or whose thinking text was changed meanwhile
 */
export function openReasoning (signature: string, thinking: string): ReasoningEnvelope | undefined {
  if (!isSealed(signature)) return undefined
  const envelope = parse(signature.slice(PREFIX.length))
  if (!isJsonObject(envelope)) return undefined
  const { family, field, details, sum } = envelope
  if (typeof family !== 'string' || typeof field !== 'string') return undefined
  if (details === undefined) return { family, field }
  if (!Array.isArray(details) || !details.every(isJsonObject)) return undefined
  if (sum === undefined) return { family, field, details }
  return sum === crc32(thinking) ? { family, field, details: restore(details, thinking) } : undefined
}

function wordsOf (detail: JsonObject): string {
  return TEXT_FIELDS.map(field => detail[field]).filter(text => typeof text === 'string').join('')
}

function shorten (detail: JsonObject): JsonObject {
  const short = { ...detail }
  for (const field of TEXT_FIELDS) {
    const text = detail[field]
    if (typeof text === 'string') short[field] = text.length
  }
  return short
}

/** Puts the texts back in place of their lengths. */
function restore (details: JsonObject[], thinking: string): JsonObject[] {
  let at = 0
  return details.map(detail => {
    const whole = { ...detail }
    for (const field of TEXT_FIELDS) {
      const length = detail[field]
      if (typeof length !== 'number') continue
      whole[field] = thinking.slice(at, at + length)
      at += length
    }
    return whole
  })
}

function parse (encoded: string): JsonValue | undefined {
  try {
    return JSON.parse(Buffer.from(encoded, 'base64url').toString()) as JsonValue
  } catch {
    return undefined
  }
}
