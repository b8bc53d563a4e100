import { createHash } from 'node:crypto'
import type { ReasoningEnvelope } from './envelope.ts'

/** Reasoning as its maker needs it back. */
export interface Reasoning {
  envelope: ReasoningEnvelope
  /** The thinking text. */
  text: string
}

interface Entry { family: string, reasoning: Reasoning | undefined, size: number }

const MAX_ENTRIES = 5000
const MAX_SIZE = 16 * 1024 * 1024

/**
 * Remembers what the reasoning envelopes (src/message/envelope.ts) cannot carry, as far as memory allows: reasoning whose
 * thinking block the client left out, by the id of the call it led to, and who made a signature that passed through
 * untouched. It is a help and no more: a restart forgets it, replicas do not share it.
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

  /** Keeps the reasoning that led to a call. */
  remember (toolId: string, reasoning: Reasoning): void {
    const details = reasoning.envelope.details
    this.#set(`call ${toolId}`, { family: reasoning.envelope.family, reasoning, size: toolId.length + reasoning.text.length + (details === undefined ? 0 : JSON.stringify(details).length) })
  }

  /** The reasoning of this family that led to a call. */
  recall (toolId: string, family: string): Reasoning | undefined {
    const entry = this.#entries.get(`call ${toolId}`)
    return entry?.family === family ? entry.reasoning : undefined
  }

  /** Keeps who made a signature. */
  signed (signature: string, family: string): void {
    this.#set(digest(signature), { family, reasoning: undefined, size: family.length })
  }

  /** Who made a signature; undefined for one that was never seen, or is forgotten. */
  signer (signature: string): string | undefined {
    return this.#entries.get(digest(signature))?.family
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

function digest (signature: string): string {
  return `signature ${createHash('sha256').update(signature).digest('base64')}`
}
