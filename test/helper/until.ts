import { setTimeout as sleep } from 'node:timers/promises'

const PAUSE = 10
/** Milliseconds: far more than anything here takes, on the slowest machine. */
const LIMIT = 60_000

/** Waits until something is so. @throws {Error} when it never is */
export async function until (what: string, isSo: () => boolean | Promise<boolean>): Promise<void> {
  for (const end = performance.now() + LIMIT; !await isSo();) {
    if (performance.now() > end) throw new Error(`in ${LIMIT / 1000} s it was never so that ${what}`)
    await sleep(PAUSE)
  }
}
