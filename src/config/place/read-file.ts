import { constants } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { PlaceError } from './place.ts'
import { placeError } from './place-error.ts'

/** No configuration has more; one that is written must be one that can be read again. */
export const MAX_BYTES = 4 * 1024 * 1024

/** Says that something is too long for a configuration. */
export function tooLong (source: string, what: string): PlaceError {
  return new PlaceError(`${source} ${what}: it has more than ${MAX_BYTES / 1024 / 1024} MB, as no configuration does`, { code: 'EFBIG' })
}

/**
 * Reads a file, byte for byte; undefined where there is none.
 * @param source what errors call it
 * @param flags to open it with, beside those for reading
 * @throws {PlaceError} also where it is a pipe or a device: who reads one waits for whoever writes it, and has it only once
 */
export async function readRegular (path: string, source: string, flags = 0): Promise<Buffer | undefined> {
  try {
    // A pipe that nobody writes to would keep even the opening waiting.
    const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK | flags)
    try {
      return await readWhole(file, source)
    } finally {
      await file.close()
    }
  } catch (error) {
    if (error instanceof PlaceError) throw error
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw placeError(source, 'cannot be read', error)
  }
}

async function readWhole (file: FileHandle, source: string): Promise<Buffer> {
  const found = await file.stat()
  if (!found.isFile() && !found.isDirectory()) throw new PlaceError(`${source} cannot be read: it is no regular file`)
  if (found.size > MAX_BYTES) throw tooLong(source, 'cannot be read')
  return await file.readFile()
}
