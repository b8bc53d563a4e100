import { type FSWatcher, watch } from 'node:fs'
import { readlink, stat } from 'node:fs/promises'
import { basename, isAbsolute, join, parse, resolve, sep } from 'node:path'

/** Milliseconds of quiet before a change is told: editors write, rename and set times in a row. */
const QUIET = 100
/** Milliseconds between two looks at the file itself, unless others are given: not every file system tells of changes. */
const PAUSE = 2000
/** More links in a row are a circle. */
const MAX_LINKS = 40

interface Watched { readonly watcher: FSWatcher, readonly folder: string }

/** Names by their folder. */
type Names = Map<string, Set<string>>

/** What of a file changes when it is written anew, another one has its name, or others may read it. */
async function signOf (path: string): Promise<string> {
  return await stat(path).then(
    ({ mtimeMs, ctimeMs, size, ino, dev }) => `${mtimeMs} ${ctimeMs} ${size} ${ino} ${dev}`,
    (error: NodeJS.ErrnoException) => error.code ?? 'none'
  )
}

/** What a folder is, and not what it is called. */
async function folderOf (path: string): Promise<string | undefined> {
  return await stat(path).then(({ ino, dev }) => `${ino} ${dev}`, () => undefined)
}

/**
 * The names that decide what a path leads to: each link on its way, then the file, or what is missing first. So a ConfigMap is
 * followed, whose files are links to `..data/config.json`, and `..data` one to the folder of a version.
 */
async function namesOnTheWay (path: string): Promise<Names> {
  const names: Names = new Map()
  const { root } = parse(path)
  const rest = path.slice(root.length).split(sep)
  let folder = root
  for (let links = 0; links <= MAX_LINKS;) {
    const name = rest.shift()
    if (name === undefined) break
    const at = join(folder, name)
    const target = await readlink(at).catch(() => undefined)
    if (target !== undefined) {
      links++
      note(names, folder, name)
      rest.unshift(...target.split(sep).filter(part => part !== ''))
      if (isAbsolute(target)) folder = parse(target).root
    } else if (rest.length > 0 && await folderOf(at) !== undefined) {
      folder = at
    } else {
      note(names, folder, name)
      break
    }
  }
  return names
}

function note (names: Names, folder: string, name: string): void {
  names.set(folder, (names.get(folder) ?? new Set()).add(name))
}

/** Tells when a file may have changed: written, replaced, gone, back, or another one behind its link. It never fails, and keeps no process alive. */
export class FileWatch {
  readonly #path: string
  readonly #changed: () => void
  readonly #pause: number
  #watched = new Map<string, Watched>()
  #names: Names = new Map()
  #sign = ''
  #quiet: NodeJS.Timeout | undefined
  #timer: NodeJS.Timeout | undefined
  #closed = false

  /** @param pause milliseconds between two looks at the file itself */
  constructor (path: string, changed: () => void, pause = PAUSE) {
    this.#path = resolve(path)
    this.#changed = changed
    this.#pause = pause
  }

  async open (): Promise<void> {
    await this.#watchFolders()
    this.#sign = await signOf(this.#path)
    // What happened before somebody looked.
    this.#stir()
    this.#lookLater()
  }

  close (): void {
    this.#closed = true
    clearTimeout(this.#quiet)
    clearTimeout(this.#timer)
    for (const { watcher } of this.#watched.values()) watcher.close()
    this.#watched.clear()
  }

  #lookLater (): void {
    if (!this.#closed) this.#timer = setTimeout(() => { this.#look().finally(() => this.#lookLater()).catch(() => {}) }, this.#pause).unref()
  }

  async #look (): Promise<void> {
    await this.#watchFolders()
    const sign = await signOf(this.#path)
    if (sign === this.#sign) return
    // Seen once: who looks often must not put off the telling for ever.
    this.#sign = sign
    this.#stir()
  }

  /** Something happened: told when it is over. */
  #stir (): void {
    if (this.#closed) return
    clearTimeout(this.#quiet)
    this.#quiet = setTimeout(() => { this.#tell().catch(() => {}) }, QUIET).unref()
  }

  async #tell (): Promise<void> {
    // First: what happens from here on is heard of.
    await this.#watchFolders()
    this.#sign = await signOf(this.#path)
    if (!this.#closed) this.#changed()
  }

  /** Links may lead elsewhere since, and folders may be there that were not, or be others of the same name. */
  async #watchFolders (): Promise<void> {
    const names = await namesOnTheWay(this.#path)
    const folders = new Map<string, string | undefined>()
    for (const path of names.keys()) folders.set(path, await folderOf(path))
    if (this.#closed) return
    this.#names = names
    for (const [path, { folder, watcher }] of this.#watched) {
      if (folders.get(path) === folder) continue
      watcher.close()
      this.#watched.delete(path)
    }
    for (const [path, folder] of folders) if (folder !== undefined && !this.#watched.has(path)) this.#watch(path, folder)
  }

  #watch (path: string, folder: string): void {
    try {
      const watcher = watch(path, { persistent: false }, (_event, name) => {
        // Other files there may never come to rest. A folder that goes away says so by its own name.
        if (name === null || name === basename(path) || this.#names.get(path)?.has(name)) this.#stir()
      })
      watcher.on('error', () => {
        // It is gone, or no more can be watched: the looks from time to time go on.
        watcher.close()
        if (this.#watched.get(path)?.watcher === watcher) this.#watched.delete(path)
      })
      this.#watched.set(path, { watcher, folder })
    } catch {
      // The same.
    }
  }
}
