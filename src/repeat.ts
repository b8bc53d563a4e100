/**
 * Does something again and again, never twice at once, and keeps no process alive by it.
 * @param pause milliseconds between the end of one time and the next
 * @param failed is told of each time that failed
 */
export function repeat (work: () => Promise<unknown>, pause: number, signal: AbortSignal, failed: (error: unknown) => void): void {
  const next = (): void => {
    if (signal.aborted) return
    setTimeout(() => {
      if (signal.aborted) return
      work().catch(error => { if (!signal.aborted) failed(error) }).finally(next)
    }, pause).unref()
  }
  next()
}
