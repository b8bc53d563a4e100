import { randomUUID } from 'node:crypto'
import { readlink, rename, symlink, unlink } from 'node:fs/promises'
import { hostname } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { PlaceError } from './place.ts'
import { placeError } from './place-error.ts'
import { temporaryName } from './replace-file.ts'

/** Milliseconds after which a lock is taken that stays with the same owner: a write takes far less. */
const PATIENCE = 5_000
const PAUSE = 10
/** What file systems say that have no links. */
const NO_LINKS = ['ENOSYS', 'ENOTSUP', 'EPERM']

/** Locks of this process. */
const mine = new Set<string>()

/**
 * Keeps other processes from a file while work is done. The lock is a link beside it that leads nowhere, and says who made it: a
 * link is there with all that it says or not at all, and takes no space. One that a crash left is taken by the next.
 * @param work gets a check that throws where another process took the lock, as it does from one that it thinks dead
 * @throws {PlaceError} where none can be made; where there are no links, work is done without one
 */
export async function withLock<T> (path: string, work: (isHeld: () => Promise<void>) => Promise<T>): Promise<T> {
  const lock = join(dirname(path), `.${basename(path)}.lock`)
  const owner = `${await machine()} ${process.pid} ${randomUUID()}`
  mine.add(owner)
  try {
    if (!await acquire(lock, owner, path)) return await work(async () => {})
    try {
      return await work(async () => {
        if (await ownerOf(lock, path) !== owner) throw new PlaceError(`${path} cannot be written: another process took its lock`)
      })
    } finally {
      // One that cannot be removed is taken by the next.
      if (await ownerOf(lock, path).catch(() => undefined) === owner) await unlink(lock).catch(() => {})
    }
  } finally {
    mine.delete(owner)
  }
}

/** @returns false where there are no links; @throws {PlaceError} */
async function acquire (lock: string, owner: string, path: string): Promise<boolean> {
  let seen: { owner: string | undefined, since: number } | undefined
  for (;;) {
    try {
      await symlink(owner, lock)
      return true
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException
      if (NO_LINKS.includes(code ?? '')) return false
      if (code !== 'EEXIST') throw placeError(path, 'cannot be written', error)
    }
    const other = await ownerOf(lock, path)
    if (seen === undefined || seen.owner !== other) seen = { owner: other, since: performance.now() }
    if (await isDead(other) || performance.now() - seen.since > PATIENCE) await takeAway(lock, other)
    else await sleep(PAUSE)
  }
}

/** Undefined where it is gone, or is something else. @throws {PlaceError} */
async function ownerOf (lock: string, path: string): Promise<string | undefined> {
  return await readlink(lock).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT' && error.code !== 'EINVAL') throw placeError(path, 'cannot be written', error)
    return undefined
  })
}

/** Whether a process of this machine is gone; of others it is not known. */
async function isDead (owner: string | undefined): Promise<boolean> {
  const [host, processes, pid] = owner?.split(' ') ?? []
  if (owner === undefined || `${host} ${processes}` !== await machine()) return false
  // In a container, the one that crashed had the same number.
  if (Number(pid) === process.pid) return !mine.has(owner)
  try {
    process.kill(Number(pid), 0)
    return false
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ESRCH'
  }
}

/** Where numbers of processes mean the same: containers may share a name, but not their processes. */
async function machine (): Promise<string> {
  return `${hostname()} ${await readlink('/proc/self/ns/pid').catch(() => 'processes')}`
}

/** Several may do this at once: who finds another lock in its hand than the one it looked at puts it back. */
async function takeAway (lock: string, owner: string | undefined): Promise<void> {
  const aside = temporaryName(lock)
  try {
    await rename(lock, aside)
    const taken = await readlink(aside).catch(() => undefined)
    await unlink(aside)
    if (taken !== undefined && taken !== owner) await symlink(taken, lock)
  } catch {
    // Somebody else was faster.
  }
}
