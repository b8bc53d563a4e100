import { createHash } from 'node:crypto'
import type { ReasoningEnvelope } from './envelope.ts'
import { type TextMark, markOf } from './text-mark.ts'

/** Reasoning as its maker needs it back. */
export interface Reasoning {
  envelope: ReasoningEnvelope
  /** The thinking text. */
  text: string
}

/** What a conversation is known by; worked out when it is first asked for. */
export type ConversationKey = () => string

/** What is remembered of one conversation. */
export interface ConversationMemory {
  /** Keeps the reasoning that led to a call. */
  remember (toolId: string, reasoning: Reasoning): void
  /** The reasoning of this family that led to a call. */
  recall (toolId: string, family: string): Reasoning | undefined
  /** Keeps the reasoning that came behind an answer in words: nothing may follow those, so no block can carry it. */
  rememberText (words: TextMark, reasoning: Reasoning): void
  /** The reasoning of this family that came behind an answer in words. */
  recallText (words: string, family: string): Reasoning | undefined
}

interface Entry { family: string, reasoning: Reasoning | undefined, size: number }

const MAX_ENTRIES = 5000
const MAX_SIZE = 16 * 1024 * 1024

/**
 * Remembers what the reasoning envelopes (src/message/envelope.ts) cannot carry, as far as memory allows: reasoning whose
 * thinking block the client left out, and who made a signature that passed through untouched. It is a help and no more: a
 * restart forgets it, replicas do not share it.
 *
 * Reasoning is kept by its conversation. Ids of calls are not unique (some servers count them from 0 in every reply), nor
 * are answers, and what a model thought about one user's work is not for another's.
 */
export class ReasoningMemory {
  readonly #entries = new Map<string, Entry>()
  readonly #maxEntries: number
  readonly #maxSize: number
  #size = 0

  /** @param maxEntries, maxSize (characters) when the oldest are forgotten */
  constructor (maxEntries = MAX_ENTRIES, maxSize = MAX_SIZE) {
    this.#maxEntries = maxEntries
    this.#maxSize = maxSize
  }

  /** The part of one conversation. */
  of (key: ConversationKey): ConversationMemory {
    return {
      remember: (toolId, reasoning) => this.#keep(`${key()} call ${toolId}`, reasoning),
      recall: (toolId, family) => this.#find(() => `${key()} call ${toolId}`, family),
      rememberText: (words, reasoning) => this.#keep(`${key()} words ${words.toString()}`, reasoning),
      recallText: (words, family) => this.#find(() => `${key()} words ${markOf(words)}`, family)
    }
  }

  /** Keeps who made a signature. */
  signed (signature: string, family: string): void {
    this.#set(`signature ${digest(signature)}`, { family, reasoning: undefined, size: family.length })
  }

  /** Who made a signature; undefined for one that was never seen, or is forgotten. */
  signer (signature: string): string | undefined {
    return this.#entries.size === 0 ? undefined : this.#entries.get(`signature ${digest(signature)}`)?.family
  }

  #keep (key: string, reasoning: Reasoning): void {
    const { envelope: { family, details }, text } = reasoning
    this.#set(key, { family, reasoning, size: key.length + text.length + (details === undefined ? 0 : JSON.stringify(details).length) })
  }

  /** The key is not worked out where nothing is remembered at all. */
  #find (key: () => string, family: string): Reasoning | undefined {
    const entry = this.#entries.size === 0 ? undefined : this.#entries.get(key())
    return entry?.family === family ? entry.reasoning : undefined
  }

  #set (key: string, entry: Entry): void {
    this.#delete(key)
    if (entry.size > this.#maxSize) return
    this.#entries.set(key, entry)
    this.#size += entry.size
    for (const oldest of this.#entries.keys()) {
      if (this.#entries.size <= this.#maxEntries && this.#size <= this.#maxSize) break
      this.#delete(oldest)
    }
  }

  #delete (key: string): void {
    const entry = this.#entries.get(key)
    if (entry === undefined) return
    this.#size -= entry.size
    this.#entries.delete(key)
  }
}

function digest (text: string): string {
  return createHash('sha256').update(text).digest('base64')
}
