/** The requests of each key that run in this process. */
export class Streams {
  readonly #running = new Map<string, Set<string>>()

  /** How many run. */
  get size (): number { return [...this.#running.values()].reduce((sum, ids) => sum + ids.size, 0) }

  count (key: string): number {
    return this.#running.get(key)?.size ?? 0
  }

  /** @param id the request's, which no other has */
  add (key: string, id: string): void {
    const ids = this.#running.get(key)
    if (ids === undefined) this.#running.set(key, new Set([id]))
    else ids.add(id)
  }

  remove (key: string, id: string): void {
    const ids = this.#running.get(key)
    if (ids?.delete(id) === true && ids.size === 0) this.#running.delete(key)
  }

  /** Keys, and the ids of their requests. */
  entries (): Iterable<[string, ReadonlySet<string>]> {
    return this.#running.entries()
  }
}
