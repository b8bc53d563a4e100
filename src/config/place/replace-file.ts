import { randomBytes } from 'node:crypto'
import type { Stats } from 'node:fs'
import { type FileHandle, lstat, open, readdir, rename, rm, stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { Conflict, PlaceError } from './place.ts'
import { placeError } from './place-error.ts'

/** For files that hold secrets. */
export const PRIVATE = 0o600
const MODE_BITS = 0o777
const GROUP_BITS = 0o070
const ID_BYTES = 6
const TEMPORARY = /^\.(.+)\.[0-9a-f]{12}\.tmp$/
/** Milliseconds after which a temporary file is one that a crash left. */
const STALE = 60_000
/** What file systems say that do not write folders to the disk one by one. */
const NO_SYNC = ['EACCES', 'EINVAL', 'EISDIR', 'ENOTSUP', 'EPERM']

/** A name beside a file for what shall not be found yet. */
export function temporaryName (path: string): string {
  return join(dirname(path), `.${basename(path)}.${randomBytes(ID_BYTES).toString('hex')}.tmp`)
}

/**
 * Puts a text in the place of a file: it is written beside it, whole and on the disk, before it takes its name. Whatever
 * happens, there is the old file or the new one.
 *
 * A file that is mounted by itself, as containers can have it, is refused: nothing can take its name, and to write into it would
 * leave half a file when the machine stops right then.
 * @param isStill called right before the new file takes its name; what it throws keeps it from that, and is thrown
 * @throws {PlaceError} and the old file is there; or, as it then says, the new one
 */
export async function replaceFile (path: string, content: string | Uint8Array, isStill?: () => Promise<void>): Promise<void> {
  const temporary = temporaryName(path)
  try {
    const before = await statOf(path)
    // First of all: where that fails, nothing was changed.
    const folder = await openFolder(dirname(path))
    try {
      await writeNew(temporary, content, before)
      await isStill?.()
      await rename(temporary, path)
      await syncFolder(folder).catch((error: unknown) => { throw placeError(path, 'is written, but may be what it was before if the machine stops now', error) })
    } finally {
      await folder?.close()
    }
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => {})
    throw error instanceof PlaceError || error instanceof Conflict ? error : placeError(path, 'cannot be written', error)
  }
}

/**
 * Removes what crashes left of earlier writes in a folder. What cannot be removed stays.
 * @param isOurs whether it was written for a file of this name
 */
export async function removeLeftovers (folder: string, isOurs: (name: string) => boolean): Promise<void> {
  for (const name of await readdir(folder).catch(() => [])) {
    const [, written] = TEMPORARY.exec(name) ?? []
    if (written === undefined || !isOurs(written)) continue
    const file = join(folder, name)
    const found = await lstat(file).catch(() => undefined)
    if (found !== undefined && Date.now() - found.mtimeMs > STALE) await rm(file, { force: true }).catch(() => {})
  }
}

async function statOf (path: string): Promise<Stats | undefined> {
  return await stat(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error
    return undefined
  })
}

async function writeNew (path: string, content: string | Uint8Array, before: Stats | undefined): Promise<void> {
  const file = await open(path, 'wx', PRIVATE)
  try {
    if (before !== undefined) await likeBefore(file, before)
    await file.writeFile(content)
    await file.sync()
  } finally {
    await file.close()
  }
}

/** Whoever could read the file can do so still, and nobody else. */
async function likeBefore (file: FileHandle, { mode, uid, gid }: Stats): Promise<void> {
  // Not everyone may give a file away, but its group may be one of one's own.
  await file.chown(uid, gid).catch(() => file.chown(-1, gid)).catch(() => {})
  const isOfGroup = (await file.stat()).gid === gid
  await file.chmod(mode & MODE_BITS & (isOfGroup ? ~0 : ~GROUP_BITS))
}

/** A folder, to be written to the disk; undefined where nobody may read it, or folders are no files. */
export async function openFolder (folder: string): Promise<FileHandle | undefined> {
  return await open(folder, 'r').catch((error: NodeJS.ErrnoException) => {
    if (!NO_SYNC.includes(error.code ?? '')) throw error
    return undefined
  })
}

/** Writes a folder to the disk: a new name is there when its folder is. */
export async function syncFolder (folder: FileHandle | undefined): Promise<void> {
  await folder?.sync().catch((error: NodeJS.ErrnoException) => {
    if (!NO_SYNC.includes(error.code ?? '')) throw error
  })
}
