/** Conversations that are remembered. */
const MAX_CONVERSATIONS = 10_000
/** A conversation that shrank by more than this share was compacted, or cleared: its last size tells nothing of it. */
const SHRUNK = 0.9

interface Size { estimate: number, reported: number }

/** The real sizes of conversations, as upstreams counted their last prompts. */
export class PromptSizes {
  readonly #sizes = new Map<string, Size>()

  /** The last real size in tokens; 0 where none is known, or the conversation has become another since. */
  last (conversation: string, estimate: number): number {
    const size = this.#sizes.get(conversation)
    return size === undefined || estimate < size.estimate * SHRUNK ? 0 : size.reported
  }

  learn (conversation: string, estimate: number, reported: number): void {
    if (reported === 0) return
    // Anew, so that the oldest in the map is the one that was silent for longest.
    this.#sizes.delete(conversation)
    this.#sizes.set(conversation, { estimate, reported })
    if (this.#sizes.size > MAX_CONVERSATIONS) this.#sizes.delete(this.#sizes.keys().next().value as string)
  }
}
