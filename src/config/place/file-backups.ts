import { constants } from 'node:fs'
import { mkdir, readdir, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { backupName, backupTime, nextBackupTime } from './backup-name.ts'
import { type Backup, PlaceError } from './place.ts'
import { placeError } from './place-error.ts'
import { readRegular } from './read-file.ts'
import { openFolder, removeLeftovers, replaceFile, syncFolder } from './replace-file.ts'

/** How many are kept. */
const KEPT = 50
const PRIVATE_FOLDER = 0o700
/** What is said of a name that leads to something else than a file. */
const NO_FILE = ['ELOOP', 'ENXIO']

/** Backups of a file, in `.backups` beside it: each what it was, byte for byte. */
export class FileBackups {
  readonly folder: string

  /** @param path of the file */
  constructor (path: string) {
    this.folder = join(dirname(path), '.backups')
  }

  /** Keeps a document; the oldest one over {@link KEPT} goes. @throws {PlaceError} and nothing is kept, or gone */
  async add (content: Uint8Array): Promise<Backup> {
    await this.#create()
    await removeLeftovers(this.folder, name => backupTime(name) !== undefined)
    const known = await this.#names()
    const at = nextBackupTime(known)
    const name = backupName(at)
    await replaceFile(join(this.folder, name), content)
    for (const old of known.slice(KEPT - 1)) await rm(join(this.folder, old), { force: true }).catch(() => {})
    return { name, at, author: null }
  }

  /** The latest first. */
  async list (): Promise<Backup[]> {
    return (await this.#names()).slice(0, KEPT).flatMap(name => {
      const at = backupTime(name)
      return at === undefined ? [] : [{ name, at, author: null }]
    })
  }

  /** The text of one; undefined where there is none of that name. Links are not followed: a name leads to nothing else. */
  async read (name: string): Promise<string | undefined> {
    if (backupTime(name) === undefined || !(await this.#names()).includes(name)) return undefined
    const path = join(this.folder, name)
    try {
      return (await readRegular(path, path, constants.O_NOFOLLOW))?.toString()
    } catch (error) {
      // It was a file a moment ago.
      if (error instanceof PlaceError && NO_FILE.includes(error.code ?? '')) return undefined
      throw error
    }
  }

  async #create (): Promise<void> {
    try {
      await mkdir(this.folder, { mode: PRIVATE_FOLDER })
      // Or it may be gone, with all that is in it, when the machine stops.
      const parent = await openFolder(dirname(this.folder))
      await syncFolder(parent).finally(() => parent?.close())
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw placeError(this.folder, 'cannot be made', error)
    }
  }

  /** As times are written, their order is that of their letters. */
  async #names (): Promise<string[]> {
    try {
      const found = await readdir(this.folder, { withFileTypes: true })
      return found.filter(entry => entry.isFile() && backupTime(entry.name) !== undefined).map(({ name }) => name).sort().reverse()
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
      throw placeError(this.folder, 'cannot be read', error)
    }
  }
}
