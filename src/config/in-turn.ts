/** Does one thing after the other, whatever becomes of those before. */
export class InTurn {
  #last: Promise<unknown> = Promise.resolve()

  /** @returns what the work comes to, once its turn has come and it is over */
  async do<T> (work: () => Promise<T>): Promise<T> {
    const own = this.#last.then(work)
    this.#last = own.catch(() => {})
    return await own
  }

  /** Resolves when all that was asked for is over. */
  async over (): Promise<void> {
    await this.#last
  }
}
