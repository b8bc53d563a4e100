import { PlaceError } from './place.ts'

const WORDS: Record<string, string> = {
  ENOSPC: 'there is no space left on the device',
  EDQUOT: 'the quota of the disk is used up',
  EROFS: 'the folder is read-only',
  EACCES: 'permission is denied',
  EPERM: 'permission is denied',
  EISDIR: 'it is a folder',
  ENOTDIR: 'a part of its path is no folder',
  ENOENT: 'its folder is not there',
  ELOOP: 'its links lead in a circle',
  ENAMETOOLONG: 'its name is too long',
  EBUSY: 'it is mounted by itself, so no other file can take its place: mount its folder',
  EXDEV: 'it is mounted by itself, so no other file can take its place: mount its folder',
  EMFILE: 'too many files are open',
  ENFILE: 'too many files are open',
  EIO: 'the device failed'
}

/** What went wrong with a file, in words that name it. @param what as in `cannot be read` */
export function placeError (path: string, what: string, error: unknown): PlaceError {
  const { code, message } = error as NodeJS.ErrnoException
  return new PlaceError(`${path} ${what}: ${WORDS[code ?? ''] ?? code ?? message}`, { cause: error, code })
}
