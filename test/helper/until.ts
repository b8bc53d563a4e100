import { setTimeout as sleep } from 'node:timers/promises'

const PAUSE = 10
/** Milliseconds: far more than anything here takes, on the slowest machine. */
const LIMIT = 60_000

/** Waits until something holds. @throws {Error} when it never does */
export async function until (holds: () => boolean | Promise<boolean>, what = 'what was waited for'): Promise<void> {
  const end = performance.now() + LIMIT
  while (!(await holds())) {
    if (performance.now() > end) throw new Error(`${what} did not come`)
    await sleep(PAUSE)
  }
}
