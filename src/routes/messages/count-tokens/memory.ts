import type { ProviderFacts, Target } from '../../../provider.ts'

/** Answers that are remembered of a server, and how long one may be: most are 20 bytes. */
const MAX_ANSWERS = 500
const MAX_ANSWER = 1024
/** Milliseconds that an answer is good for: another model may come to stand behind a name. */
const GOOD_FOR = 600_000

interface Server {
  readonly answers: Map<string, { readonly bytes: Buffer, readonly until: number }>
  /** Until when a model is not asked about, by its name. */
  readonly rests: Map<string, number>
}

/** What the counters of servers said, and which of them are better not asked for a while. */
export class CountMemory {
  /** By the facts of a server, which live as long as it is reached in the same way. */
  readonly #servers = new WeakMap<ProviderFacts, Server>()
  readonly #now: () => number

  /** @param now milliseconds */
  constructor (now: () => number = () => performance.now()) {
    this.#now = now
  }

  /** The answer to a question; undefined for one that is not remembered. @param question a digest of all that was asked */
  recall (target: Target, question: string): Buffer | undefined {
    const answer = this.#of(target).answers.get(question)
    return answer === undefined || answer.until <= this.#now() ? undefined : answer.bytes
  }

  remember (target: Target, question: string, bytes: Buffer): void {
    if (bytes.length > MAX_ANSWER) return
    const { answers } = this.#of(target)
    // Anew, so that the first in the map is the oldest.
    answers.delete(question)
    answers.set(question, { bytes, until: this.#now() + GOOD_FOR })
    if (answers.size > MAX_ANSWERS) answers.delete(answers.keys().next().value as string)
  }

  /** Whether a target's counter is left alone now. */
  rests (target: Target): boolean {
    return (this.#of(target).rests.get(target.model) ?? 0) > this.#now()
  }

  /** Leaves a target's counter alone. @param milliseconds for so long */
  rest (target: Target, milliseconds: number): void {
    this.#of(target).rests.set(target.model, this.#now() + milliseconds)
  }

  #of ({ provider: { facts } }: Target): Server {
    let server = this.#servers.get(facts)
    if (server === undefined) this.#servers.set(facts, server = { answers: new Map(), rests: new Map() })
    return server
  }
}
