import { readdir, stat, unlink } from 'node:fs/promises'
import { join } from 'node:path'

/** Files of the log begin so; day, number and extension follow. */
export const BASE_NAME = 'switchyard'
const LOG_FILE = new RegExp(`^${BASE_NAME}\\.\\d{4}-\\d{2}-\\d{2}\\.\\d+\\.log$`)

/**
 * Removes files of the log, those first that were not written to for the longest, until `keep` are left. pino-roll's own limit
 * counts from the start of the process, and by numbers: in a folder of several processes it would take a file that one of them is
 * writing to.
 * @param current the path of a file that stays in any case
 */
export async function removeOldFiles (folder: string, current: string, keep: number): Promise<void> {
  const names = (await readdir(folder)).filter(name => LOG_FILE.test(name))
  const files = await Promise.all(names.map(async name => {
    const path = join(folder, name)
    return { path, written: path === current ? Infinity : await lastWrite(path) }
  }))
  const old = files.sort((a, b) => b.written - a.written).slice(keep)
  await Promise.all(old.map(({ path }) => unlink(path).catch(unlessGone)))
}

async function lastWrite (path: string): Promise<number> {
  const stats = await stat(path).catch(unlessGone)
  return stats?.mtimeMs ?? 0
}

/** Another process of the same folder was faster. */
function unlessGone (error: unknown): undefined {
  if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
  return undefined
}
