import { createHmac } from 'node:crypto'
import { readlink, realpath } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import { InTurn } from '../in-turn.ts'
import { FileBackups } from './file-backups.ts'
import { withLock } from './lock-file.ts'
import { type Backup, type Change, type ConfigPlace, Conflict, type Version } from './place.ts'
import { MAX_BYTES, readRegular, tooLong } from './read-file.ts'
import { removeLeftovers, replaceFile } from './replace-file.ts'
import { FileWatch } from './watch-file.ts'

/** The revision of a file that is not there. */
const NONE = 'none'
/** In the place of a revision, for a file that cannot be read. No revision has a space. */
const UNREADABLE = 'not readable'
const REVISION_LENGTH = 22
/** More links in a row are a circle. */
const MAX_LINKS = 40

export interface FilePlaceOptions {
  readonly path: string
  /** Revisions are made with it: of a plain hash, short secrets in the text could be found out by trying. */
  readonly etagSecret: Buffer | string
  /** Milliseconds between two looks at the file while it is watched, for file systems that do not tell of changes; 2000 if undefined. */
  readonly lookEvery?: number | undefined
}

/**
 * The document in a file. Processes that write it in this way wait for one another. An editor does not: what it saves is looked for
 * right before it would be replaced, and only what it saves in that very moment is lost.
 */
export class FilePlace implements ConfigPlace {
  readonly kind = 'file'
  readonly source: string
  readonly #path: string
  readonly #secret: Buffer | string
  readonly #lookEvery: number | undefined
  readonly #backups: FileBackups
  readonly #turns = new InTurn()
  /**
   * The revision that whoever watches knows of: the first one that was read, then what was written here, told, or taken in. That one is
   * read says nothing: who shows the document does not put it in force.
   */
  #known: string | undefined
  #watch: FileWatch | undefined
  #closed = false

  constructor ({ path, etagSecret, lookEvery }: FilePlaceOptions) {
    this.source = path
    this.#path = resolve(path)
    this.#secret = etagSecret
    this.#lookEvery = lookEvery
    this.#backups = new FileBackups(this.#path)
  }

  async read (taken = false): Promise<Version> {
    // Until it was read: one that cannot be is to be told of when it can be again.
    if (taken) this.#known = UNREADABLE
    const content = await this.#content()
    const revision = this.#revisionOf(content)
    if (taken) this.#known = revision
    else this.#known ??= revision
    return { text: content?.toString() ?? null, revision }
  }

  write ({ text }: Change, revision: string): Promise<{ version: Version, backup: Backup | null }> {
    return this.#turns.do(async () => {
      const content = Buffer.from(text)
      if (content.length > MAX_BYTES) throw tooLong(this.source, 'cannot be written')
      const target = await targetOf(this.#path)
      return await withLock(target, async isHeld => {
        const before = await this.#contentAt(revision)
        const backup = before === undefined ? null : await this.#backups.add(before)
        await removeLeftovers(dirname(target), name => [basename(target), `.${basename(target)}.lock`].includes(name))
        await replaceFile(target, content, async () => {
          await isHeld()
          await this.#contentAt(revision)
        })
        this.#known = this.#revisionOf(content)
        return { version: { text, revision: this.#known }, backup }
      })
    })
  }

  backUp (): Promise<Backup | null> {
    return this.#turns.do(async () => {
      const content = await this.#content()
      return content === undefined ? null : await this.#backups.add(content)
    })
  }

  async backups (): Promise<Backup[]> {
    return await this.#backups.list()
  }

  async readBackup (name: string): Promise<string | undefined> {
    return await this.#backups.read(name)
  }

  whereIs ({ name }: Backup): string {
    return join(this.#backups.folder, name)
  }

  async watch (changed: () => void): Promise<void> {
    this.#known ??= await this.#look()
    this.#watch?.close()
    this.#watch = new FileWatch(this.#path, () => { this.#compare(changed).catch(() => {}) }, this.#lookEvery)
    await this.#watch.open()
  }

  async close (): Promise<void> {
    this.#closed = true
    this.#watch?.close()
    await this.#turns.over()
  }

  /** Told only where there is another text: most of what happens to a file changes none. Never while it is written here. */
  async #compare (changed: () => void): Promise<void> {
    await this.#turns.do(async () => {
      const found = await this.#look()
      if (found === this.#known || this.#closed) return
      this.#known = found
      changed()
    })
  }

  async #look (): Promise<string> {
    return await this.#content().then(content => this.#revisionOf(content), () => UNREADABLE)
  }

  /** @throws {PlaceError} */
  async #content (): Promise<Buffer | undefined> {
    return await readRegular(this.#path, this.source)
  }

  /** @throws {Conflict} where it is not at this revision; {PlaceError} */
  async #contentAt (revision: string): Promise<Buffer | undefined> {
    const content = await this.#content()
    const found = this.#revisionOf(content)
    if (found !== revision) throw new Conflict(found)
    return content
  }

  #revisionOf (content: Buffer | undefined): string {
    return content === undefined ? NONE : createHmac('sha256', this.#secret).update(content).digest('base64url').slice(0, REVISION_LENGTH)
  }
}

/** The file that is replaced: what links lead to, also where it is not there yet, and not a link. */
async function targetOf (path: string, links = 0): Promise<string> {
  const folder = await realpath(dirname(path)).catch(() => dirname(path))
  const file = join(folder, basename(path))
  const next = await readlink(file).catch(() => undefined)
  return next === undefined || links === MAX_LINKS ? file : await targetOf(resolve(folder, next), links + 1)
}
