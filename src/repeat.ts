/**
 * Does something again and again, never twice at once, and keeps no process alive by it.
 * @param pause milliseconds between the end of one time and the next
 * @param signal ends it
 * @param failed is told of each time that failed
 */
export function repeat (work: () => Promise<unknown>, pause: number, signal: AbortSignal, failed: (error: unknown) => void): void {
  let timer: NodeJS.Timeout | undefined
  const next = (): void => {
    if (!signal.aborted) timer = setTimeout(run, pause).unref()
  }
  const run = (): void => {
    work().catch((error: unknown) => { if (!signal.aborted) failed(error) }).finally(next)
  }
  signal.addEventListener('abort', () => clearTimeout(timer), { once: true })
  next()
}
